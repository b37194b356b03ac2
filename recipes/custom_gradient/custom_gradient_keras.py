# %% [markdown]
# # A gradient of your own, in Keras
# Automatic differentiation gives each operation the derivative of its value. Now and then another one is wanted:
# because the derivative is 0 and nothing would learn, or because a gradient has to be turned round or cut off.

# %% Init
import keras
import numpy as np
from keras import ops

# %% [markdown]
# A function under `custom_gradient` gives a pair: its value, and a function that makes of the gradient from above one
# for x. The backends hand that on in two ways, by position and by name. Who reads the gradient asks the backend.


def value_and_gradient(operation, x, upstream):
    if keras.config.backend() == "jax":
        import jax

        y, backward = jax.vjp(operation, x)
        return np.array(y), np.array(backward(ops.convert_to_tensor(upstream))[0])
    x, upstream = ops.convert_to_tensor(x), ops.convert_to_tensor(upstream)
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            y = operation(x)
        return y.numpy(), tape.gradient(y, x, output_gradients=upstream).numpy()
    y = operation(x.requires_grad_())
    y.backward(upstream)  # PyTorch
    return ops.convert_to_numpy(y), ops.convert_to_numpy(x.grad)


def with_gradient(value, gradient):
    """An operation of one tensor with this value, and this gradient of the one from above."""

    @ops.custom_gradient
    def operation(x):
        return value(x), lambda *above, upstream=None: gradient(above[0] if upstream is None else upstream)

    return operation


# %% [markdown]
# A rounding's derivative is 0 almost everywhere. The straight-through estimator pretends that it is 1: this is how
# networks with rounded weights are trained.


# %% Rounding that lets gradients through
def round_through(x, upstream):
    return value_and_gradient(with_gradient(ops.round, lambda above: 1 * above), x, upstream)  # halves to even


# %% [markdown]
# Forward nothing happens, backward the sign turns: what is below learns to make worse what is above. Domain-adversarial
# networks do it to forget where an image comes from.


# %% A reversed gradient
def reverse(x, upstream, factor):
    return value_and_gradient(with_gradient(lambda x: 1 * x, lambda above: -factor * above), x, upstream)


# %% [markdown]
# Forward nothing happens, backward each number is cut off: one wild gradient can't ruin what is below.


# %% A clipped gradient
def clip_gradient(x, upstream, limit):
    return value_and_gradient(with_gradient(lambda x: 1 * x, lambda above: ops.clip(above, -limit, limit)), x, upstream)


# %% Run
if __name__ == "__main__":
    x, upstream = np.array([0.25, 0.5, 1.5, 2.75], np.float32), np.array([-3, -1, 1, 3], np.float32)
    print("round_through: value {}, gradient {}".format(*round_through(x, upstream)))
    print("reverse:       value {}, gradient {}".format(*reverse(x, upstream, factor=0.5)))
    print("clip_gradient: value {}, gradient {}".format(*clip_gradient(x, upstream, limit=2.0)))
