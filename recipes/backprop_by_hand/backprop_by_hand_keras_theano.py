# %% [markdown]
# # Backpropagation by hand, in Keras 2 on Theano
# `keras.backend` is the vocabulary that Keras's layers and optimisers are written in. Its `gradients` is what the
# optimisers call; by hand it is the same walk backwards, from the cost to the first layer.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend


# %% Forward
def network(x, y, w1, b1, w2, b2):
    """x (N, in), y (N, out): the hidden layer (N, hidden), the output (N, out), the mean cost."""
    hidden = backend.sigmoid(backend.dot(x, w1) + b1)
    output = backend.sigmoid(backend.dot(hidden, w2) + b2)
    return hidden, output, backend.sum(backend.square(output - y)) / 2 / backend.int_shape(x)[0]


def variables(*arrays):
    return [backend.variable(array, array.dtype) for array in arrays]


def forward(x, y, w1, b1, w2, b2):
    return tuple(backend.eval(value) for value in network(*variables(x, y, w1, b1, w2, b2)))


# %% [markdown]
# A sigmoid's slope is a(1 - a): its own output is all it takes. A weight's derivative is what came in through it times
# the derivative by the neuron's input z, summed over the examples: a matrix product.


# %% Backward by hand
def gradients_by_hand(x, y, w1, b1, w2, b2):
    x, y, w1, b1, w2, b2 = variables(x, y, w1, b1, w2, b2)
    hidden, output, _ = network(x, y, w1, b1, w2, b2)
    by_z2 = (output - y) / backend.int_shape(x)[0] * output * (1 - output)  # (N, out)
    by_z1 = backend.dot(by_z2, backend.transpose(w2)) * hidden * (1 - hidden)  # (N, hidden)
    by_w1, by_w2 = backend.dot(backend.transpose(x), by_z1), backend.dot(backend.transpose(hidden), by_z2)
    gradients = by_w1, backend.sum(by_z1, axis=0), by_w2, backend.sum(by_z2, axis=0)
    return tuple(backend.eval(gradient) for gradient in gradients)


# %% Backward with the framework
def gradients_by_framework(x, y, w1, b1, w2, b2):
    x, y, *weights = variables(x, y, w1, b1, w2, b2)
    _, _, cost = network(x, y, *weights)
    return tuple(backend.eval(gradient) for gradient in backend.gradients(cost, weights))


# %% Run
if __name__ == "__main__":
    x, y, b1, b2 = np.array([[0.05, 0.1]]), np.array([[0.01, 0.99]]), np.full(2, 0.35), np.full(2, 0.6)
    w1, w2 = np.array([[0.15, 0.25], [0.2, 0.3]]), np.array([[0.4, 0.5], [0.45, 0.55]])
    for by in (gradients_by_hand, gradients_by_framework):
        print(f"{by.__name__}, of w2:\n{by(x, y, w1, b1, w2, b2)[2]}")
