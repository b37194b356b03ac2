# %% [markdown]
# # Pooling, in TensorFlow
# A window moves over the map in steps. Max-pooling keeps the largest value under it, average pooling the mean.
# TensorFlow's maps are (N, H, W, C).

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# "VALID" leaves out a last window that doesn't fit in. "SAME" would pad: a maximum with -inf, and an average is divided
# by the pixels that are there. Hand it tensors: of NumPy's float64 `max_pool2d` makes float32, from its second call on.


# %% Pooling
def max_pool(maps, size, stride):
    return tf.nn.max_pool2d(tf.constant(maps), ksize=size, strides=stride, padding="VALID").numpy()


def average_pool(maps, size, stride):
    return tf.nn.avg_pool2d(tf.constant(maps), ksize=size, strides=stride, padding="VALID").numpy()


def global_average(maps):
    """One number for each map: (N, H, W, C) give (N, C)."""
    return tf.reduce_mean(maps, axis=(1, 2)).numpy()


# %% [markdown]
# The tape gives each window's gradient to its largest pixel; of several, to the first.


# %% Gradient
def max_pool_gradient(maps, d_out, size, stride):
    """The gradient of the maps, if `d_out` (N, h, w, C) is that of the pooled maps."""
    maps = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        pooled = tf.nn.max_pool2d(maps, ksize=size, strides=stride, padding="VALID")
    return tape.gradient(pooled, maps, output_gradients=d_out).numpy()


# %% Run
if __name__ == "__main__":
    image = np.array([[1, 3, 2, 9], [7, 4, 8, 5], [6, 8, 12, 10], [2, 11, 13, 14]], np.float32)[None, :, :, None]
    print("the largest of each window", max_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    print("the average of each window", average_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    d_out = np.ones((1, 2, 2, 1), np.float32)
    print("who gets the gradient", max_pool_gradient(image, d_out, 2, 2)[0, :, :, 0], sep="\n")
