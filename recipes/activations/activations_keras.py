# %% [markdown]
# # Activation functions, in Keras
# An activation function bends what a neuron has added up: without it, a stack of layers is one layer. On the way back,
# each gradient is multiplied by its slope.

# %% Init
import numpy as np
from keras import config, ops

# %% [markdown]
# All are ready-made. On TensorFlow leaky ReLU (0.2 below 0 by default) and GELU keep their constants in float32 even
# for float64, and on JAX `ops.tanh` computes in float32, whatever comes in: written down they are exact. A tanh is a
# sigmoid, stretched and moved.


# %% Activations
def tanh(x):
    return 2 * ops.sigmoid(2 * x) - 1


ACTIVATIONS = {
    "sigmoid": ops.sigmoid,
    "tanh": tanh,
    "relu": ops.relu,
    "leaky_relu": lambda x: ops.where(x > 0, x, 0.01 * x),
    "elu": ops.elu,
    "selu": ops.selu,
    "softplus": ops.softplus,
    "gelu": lambda x: 0.5 * x * (1 + ops.erf(x / 2**0.5)),
    "gelu_tanh": lambda x: 0.5 * x * (1 + tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))),
    "silu": ops.silu,
}

# %% [markdown]
# Keras trains, but it has no gradients to look at: its backend has.


# %% Values and slopes
def values(name, x):
    return ops.convert_to_numpy(ACTIVATIONS[name](ops.convert_to_tensor(x)))


def slopes(name, x):
    activation, x = ACTIVATIONS[name], ops.convert_to_tensor(x)
    if config.backend() == "jax":
        import jax

        return np.array(jax.vmap(jax.grad(activation))(x))
    if config.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            y = activation(x)
        return tape.gradient(y, x).numpy()
    activation(x.requires_grad_()).sum().backward()  # PyTorch
    return ops.convert_to_numpy(x.grad)


# %% Run
if __name__ == "__main__":
    points = np.array([-3, -1, 1, 3], np.float32)
    for activation in ACTIVATIONS:
        print(f"{activation:10}", values(activation, points).round(4), "slopes", slopes(activation, points).round(4))
