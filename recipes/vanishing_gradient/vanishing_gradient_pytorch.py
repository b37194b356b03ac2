# %% [markdown]
# # The vanishing gradient, in PyTorch
# Each step back through a layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's
# slope is at most 1/4. So the first layer of a deep network gets next to nothing of what the last one gets.

# %% Init
import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% The network
def forward(images, kernels, biases, activation):
    layer = images
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        layer = getattr(torch, activation)(layer @ kernel + bias)
    return layer @ kernels[-1] + biases[-1]  # logits (N, 10)


# %% [markdown]
# The cross-entropy of ten independent sigmoids, as in Nielsen's book: added up over the ten, the mean over the images.
# PyTorch's own default is the mean over both, a tenth of that.


# %% The cost
def cost(logits, labels):
    targets = one_hot(labels, 10).to(logits.dtype)
    return binary_cross_entropy_with_logits(logits, targets, reduction="sum") / len(labels)


# %% [markdown]
# `autograd.grad` gives one gradient for each tensor; after `backward()` the same would lie in each `.grad`.


# %% Gradients
def gradients(images, labels, first, rest, last, biases, last_bias, activation):
    """Of the mean cost, by the kernels and by the biases: two lists, first layer first."""

    def tensors(arrays):
        return [torch.as_tensor(array, device=device).requires_grad_() for array in arrays]

    kernels, biases = tensors([first, *rest, last]), tensors([*biases, last_bias])
    logits = forward(torch.as_tensor(images, device=device), kernels, biases, activation)
    found = torch.autograd.grad(cost(logits, torch.as_tensor(labels, device=device)), [*kernels, *biases])
    return found[: len(kernels)], found[len(kernels) :]


# %% [markdown]
# A layer's speed: how long the gradient by its biases is, as a vector.


# %% Speeds
def norms(tensors):
    return torch.stack([torch.linalg.vector_norm(tensor) for tensor in tensors]).cpu().numpy()


def speeds(images, labels, first, rest, last, biases, last_bias, activation):
    return norms(gradients(images, labels, first, rest, last, biases, last_bias, activation)[1])


def kernel_norms(images, labels, first, rest, last, biases, last_bias, activation):
    return norms(gradients(images, labels, first, rest, last, biases, last_bias, activation)[0])


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    images, labels = random.random((100, 784)), random.integers(0, 10, 100)
    for activation, gain in (("sigmoid", 1), ("relu", 2)):
        kernels = [random.normal(0, (gain / s[-2]) ** 0.5, s) for s in ((784, 100), (7, 100, 100), (100, 10))]
        print(activation, speeds(images, labels, *kernels, np.zeros((8, 100)), np.zeros(10), activation))
