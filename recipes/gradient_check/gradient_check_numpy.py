# %% [markdown]
# # Checking a gradient, in NumPy
# A backward pass written by hand is easily wrong and looks right. So move a weight a little to both sides, see how the
# cost changes, and compare: that needs nothing but the forward pass.

# %% Init
import numpy as np


# %% The cost
def layers(x, w1, w2, activation):
    hidden = np.tanh(x @ w1) if activation == "tanh" else np.maximum(x @ w1, 0)  # (N, hidden)
    powers = np.exp(hidden @ w2)
    return hidden, powers / powers.sum(axis=1, keepdims=True)  # (N, 10)


def cost(x, labels, w1, w2, activation):
    probabilities = layers(x, w1, w2, activation)[1]
    return -np.log(probabilities[np.arange(len(x)), labels]).mean()


# %% The gradient
def gradient(x, labels, w1, w2, activation):
    """Of the first layer, by backpropagation: what is to be checked."""
    hidden, by_logits = layers(x, w1, w2, activation)
    by_logits[np.arange(len(x)), labels] -= 1
    slope = 1 - hidden**2 if activation == "tanh" else hidden > 0
    return x.T @ (by_logits @ w2.T * slope) / len(x)


# %% [markdown]
# From both sides, so that the error shrinks with the square of the step; from one side it shrinks with the step alone.


# %% Central differences
def differences(x, labels, w1, w2, activation, places, steps):
    found = np.empty((len(steps), len(places)), w1.dtype)
    for i, j in np.ndindex(found.shape):
        right, left = w1.copy(), w1.copy()
        right.flat[places[j]] += steps[i]
        left.flat[places[j]] -= steps[i]
        found[i, j] = (cost(x, labels, right, w2, activation) - cost(x, labels, left, w2, activation)) / (2 * steps[i])
    return found


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
