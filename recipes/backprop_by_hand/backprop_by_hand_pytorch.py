# %% [markdown]
# # Backpropagation by hand, in PyTorch
# Autograd records the operations of the forward pass and walks back through them. By hand it is the same walk: each
# layer passes on how the cost changes with what it was given.

# %% Init
import numpy as np
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


def to_tensors(*arrays):
    return [torch.tensor(array, device=device) for array in arrays]


def to_numpy(tensors):
    return tuple(tensor.cpu().numpy() for tensor in tensors)


# %% Forward
def network(x, y, w1, b1, w2, b2):
    """x (N, in), y (N, out): the hidden layer (N, hidden), the output (N, out), the mean cost."""
    hidden = torch.sigmoid(x @ w1 + b1)
    output = torch.sigmoid(hidden @ w2 + b2)
    return hidden, output, ((output - y) ** 2).sum() / 2 / len(x)


def forward(x, y, w1, b1, w2, b2):
    return to_numpy(network(*to_tensors(x, y, w1, b1, w2, b2)))


# %% [markdown]
# A sigmoid's slope is a(1 - a): its own output is all it takes. A weight's derivative is what came in through it times
# the derivative by the neuron's input z, summed over the examples: a matrix product.


# %% Backward by hand
def gradients_by_hand(x, y, w1, b1, w2, b2):
    x, y, w1, b1, w2, b2 = to_tensors(x, y, w1, b1, w2, b2)
    hidden, output, _ = network(x, y, w1, b1, w2, b2)
    by_z2 = (output - y) / len(x) * output * (1 - output)  # (N, out)
    by_z1 = by_z2 @ w2.T * hidden * (1 - hidden)  # (N, hidden)
    return to_numpy((x.T @ by_z1, by_z1.sum(dim=0), hidden.T @ by_z2, by_z2.sum(dim=0)))


# %% [markdown]
# `cost.backward()` would leave each gradient in its tensor's `.grad`, and add to what is there already.
# `torch.autograd.grad` gives them back, as a function would.


# %% Backward with the framework
def gradients_by_framework(x, y, w1, b1, w2, b2):
    x, y, *weights = to_tensors(x, y, w1, b1, w2, b2)
    for weight in weights:
        weight.requires_grad_()
    _, _, cost = network(x, y, *weights)
    return to_numpy(torch.autograd.grad(cost, weights))


# %% Run
if __name__ == "__main__":
    x, y, b1, b2 = np.array([[0.05, 0.1]]), np.array([[0.01, 0.99]]), np.full(2, 0.35), np.full(2, 0.6)
    w1, w2 = np.array([[0.15, 0.25], [0.2, 0.3]]), np.array([[0.4, 0.5], [0.45, 0.55]])
    for by in (gradients_by_hand, gradients_by_framework):
        print(f"{by.__name__}, of w2:\n{by(x, y, w1, b1, w2, b2)[2]}")
