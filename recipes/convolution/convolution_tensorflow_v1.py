# %% [markdown]
# # Convolution, in TensorFlow 1
# Nothing is computed where it is written: each line adds operations to a graph, and a session runs them when it is
# asked for a result. `tf.nn.conv2d` does not flip the kernel.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% By hand
# Windows, products, sums.
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1). Each weight meets a shifted view of the image."""
    (height, width), (rows, columns) = kernel.shape, np.subtract(image.shape, kernel.shape) + 1
    with tf.Graph().as_default(), tf.Session() as session:
        pixels, weights = tf.placeholder(image.dtype, image.shape), tf.placeholder(kernel.dtype, kernel.shape)
        products = [pixels[i : i + rows, j : j + columns] * weights[i, j] for i in range(height) for j in range(width)]
        return session.run(tf.add_n(products), {pixels: image, weights: kernel})


# %% With the framework
# One call, on a batch of images with channels: here there is one of each.
def convolve(image, kernel):
    """Images come in batches with channels, (N, H, W, C), and kernels as (h, w, in, out): here all of these are 1."""
    with tf.Graph().as_default(), tf.Session() as session:
        pixels, weights = tf.placeholder(image.dtype, image.shape), tf.placeholder(kernel.dtype, kernel.shape)
        images, kernels = pixels[tf.newaxis, :, :, tf.newaxis], weights[:, :, tf.newaxis, tf.newaxis]
        feature_maps = tf.nn.conv2d(images, kernels, strides=[1, 1, 1, 1], padding="VALID")  # (1, H-h+1, W-w+1, 1)
        return session.run(feature_maps[0, :, :, 0], {pixels: image, weights: kernel})


# %% Run
# Both ways agree: the map is largest where the image has the kernel's pattern.
if __name__ == "__main__":
    image = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], np.float32)
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)
    print(convolve_by_hand(image, kernel), convolve(image, kernel), sep="\n")
