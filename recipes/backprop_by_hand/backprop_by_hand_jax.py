# %% [markdown]
# # Backpropagation by hand, in JAX
# `jax.grad` turns a function into the one that gives its gradient, by walking backwards through the function's
# operations. By hand it is the same walk: each layer passes on how the cost changes with what it was given.

# %% Init
import jax
import numpy as np


# %% Forward
@jax.jit
def network(x, y, w1, b1, w2, b2):
    """x (N, in), y (N, out): the hidden layer (N, hidden), the output (N, out), the mean cost."""
    hidden = jax.nn.sigmoid(x @ w1 + b1)
    output = jax.nn.sigmoid(hidden @ w2 + b2)
    return hidden, output, ((output - y) ** 2).sum() / 2 / len(x)


def forward(x, y, w1, b1, w2, b2):
    return tuple(np.array(value) for value in network(x, y, w1, b1, w2, b2))


# %% [markdown]
# A sigmoid's slope is a(1 - a): its own output is all it takes. A weight's derivative is what came in through it times
# the derivative by the neuron's input z, summed over the examples: a matrix product.


# %% Backward by hand
@jax.jit
def backward(x, y, w1, b1, w2, b2):
    hidden, output, _ = network(x, y, w1, b1, w2, b2)
    by_z2 = (output - y) / len(x) * output * (1 - output)  # (N, out)
    by_z1 = by_z2 @ w2.T * hidden * (1 - hidden)  # (N, hidden)
    return x.T @ by_z1, by_z1.sum(axis=0), hidden.T @ by_z2, by_z2.sum(axis=0)


def gradients_by_hand(x, y, w1, b1, w2, b2):
    return tuple(np.array(gradient) for gradient in backward(x, y, w1, b1, w2, b2))


# %% [markdown]
# `argnums` names the arguments to differentiate by. Without it, that would be the first alone: the images.


# %% Backward with the framework
def gradients_by_framework(x, y, w1, b1, w2, b2):
    gradient = jax.jit(jax.grad(lambda *arguments: network(*arguments)[2], argnums=(2, 3, 4, 5)))
    return tuple(np.array(part) for part in gradient(x, y, w1, b1, w2, b2))


# %% Run
if __name__ == "__main__":
    x, y, b1, b2 = np.array([[0.05, 0.1]]), np.array([[0.01, 0.99]]), np.full(2, 0.35), np.full(2, 0.6)
    w1, w2 = np.array([[0.15, 0.25], [0.2, 0.3]]), np.array([[0.4, 0.5], [0.45, 0.55]])
    for by in (gradients_by_hand, gradients_by_framework):
        print(f"{by.__name__}, of w2:\n{by(x, y, w1, b1, w2, b2)[2]}")
