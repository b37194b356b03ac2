# %% [markdown]
# # Checking a gradient, in PyTorch
# Autograd's gradient is right unless somebody has written a backward pass by hand, as for a `torch.autograd.Function`.
# Then move a weight a little to both sides, see how the cost changes, and compare.

# %% Init
import numpy as np
import torch
from torch.nn import functional

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% The cost
def cost(x, labels, w1, w2, activation):
    hidden = getattr(torch, activation)(x @ w1)  # torch.tanh or torch.relu, (N, hidden)
    return functional.cross_entropy(hidden @ w2, labels)


# %% The gradient
def gradient(x, labels, w1, w2, activation):
    """Of the first layer, by autograd: what is to be checked."""
    x, labels, w1, w2 = (torch.tensor(array, device=device) for array in (x, labels, w1, w2))
    w1.requires_grad_()
    return torch.autograd.grad(cost(x, labels, w1, w2, activation), w1)[0].cpu().numpy()


# %% [markdown]
# From both sides, so that the error shrinks with the square of the step; from one side it shrinks with the step alone.
# `torch.autograd.gradcheck` does the same for every input of a function.


# %% Central differences
def differences(x, labels, w1, w2, activation, places, steps):
    x, labels, w1, w2, steps = (torch.tensor(array, device=device) for array in (x, labels, w1, w2, steps))

    def moved(place, by):
        return cost(x, labels, w1.flatten().index_add(0, place, by[None]).view_as(w1), w2, activation)

    places = torch.tensor(places, device=device)[:, None]
    found = [(moved(place, step) - moved(place, -step)) / (2 * step) for step in steps for place in places]
    return torch.stack(found).reshape(len(steps), len(places)).cpu().numpy()


# %% [markdown]
# The error relative to the size of both, as a number of digits. A large step is off because the cost is curved, a tiny
# one because two nearly equal costs are subtracted: there is a best step in between.


# %% The check
def digits(x, labels, w1, w2, activation, places, steps, precision=None):
    given = x.dtype
    x, w1, w2, steps = (array.astype(precision or given) for array in (x, w1, w2, steps))
    slopes = gradient(x, labels, w1, w2, activation).flat[places]
    found = differences(x, labels, w1, w2, activation, places, steps)  # (steps, places)
    errors = np.linalg.norm(found - slopes, axis=1) / np.linalg.norm(slopes)
    return -np.log10(errors.astype(given))


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(0)
    x, w1, w2 = random.random((20, 50)), random.normal(0, 0.2, (50, 30)), random.normal(0, 0.2, (30, 10))
    print("digits that are right, for steps of 1, 0.1, … 1e-13:")
    print(digits(x, np.arange(20) % 10, w1, w2, "tanh", np.arange(0, 1500, 50), 10.0 ** -np.arange(14)).round(1))
