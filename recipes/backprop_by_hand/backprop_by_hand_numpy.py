# %% [markdown]
# # Backpropagation by hand, in NumPy
# The gradient says how the cost changes with each weight. The chain rule finds all of them in one sweep, from the cost
# back to the first layer: each layer passes on how the cost changes with what it was given.

# %% Init
import numpy as np


# %% Forward
def forward(x, y, w1, b1, w2, b2):
    """x (N, in), y (N, out): the hidden layer (N, hidden), the output (N, out), the mean cost."""
    hidden = 1 / (1 + np.exp(-(x @ w1 + b1)))
    output = 1 / (1 + np.exp(-(hidden @ w2 + b2)))
    return hidden, output, ((output - y) ** 2).sum() / 2 / len(x)


# %% [markdown]
# A sigmoid's slope is a(1 - a): its own output is all it takes. A weight's derivative is what came in through it times
# the derivative by the neuron's input z, summed over the examples: a matrix product.


# %% Backward by hand
def gradients_by_hand(x, y, w1, b1, w2, b2):
    hidden, output, _ = forward(x, y, w1, b1, w2, b2)
    by_z2 = (output - y) / len(x) * output * (1 - output)  # (N, out)
    by_z1 = by_z2 @ w2.T * hidden * (1 - hidden)  # (N, hidden)
    return x.T @ by_z1, by_z1.sum(axis=0), hidden.T @ by_z2, by_z2.sum(axis=0)


# %% [markdown]
# NumPy has no automatic differentiation, but it has complex numbers: f(w + ih) = f(w) + ih·f'(w) for a tiny h, so that
# the imaginary part is the derivative, without a difference that rounding could spoil. One call for each weight.


# %% Backward with the framework
def gradients_by_framework(x, y, w1, b1, w2, b2, h=1e-20):
    weights = [array.astype(np.result_type(array, np.complex64)) for array in (w1, b1, w2, b2)]
    gradients = tuple(np.empty_like(array.real) for array in weights)
    for array, gradient in zip(weights, gradients, strict=True):
        for place in np.ndindex(array.shape):
            array[place] += 1j * h
            gradient[place] = forward(x, y, *weights)[2].imag / h
            array[place] = array[place].real
    return gradients


# %% Run
if __name__ == "__main__":
    x, y, b1, b2 = np.array([[0.05, 0.1]]), np.array([[0.01, 0.99]]), np.full(2, 0.35), np.full(2, 0.6)
    w1, w2 = np.array([[0.15, 0.25], [0.2, 0.3]]), np.array([[0.4, 0.5], [0.45, 0.55]])
    for by in (gradients_by_hand, gradients_by_framework):
        print(f"{by.__name__}, of w2:\n{by(x, y, w1, b1, w2, b2)[2]}")
