# %% [markdown]
# # Save and load, in Keras
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile

import keras
import numpy as np
from keras import layers

# %% [markdown]
# A network of these weights' sizes, with start weights of its own. Its precision is that of `keras.config`.


# %% The network
def network(maps, weights):
    conv = layers.Conv2D(len(weights[1]), 3, activation="relu")
    dense = layers.Dense(len(weights[3]))
    return keras.Sequential([keras.Input((maps[0] + 2, maps[1] + 2, 1)), conv, layers.Flatten(), dense])


def logits(network, images):
    return keras.ops.convert_to_numpy(network(images))


# %% [markdown]
# Keras's layout is channels last, on each of its backends. Weights come in the order of the layers, kernel before bias.


# %% Weights in and out
def write(network, weights):
    network.set_weights(weights)
    return network


def read(network):
    return tuple(network.get_weights())


# %% [markdown]
# A `.keras` file holds the weights, the layers and their settings, so it needs no network to be read into; one with the
# ending `.weights.h5` holds weights only. All three backends can open both. What comes back is a new network, made from
# the file of one with these weights.


# %% A file
def through_file(maps, weights):
    with tempfile.TemporaryDirectory() as folder:
        write(network(maps, weights), weights).save(f"{folder}/network.keras")
        return keras.saving.load_model(f"{folder}/network.keras")


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    return logits(write(network(maps, weights), weights), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)))


# %% Run
if __name__ == "__main__":
    weights = [np.random.default_rng(1).random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    print("every bit came back:", all(map(np.array_equal, weights, round_trip((4, 3), *weights))))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
