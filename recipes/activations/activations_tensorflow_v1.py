# %% [markdown]
# # Activation functions, in TensorFlow 1
# An activation function bends what a neuron has added up: without it, a stack of layers is one layer. On the way back,
# each gradient is multiplied by its slope.

# %% Init
from math import pi

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% [markdown]
# GELU is younger than TensorFlow 1, so it is written down. `tf.nn.leaky_relu` keeps its slope in float32 even for
# float64: the formula is exact. SiLU was found twice, and is called swish here.

# %% Activations
ACTIVATIONS = {
    "sigmoid": tf.sigmoid,
    "tanh": tf.tanh,
    "relu": tf.nn.relu,
    "leaky_relu": lambda x: tf.where(x > 0, x, 0.01 * x),
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "softplus": tf.nn.softplus,
    "gelu": lambda x: 0.5 * x * (1 + tf.erf(x / 2**0.5)),
    "gelu_tanh": lambda x: 0.5 * x * (1 + tf.tanh((2 / pi) ** 0.5 * (x + 0.044715 * x**3))),
    "silu": tf.nn.swish,
}

# %% [markdown]
# Each value depends on its own number alone, so the gradient of all of them holds each one's slope.


# %% Values and slopes
def values(name, x):
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(x.dtype, x.shape)
        return session.run(ACTIVATIONS[name](inputs), {inputs: x})


def slopes(name, x):
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(x.dtype, x.shape)
        return session.run(tf.gradients(ACTIVATIONS[name](inputs), inputs)[0], {inputs: x})


# %% Run
if __name__ == "__main__":
    points = np.array([-3, -1, 1, 3], np.float32)
    for activation in ACTIVATIONS:
        print(f"{activation:10}", values(activation, points).round(4), "slopes", slopes(activation, points).round(4))
