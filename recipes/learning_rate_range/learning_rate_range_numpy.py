# %% [markdown]
# # The learning-rate range test, in NumPy
# Train with a rate that grows with every step, from far too low to far too high, and watch the loss: it rests, falls,
# and explodes. One run of 200 steps shows which rates this network can bear.

# %% Init
import numpy as np


# %% The network
def loss_and_gradients(images, labels, kernel1, bias1, kernel2, bias2):
    hidden = np.maximum(images @ kernel1 + bias1, 0)  # (N, 100)
    logits = hidden @ kernel2 + bias2  # (N, 10)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    error = (np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels]) / len(labels)
    back = error @ kernel2.T * (hidden > 0)
    gradients = images.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)
    return -log_probabilities[range(len(labels)), labels].mean(), gradients


# %% [markdown]
# An ordinary training loop, in which the rate is one more thing that comes with the step. Each loss is from before its
# step.


# %% A rate for each step
def range_test(images, labels, kernel1, bias1, kernel2, bias2, rates):
    weights, losses = [kernel1.copy(), bias1.copy(), kernel2.copy(), bias2.copy()], []
    for step, rate in enumerate(rates):
        batch = np.arange(50 * step, 50 * step + 50) % len(images)
        loss, gradients = loss_and_gradients(images[batch], labels[batch], *weights)
        for array, gradient in zip(weights, gradients, strict=True):
            array -= rate * gradient
        losses.append(loss)
    return np.array(losses)  # (steps,)


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
