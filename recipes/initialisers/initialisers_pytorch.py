# %% [markdown]
# # Initialisers, in PyTorch
# A layer adds up many products. If its weights are too small, the sums are smaller than what came in, layer after
# layer, until nothing is left; if they are too large, it explodes. The initialisers' formulas keep the size.

# %% Init
import numpy as np
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% The formulas
def deviation(initialiser, fan_in, fan_out):
    """Of the start weights: ReLU throws half of the signal away, hence He's 2."""
    squares = {"he": 2 / fan_in, "glorot": 2 / (fan_in + fan_out), "lecun": 1 / fan_in, "small": 1e-4, "unit": 1}
    return squares[initialiser] ** 0.5


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
# Are the draws what they should be? All are uniform: the share of draws below a number grows in a straight line.
# Kolmogorov and Smirnov look for the largest gap between the share that there is and the share that there should be.


# %% The framework's own
def own_draws(initialiser, shape, seed):
    """Whether mean, variance and distribution are right; shape is (in, out) or (height, width, in, out)."""
    scale = deviation(initialiser, fan_in=np.prod(shape[:-1]), fan_out=np.prod(shape) / shape[-2])
    torch.manual_seed(seed)
    weights = torch.empty(shape[:-3:-1] + shape[:-2], device=device)
    fill = {"glorot": torch.nn.init.xavier_uniform_, "he": torch.nn.init.kaiming_uniform_}[initialiser]
    draws = np.sort(fill(weights).cpu(), axis=None) / scale
    gap = np.abs(draws / 12**0.5 + 0.5 - np.arange(draws.size) / draws.size).max()
    return np.abs([draws.mean(), (draws.var() - 1) / 2**0.5, gap]) * draws.size**0.5 < [5, 5, 2]


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(0)
    start = random.normal(size=(200, 784)), random.normal(size=(784, 100)), random.normal(size=(9, 100, 100))
    for pair in (("relu", "he"), ("relu", "glorot"), ("relu", "small"), ("tanh", "unit")):
        print(f"{' with '.join(pair)}, layers 1 to 10: {spread(*start, *pair).round(3)}")
