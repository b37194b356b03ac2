"""learning_rate_range: Smith's range test, a training whose learning rate grows with every step.

The network is mlp's, 784-100-10 with ReLU, in batches of 50. The data set's images come without labels, so the task
makes some that can be learnt: to which of the first ten images an image is nearest. The losses that must come out are
worked out here by a second program, in which the bias is one more row of the kernel.
"""

from typing import Any

import numpy as np

TITLE = "The learning-rate range test"
QUESTION = "Can one short run find the learning rate?"
ANSWER = (
    "Yes, as an estimate of the upper end. In 200 steps with a growing rate the loss is lowest at 0.29; whole "
    "trainings end best at 0.2 and 0.3."
)
KIND = "operation"
STEPS = ("Init", "The network", "A rate for each step", "Smoothed", "The rate to take", "Run")

FUNCTIONS = {
    # The losses of all steps (steps,), of images (N, 784) in batches of 50, from the first one on and over again.
    "range_test": ("images", "labels", "kernel1", "bias1", "kernel2", "bias2", "rates"),
    # Their exponential mean (steps,): the newest loss counts 0.1, and the weights of all sum up to 1 from the start.
    "smooth": ("losses",),
    # The rate at the lowest smoothed loss; a tenth of it; the first one after it where the loss has doubled, or NaN.
    "choose": ("rates", "losses"),
}

IMAGES, BATCH = 5_000, 50
RATES = 1e-4 * 10 ** (5 * np.arange(200) / 199)  # 1e-4 to 10
BELOW_ONE = 160  # the last of these rates is 0.988
BEFORE_CHAOS = 180  # and of these 3.14: in the last twenty steps any difference is amplified until nothing agrees


def losses_of(images, labels, first, second, rates) -> np.ndarray:
    """The network and its gradient with the biases as last rows of the kernels, (785, 100) and (101, 10)."""
    first, second, losses = first.copy(), second.copy(), []
    inputs = np.column_stack([images, np.ones(len(images))])
    truth = np.eye(10)[labels]
    for step, rate in enumerate(rates):
        batch = [(step * BATCH + i) % len(images) for i in range(BATCH)]
        sums = inputs[batch] @ first
        hidden = np.column_stack([np.where(sums > 0, sums, 0), np.ones(BATCH)])
        logits = hidden @ second
        highest = logits.max(axis=1)
        powers = np.exp(logits - highest[:, None])
        right = (logits * truth[batch]).sum(axis=1)
        losses.append(np.mean(np.log(powers.sum(axis=1)) + highest - right))
        error = powers / powers.sum(axis=1, keepdims=True) - truth[batch]
        back = np.where(sums > 0, error @ second[:-1].T, 0)
        second -= rate / BATCH * hidden.T @ error
        first -= rate / BATCH * inputs[batch].T @ back
    return np.array(losses)


def smoothed(losses: np.ndarray) -> np.ndarray:
    """Each value as the weighted mean of all losses so far."""
    means = []
    for step in range(len(losses)):
        weights = 0.9 ** np.arange(step, -1, -1)
        means.append(np.sum(weights * losses[: step + 1]) / np.sum(weights))
    return np.array(means)


def chosen(rates: np.ndarray, losses: np.ndarray) -> np.ndarray:
    means = smoothed(losses).tolist()
    lowest = means.index(min(means))
    doubled = [rate for rate, mean in zip(rates[lowest:], means[lowest:], strict=True) if mean >= 2 * means[lowest]]
    return np.array([rates[lowest], rates[lowest] / 10, *doubled[:1], *[np.nan][len(doubled) :]])


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    pixels = images[: min(IMAGES, len(images) // BATCH * BATCH)].reshape(-1, 784) / 255
    labels = np.argmin([((pixels - one) ** 2).sum(axis=1) for one in pixels[:10]], axis=0)
    random = np.random.default_rng(1)  # the start is mlp's
    kernel1 = random.normal(0, np.sqrt(2 / 784), (784, 100)).astype(np.float32).astype(np.float64)
    kernel2 = random.normal(0, np.sqrt(2 / 100), (100, 10)).astype(np.float32).astype(np.float64)
    network = {"kernel1": kernel1, "bias1": np.zeros(100), "kernel2": kernel2, "bias2": np.zeros(10)}
    first, second = np.vstack([kernel1, np.zeros(100)]), np.vstack([kernel2, np.zeros(10)])
    losses = losses_of(pixels, labels, first, second, RATES[:BEFORE_CHAOS])

    found: dict[str, dict[str, Any]] = {}
    for name, steps, gates, because in (
        ("below_one", BELOW_ONE, (1e-10, 1e-4), "160 steps of training amplify rounding, to 2e-14 and 4e-7"),
        ("before_chaos", BEFORE_CHAOS, (1e-7, 1e-2), "above a rate of 1 it is amplified further, to 6e-11 and 4e-5"),
    ):
        found[name] = network | {
            "images": pixels,
            "labels": labels,
            "rates": RATES[:steps],
            "functions": ("range_test",),
            "expected": losses[:steps],
            "gates": dict(zip(("float64", "float32"), gates, strict=True)),
            "because": because,
            # Once is enough of a training as long as this; and the rates must rise.
            "fixed": ("rates",) if name == "below_one" else (*network, "images", "labels", "rates"),
        }
    valley = np.array([8.0, 8, 4, 2, 1, 1, 2, 4, 8, 16, 32])
    for name, rates, given in (
        ("found", RATES[:BEFORE_CHAOS], losses),
        ("valley", 0.5 ** np.arange(10, -1, -1), valley),
        ("never_doubles", 0.5 ** np.arange(7, -1, -1), valley[:8]),
        ("one_step", np.array([0.5]), np.array([3.0])),
    ):
        found[name] = {
            "rates": rates,
            "losses": given,
            "functions": ("smooth", "choose"),
            "expected": {"smooth": smoothed(given), "choose": chosen(rates, given)},
        }
    return found
