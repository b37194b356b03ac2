# %% [markdown]
# # Activation functions, in Keras 2 on Theano
# An activation function bends what a neuron has added up: without it, a stack of layers is one layer. On the way back,
# each gradient is multiplied by its slope.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend
from keras.backend import theano_backend

# %% [markdown]
# GELU and SiLU are younger than Keras 2.3. It has neither erf nor expm1: those are Theano's. Its `elu` says exp(x) - 1,
# which loses digits near 0, and on Theano its slope is NaN where exp(x) is infinite.

# %% Activations
theano = theano_backend.T


def elu(x, alpha=1.0):
    return backend.switch(x > 0, x, alpha * theano.expm1(backend.minimum(x, 0)))


ACTIVATIONS = {
    "sigmoid": backend.sigmoid,
    "tanh": backend.tanh,
    "relu": backend.relu,
    "leaky_relu": lambda x: backend.relu(x, alpha=0.01),
    "elu": elu,
    "selu": lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "softplus": backend.softplus,
    "gelu": lambda x: 0.5 * x * (1 + theano.erf(x / 2**0.5)),
    "gelu_tanh": lambda x: 0.5 * x * (1 + backend.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))),
    "silu": lambda x: x * backend.sigmoid(x),
}

# %% [markdown]
# Each value depends on its own number alone, so the gradient of their sum holds each one's slope.


# %% Values and slopes
def values(name, x):
    return backend.eval(ACTIVATIONS[name](backend.variable(x, x.dtype)))


def slopes(name, x):
    variable = backend.variable(x, x.dtype)
    return backend.eval(backend.gradients(backend.sum(ACTIVATIONS[name](variable)), variable))


# %% Run
if __name__ == "__main__":
    points = np.array([-3, -1, 1, 3], np.float32)
    for activation in ACTIVATIONS:
        print(f"{activation:10}", values(activation, points).round(4), "slopes", slopes(activation, points).round(4))
