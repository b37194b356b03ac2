# %% [markdown]
# # Initialisers, in PyTorch
# A layer adds up many products. If its weights are too small, the sums are smaller than what came in, layer after
# layer, until nothing is left; if they are too large, it explodes. The initialisers' formulas keep the size.

# %% Init
import math
from statistics import NormalDist

import numpy as np
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% The formulas
def deviation(initialiser, fan_in, fan_out):
    """Of the start weights: ReLU throws half of the signal away, hence He's 2."""
    squares = {"he": 2 / fan_in, "glorot": 2 / (fan_in + fan_out), "lecun": 1 / fan_in, "small": 1e-4, "unit": 1}
    return math.sqrt(squares[initialiser])


# %% Through ten layers
def network(images, first, rest, activation, initialiser):
    """Yields what each layer gives, ten times (N, 100), for images (N, 784). The draws are scaled here."""
    layer = torch.as_tensor(images, device=device)
    for draws in (first, *rest):
        weights = torch.as_tensor(draws, device=device) * deviation(initialiser, *draws.shape)
        layer = getattr(torch, activation)(layer @ weights)  # torch.relu, torch.tanh, torch.sigmoid, torch.selu
        yield layer


def signal(images, first, rest, activation, initialiser):
    return tuple(layer.cpu().numpy() for layer in network(images, first, rest, activation, initialiser))


def spread(images, first, rest, activation, initialiser):
    """The standard deviation of each layer, (10,). By itself PyTorch divides by one less than the number of values."""
    spreads = [layer.std(correction=0) for layer in network(images, first, rest, activation, initialiser)]
    return torch.stack(spreads).cpu().numpy()


# %% [markdown]
# He is called Kaiming here, Glorot Xavier. Kernels are (out, in, height, width): the fan-in is counted from the second
# place on. A layer starts with neither of the two, but with uniform weights *and biases* of up to 1/√fan_in.
# Are the draws what they should be? Kolmogorov and Smirnov look for the largest gap between the share of draws below a
# number and the share that there should be.


# %% The framework's own
def own_draws(initialiser, shape, seed):
    """Whether mean, variance and distribution are right; shape is (in, out) or (height, width, in, out)."""
    torch.manual_seed(seed)
    weights, pixels = torch.empty(shape[:-3:-1] + shape[:-2], device=device), math.prod(shape[:-2])
    scale = deviation(initialiser, pixels * shape[-2], pixels * shape[-1])
    if initialiser == "glorot":
        return as_promised(
            torch.nn.init.xavier_uniform_(weights).cpu().numpy() / scale, lambda x: x / math.sqrt(12) + 0.5
        )
    return as_promised(torch.nn.init.kaiming_normal_(weights).cpu().numpy() / scale, NormalDist().cdf)


def as_promised(draws, share_below):
    draws, count = np.sort(draws, axis=None), draws.size
    gap = abs([share_below(x) for x in draws] - np.arange(count) / count).max()
    return np.abs([draws.mean(), (draws.var() - 1) / math.sqrt(2), gap]) * math.sqrt(count) < [5, 5, 2]


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(0)
    start = random.normal(size=(200, 784)), random.normal(size=(784, 100)), random.normal(size=(9, 100, 100))
    for pair in (("relu", "he"), ("relu", "glorot"), ("relu", "small"), ("tanh", "unit")):
        print(f"{' with '.join(pair)}, layers 1 to 10: {spread(*start, *pair).round(3)}")
