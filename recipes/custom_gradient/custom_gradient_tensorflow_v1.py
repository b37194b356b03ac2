# %% [markdown]
# # A gradient of your own, in TensorFlow 1
# Automatic differentiation gives each operation the derivative of its value. Now and then another one is wanted:
# because the derivative is 0 and nothing would learn, or because a gradient has to be turned round or cut off.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% [markdown]
# A function under `custom_gradient`, which came with version 1.7, gives a pair: its value, and a function that makes of
# the gradient from above one for each argument.


def value_and_gradient(operation, x, upstream):
    with tf.Graph().as_default(), tf.Session() as session:
        given, above = tf.placeholder(x.dtype, x.shape), tf.placeholder(x.dtype, x.shape)
        y = operation(given)
        return tuple(session.run([y, tf.gradients(y, given, above)[0]], {given: x, above: upstream}))


# %% [markdown]
# A rounding's derivative is 0 almost everywhere. The straight-through estimator pretends that it is 1: this is how
# networks with rounded weights are trained.

# Before `custom_gradient` one wrote it like this: x, plus what is missing, and no gradient for that.


# %% Rounding that lets gradients through
def round_through(x, upstream):
    return value_and_gradient(lambda x: x + tf.stop_gradient(tf.round(x) - x), x, upstream)  # halves to even


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
