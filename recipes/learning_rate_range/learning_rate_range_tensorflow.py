# %% [markdown]
# # The learning-rate range test, in TensorFlow
# Train with a rate that grows with every step, from far too low to far too high, and watch the loss: it rests, falls,
# and explodes. One run of 200 steps shows which rates this network can bear.

# %% Init
import numpy as np
import tensorflow as tf


# %% The network
def cross_entropy(weights, images, labels):
    kernel1, bias1, kernel2, bias2 = weights
    logits = tf.nn.relu(images @ kernel1 + bias1) @ kernel2 + bias2  # (N, 10)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


# %% [markdown]
# The rate goes into the graph as a tensor. As a Python number it would belong to the graph, and each of the 200 rates
# would trace a new one.


# %% A rate for each step
@tf.function
def train_step(weights, images, labels, rate):
    with tf.GradientTape() as tape:
        loss = cross_entropy(weights, images, labels)
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        weight.assign_sub(rate * gradient)
    return loss


def range_test(images, labels, kernel1, bias1, kernel2, bias2, rates):
    weights, losses = [tf.Variable(array, dtype=images.dtype) for array in (kernel1, bias1, kernel2, bias2)], []
    for step, rate in enumerate(tf.constant(rates)):
        batch = np.arange(50 * step, 50 * step + 50) % len(images)
        losses.append(train_step(weights, tf.constant(images[batch]), tf.constant(labels[batch]), rate))
    return tf.stack(losses).numpy()  # (steps,)


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
