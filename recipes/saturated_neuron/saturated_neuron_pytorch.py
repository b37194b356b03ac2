# %% [markdown]
# # A saturated neuron, in PyTorch
# One neuron with one input learns to answer 0 where the input is 1. Started far off, it hardly moves at first with the
# quadratic cost, and at once with cross-entropy. Autograd finds both slopes; nothing else differs.

# %% Init
import numpy as np
import torch
from torch.nn import functional

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% The neuron
def weighted_input(weight, bias, x=1):
    return weight * x + bias


# %% [markdown]
# Both costs are written for the weighted input z, before the sigmoid: PyTorch's binary cross-entropy wants it so,
# because the logarithm of a sigmoid can be had without rounding the sigmoid to 1 first.


# %% Two costs
def cost_of(z, cost):
    """The cost for the target 0."""
    if cost == "quadratic":
        return torch.sigmoid(z) ** 2 / 2
    return functional.binary_cross_entropy_with_logits(z, torch.zeros_like(z))


# %% Learning
def outputs(weight, bias, rate, steps, cost):
    """The output before the first step and after each: (steps + 1,)."""
    weight, bias = (torch.tensor(start, device=device, requires_grad=True) for start in (weight, bias))
    optimizer = torch.optim.SGD([weight, bias], lr=float(rate))
    found = []
    for _ in range(steps + 1):
        z = weighted_input(weight, bias)
        found.append(torch.sigmoid(z).item())
        optimizer.zero_grad()
        cost_of(z, cost).backward()
        optimizer.step()
    return np.array(found, weight.detach().cpu().numpy().dtype)


# %% Run
if __name__ == "__main__":
    for cost in ("quadratic", "cross-entropy"):
        found = outputs(np.array(2.0), np.array(2.0), rate=0.15, steps=300, cost=cost)
        print(f"{cost}: {found[0]:.3f}, after 50 steps {found[50]:.3f}, below 0.5 at step {np.argmax(found < 0.5)}")
