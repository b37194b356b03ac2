# %% [markdown]
# # Activation functions, in TensorFlow
# An activation function bends what a neuron has added up: without it, a stack of layers is one layer. On the way back,
# each gradient is multiplied by its slope.

# %% Init
from math import pi

import numpy as np
import tensorflow as tf

# %% [markdown]
# Most are ready-made. `tf.nn.leaky_relu` (0.2 below 0 by default) and `tf.nn.gelu` are too, but they keep their
# constants in float32 even for float64: written down they are exact.

# %% Activations
ACTIVATIONS = {
    "sigmoid": tf.sigmoid,
    "tanh": tf.tanh,
    "relu": tf.nn.relu,
    "leaky_relu": lambda x: tf.where(x > 0, x, 0.01 * x),
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "softplus": tf.nn.softplus,
    "gelu": lambda x: 0.5 * x * (1 + tf.math.erf(x / 2**0.5)),
    "gelu_tanh": lambda x: 0.5 * x * (1 + tf.tanh((2 / pi) ** 0.5 * (x + 0.044715 * x**3))),
    "silu": tf.nn.silu,
}

# %% [markdown]
# Each value depends on its own number alone, so the tape's gradient of all of them holds each one's slope.


# %% Values and slopes
def values(name, x):
    return ACTIVATIONS[name](tf.constant(x)).numpy()


def slopes(name, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ACTIVATIONS[name](x)
    return tape.gradient(y, x).numpy()


# %% Run
if __name__ == "__main__":
    points = np.array([-3, -1, 1, 3], np.float32)
    for activation in ACTIVATIONS:
        print(f"{activation:10}", values(activation, points).round(4), "slopes", slopes(activation, points).round(4))
