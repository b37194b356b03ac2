# %% [markdown]
# # The learning-rate range test, in PyTorch
# Train with a rate that grows with every step, from far too low to far too high, and watch the loss: it rests, falls,
# and explodes. One run of 200 steps shows which rates this network can bear.

# %% Init
import numpy as np
import torch


# %% The network
def network(kernel1, bias1, kernel2, bias2):
    model = torch.nn.Sequential(torch.nn.Linear(784, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10))
    weights = (kernel1.T, bias1, kernel2.T, bias2)  # a Linear's kernel is (out, in)
    model.load_state_dict(dict(zip(model.state_dict(), map(torch.tensor, weights), strict=True)), assign=True)
    return model


# %% [markdown]
# An optimiser keeps the rate of each of its groups of parameters in a dictionary, which may be written to between two
# steps. `torch.optim.lr_scheduler` does the same by a rule: `LambdaLR`, and after each step `scheduler.step()`.


# %% A rate for each step
def range_test(images, labels, kernel1, bias1, kernel2, bias2, rates):
    model, losses = network(kernel1, bias1, kernel2, bias2), []
    optimizer = torch.optim.SGD(model.parameters())
    images, labels = torch.as_tensor(images), torch.as_tensor(labels).long()
    for step, rate in enumerate(rates):
        optimizer.param_groups[0]["lr"] = float(rate)
        batch = torch.arange(50 * step, 50 * step + 50) % len(images)
        loss = torch.nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).numpy()  # (steps,)


# %% [markdown]
# The loss of 50 images jumps about. The smoothed one is a weighted mean of all so far, in which each loss has 0.9 times
# the weight of the one after it.


# %% Smoothed
def smooth(losses):
    weights = 0.9 ** np.arange(len(losses), dtype=losses.dtype)
    return np.convolve(losses, weights)[: len(losses)] / weights.cumsum()


# %% [markdown]
# At the lowest point the rate is the largest that still helps. Take it, or down to a tenth of it.


# %% The rate to take
def choose(rates, losses):
    means = smooth(losses)
    lowest = means.argmin()
    doubled = rates[lowest:][means[lowest:] >= 2 * means[lowest]]
    return np.array([rates[lowest], rates[lowest] / 10, *doubled[:1], *[np.nan][len(doubled) :]], rates.dtype)


# %% Run
if __name__ == "__main__":
    random, rates = np.random.default_rng(1), (1e-4 * 10 ** (np.arange(200) / 40)).astype(np.float32)
    sizes = (0.2, (10, 784)), (0.05, (784, 100)), (0, 100), (0.14, (100, 10)), (0, 10)  # with their deviations
    centres, *weights = (random.normal(0, deviation, size).astype(np.float32) for deviation, size in sizes)
    labels, noise = np.arange(5_000) % 10, random.normal(0, 1, (5_000, 784)).astype(np.float32)
    losses = range_test(centres[labels] + noise, labels, *weights, rates)
    print("lowest loss at a rate of {:.3f}, a tenth of it {:.4f}, doubled at {:.3f}".format(*choose(rates, losses)))
