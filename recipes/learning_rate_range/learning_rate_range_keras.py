# %% [markdown]
# # The learning-rate range test, in Keras
# Train with a rate that grows with every step, from far too low to far too high, and watch the loss: it rests, falls,
# and explodes. One run of 200 steps shows which rates this network can bear.

# %% Init
import numpy as np
from keras import Input, Sequential, callbacks, layers, losses, optimizers


# %% The network
def network(*weights):
    model = Sequential([Input((784,)), layers.Dense(100, "relu"), layers.Dense(10)])  # logits (N, 10)
    model.set_weights(weights)
    model.compile(optimizers.SGD(), losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# %% [markdown]
# `fit` calls its callbacks before and after each batch, and the optimiser's rate is a variable that they may assign to.
# The loss in `logs` is the mean of the epoch so far, so the metrics are reset before each batch. Keras's own
# `LearningRateScheduler` would change the rate once an epoch.


# %% A rate for each step
class RateForEachStep(callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate.assign(self.rates[batch])
        self.model.reset_metrics()

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


def range_test(images, labels, kernel1, bias1, kernel2, bias2, rates):
    order, watch = np.arange(50 * len(rates)) % len(images), RateForEachStep()
    watch.rates, watch.losses = rates, []
    model = network(kernel1, bias1, kernel2, bias2)
    model.fit(images[order], labels[order], batch_size=50, verbose=0, callbacks=[watch], shuffle=False)
    return np.array(watch.losses, rates.dtype)  # (steps,)


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
