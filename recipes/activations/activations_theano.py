# %% [markdown]
# # Activation functions, in Theano
# An activation function bends what a neuron has added up: without it, a stack of layers is one layer. On the way back,
# each gradient is multiplied by its slope.

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt

# %% [markdown]
# What Theano lacks is a formula of others. Its own `elu` and `selu` have the slope NaN from 710 on: `switch` multiplies
# the branch that isn't taken by 0, and its exponential is infinite. The minimum keeps it finite.


# %% Activations
def elu(x, alpha=1.0):
    return tt.switch(x > 0, x, alpha * tt.expm1(tt.minimum(x, 0)))


ACTIVATIONS = {
    "sigmoid": tt.nnet.sigmoid,
    "tanh": tt.tanh,
    "relu": tt.nnet.relu,
    "leaky_relu": lambda x: tt.nnet.relu(x, 0.01),
    "elu": elu,
    "selu": lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "softplus": tt.nnet.softplus,
    "gelu": lambda x: 0.5 * x * (1 + tt.erf(x / 2**0.5)),
    "gelu_tanh": lambda x: 0.5 * x * (1 + tt.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))),
    "silu": lambda x: x * tt.nnet.sigmoid(x),
}

# %% [markdown]
# Each value depends on its own number alone, so the gradient of their sum holds each one's slope.


# %% Values and slopes
def values(name, x):
    symbol = tt.vector("x", x.dtype)
    return theano.function([symbol], ACTIVATIONS[name](symbol))(x)


def slopes(name, x):
    symbol = tt.vector("x", x.dtype)
    return theano.function([symbol], tt.grad(ACTIVATIONS[name](symbol).sum(), symbol))(x)


# %% Run
if __name__ == "__main__":
    points = np.array([-3, -1, 1, 3], np.float32)
    for activation in ACTIVATIONS:
        print(f"{activation:10}", values(activation, points).round(4), "slopes", slopes(activation, points).round(4))
