# %% [markdown]
# # Save and load, in Keras
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile
from pathlib import Path

import keras
import numpy as np
from keras import layers


# %% The network
def network(maps, weights):
    """A new one of these weights' sizes, with start weights of its own. Its precision is that of `keras.config`."""
    return keras.Sequential(
        [
            keras.Input((maps[0] + 2, maps[1] + 2, 1)),
            layers.Conv2D(len(weights[1]), 3, activation="relu", name="conv"),
            layers.Flatten(),
            layers.Dense(len(weights[3]), name="dense"),
        ]
    )


def logits(network, images):
    return keras.ops.convert_to_numpy(network(images))


# %% [markdown]
# Keras's layout is channels last, on each of its backends.


# %% Weights in and out
def write(network, maps, weights):
    network.set_weights(weights)
    return network


def read(network, maps):
    return tuple(network.get_weights())


# %% [markdown]
# A `.keras` file holds the weights, the layers and their settings, so it needs no network to be read into; one with the
# ending `.weights.h5` holds weights only. All three backends can open both.


# %% A file
def save(network, path):
    network.save(path)


def load(path):
    return keras.saving.load_model(path)


# %% Round trip
def through_file(maps, weights):
    """A new network that was made from the file of one with these weights."""
    with tempfile.TemporaryDirectory() as folder:
        save(write(network(maps, weights), maps, weights), Path(folder, "network.keras"))
        return load(Path(folder, "network.keras"))


def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    return logits(write(network(maps, weights), maps, weights), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), maps)


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    weights = [random.random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    back = round_trip((4, 3), *weights)
    print("every bit came back:", all(np.array_equal(a, b) for a, b in zip(weights, back, strict=True)))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
