# %% [markdown]
# # Backpropagation by hand, in Theano
# `tt.grad` walks backwards through the expression of the cost and gives an expression for each gradient. By hand it is
# the same walk: each layer passes on how the cost changes with what it was given.

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt


# %% Forward
def network(x, y, w1, b1, w2, b2):
    """x (N, in), y (N, out): the hidden layer (N, hidden), the output (N, out), the mean cost."""
    hidden = tt.nnet.sigmoid(tt.dot(x, w1) + b1)
    output = tt.nnet.sigmoid(tt.dot(hidden, w2) + b2)
    return hidden, output, tt.sum((output - y) ** 2) / 2 / len(x)


def run(build, x, y, *weights):
    """Compiles what is built from symbols for the weights, and runs it with these."""
    symbols = [tt.TensorType(array.dtype, [False] * array.ndim)() for array in weights]
    return tuple(theano.function(symbols, list(build(x, y, *symbols)))(*weights))


def forward(x, y, w1, b1, w2, b2):
    return run(network, x, y, w1, b1, w2, b2)


# %% [markdown]
# A sigmoid's slope is a(1 - a): its own output is all it takes. A weight's derivative is what came in through it times
# the derivative by the neuron's input z, summed over the examples: a matrix product.


# %% Backward by hand
def backward(x, y, w1, b1, w2, b2):
    hidden, output, _ = network(x, y, w1, b1, w2, b2)
    by_z2 = (output - y) / len(x) * output * (1 - output)  # (N, out)
    by_z1 = tt.dot(by_z2, w2.T) * hidden * (1 - hidden)  # (N, hidden)
    return tt.dot(x.T, by_z1), by_z1.sum(axis=0), tt.dot(hidden.T, by_z2), by_z2.sum(axis=0)


def gradients_by_hand(x, y, w1, b1, w2, b2):
    return run(backward, x, y, w1, b1, w2, b2)


# %% Backward with the framework
def gradients_by_framework(x, y, w1, b1, w2, b2):
    return run(lambda x, y, *weights: tt.grad(network(x, y, *weights)[2], weights), x, y, w1, b1, w2, b2)


# %% Run
if __name__ == "__main__":
    x, y, b1, b2 = np.array([[0.05, 0.1]]), np.array([[0.01, 0.99]]), np.full(2, 0.35), np.full(2, 0.6)
    w1, w2 = np.array([[0.15, 0.25], [0.2, 0.3]]), np.array([[0.4, 0.5], [0.45, 0.55]])
    for by in (gradients_by_hand, gradients_by_framework):
        print(f"{by.__name__}, of w2:\n{by(x, y, w1, b1, w2, b2)[2]}")
