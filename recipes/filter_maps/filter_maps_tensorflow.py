# %% [markdown]
# # Filter maps, in TensorFlow
# Each filter makes a map of its own. If the input has several channels, a filter has a kernel for each of them, and its
# map is the sum. TensorFlow has channels last.

# %% Init
import numpy as np
import tensorflow as tf


# %% Maps
# Three filters of 5x5 make three maps of 24x24: 1,728 numbers from 75 weights and 3 biases.
def feature_maps(images, kernels, biases):
    return tf.nn.bias_add(tf.nn.conv2d(images, kernels, strides=1, padding="VALID"), biases)


def maps(images, kernels, biases):
    """Images (N, H, W, C), kernels (h, w, C, M) and biases (M,) give the maps (N, H-h+1, W-w+1, M)."""
    return feature_maps(images, kernels, biases).numpy()


# %% Flattened
# A dense layer wants one row for each image. In which order is a convention: here height, width, channel.
def flattened(images, kernels, biases):
    """The maps of each image in one row: (N, (H-h+1) * (W-w+1) * M)."""
    return tf.reshape(feature_maps(images, kernels, biases), (len(images), -1)).numpy()


# %% Run
if __name__ == "__main__":
    images = np.zeros((1, 4, 4, 2), np.float32)
    images[0, 1, 1], images[0, 2, 2] = (1, 0), (0, 10)  # one bright pixel in each of the two channels
    kernels, biases = np.ones((2, 2, 2, 2), np.float32), np.array([0, 0.5], np.float32)
    print(np.moveaxis(maps(images, kernels, biases)[0], -1, 0))  # two maps, each of which saw both channels
    print(flattened(images, kernels, biases)[0])
