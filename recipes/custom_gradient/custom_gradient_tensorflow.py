# %% [markdown]
# # A gradient of your own, in TensorFlow
# Automatic differentiation gives each operation the derivative of its value. Now and then another one is wanted:
# because the derivative is 0 and nothing would learn, or because a gradient has to be turned round or cut off.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# A function under `custom_gradient` gives a pair: its value, and a function that makes of the gradient from above one
# for each argument. Whatever it takes from outside needs none.


def value_and_gradient(operation, x, upstream):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = operation(x)
    return y.numpy(), tape.gradient(y, x, output_gradients=tf.constant(upstream)).numpy()


# %% [markdown]
# A rounding's derivative is 0 almost everywhere. The straight-through estimator pretends that it is 1: this is how
# networks with rounded weights are trained.


# %% Rounding that lets gradients through
@tf.custom_gradient
def straight(x):
    return tf.round(x), lambda upstream: upstream  # to the even neighbour where there are two


def round_through(x, upstream):
    return value_and_gradient(straight, x, upstream)


# %% [markdown]
# Forward nothing happens, backward the sign turns: what is below learns to make worse what is above. Domain-adversarial
# networks do it to forget where an image comes from.


# %% A reversed gradient
def reverse(x, upstream, factor):
    @tf.custom_gradient
    def reversed_below(x):
        return tf.identity(x), lambda upstream: -factor * upstream

    return value_and_gradient(reversed_below, x, upstream)


# %% [markdown]
# Forward nothing happens, backward each number is cut off: one wild gradient can't ruin what is below.


# %% A clipped gradient
def clip_gradient(x, upstream, limit):
    @tf.custom_gradient
    def clipped_below(x):
        return tf.identity(x), lambda upstream: tf.clip_by_value(upstream, -limit, limit)

    return value_and_gradient(clipped_below, x, upstream)


# %% Run
if __name__ == "__main__":
    x, upstream = np.array([0.25, 0.5, 1.5, 2.75], np.float32), np.array([-3, -1, 1, 3], np.float32)
    print("round_through: value {}, gradient {}".format(*round_through(x, upstream)))
    print("reverse:       value {}, gradient {}".format(*reverse(x, upstream, factor=0.5)))
    print("clip_gradient: value {}, gradient {}".format(*clip_gradient(x, upstream, limit=2.0)))
