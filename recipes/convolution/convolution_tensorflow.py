# %% [markdown]
# # Convolution, in TensorFlow
# A kernel slides over the image; at each place the pixels under it are multiplied with it and summed up.
# `tf.nn.conv2d` does not flip the kernel, and works on batches of images with several channels, channels last.

# %% Init
import numpy as np
import tensorflow as tf


# %% By hand
# Windows, products, sums.
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1).

    A tensor cannot be filled pixel by pixel. Instead, each weight of the kernel adds a shifted copy of the image.
    """
    image, kernel = tf.constant(image), tf.constant(kernel)
    height, width = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    feature_map = tf.zeros((height, width), image.dtype)
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            feature_map += kernel[i, j] * image[i : i + height, j : j + width]
    return feature_map.numpy()


# %% With the framework
# One call, on a batch of images with channels: here there is one of each.
def convolve(image, kernel):
    image = image[np.newaxis, :, :, np.newaxis]  # (1, H, W, 1): image, height, width, channel
    kernel = kernel[:, :, np.newaxis, np.newaxis]  # (h, w, 1, 1): height, width, channels in, channels out
    feature_map = tf.nn.conv2d(image, kernel, strides=1, padding="VALID")  # (1, H-h+1, W-w+1, 1)
    return feature_map[0, :, :, 0].numpy()


# %% Run
# Both ways agree: the map is largest where the image has the kernel's pattern.
if __name__ == "__main__":
    image = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], np.float32)
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)
    print(convolve_by_hand(image, kernel), convolve(image, kernel), sep="\n")
