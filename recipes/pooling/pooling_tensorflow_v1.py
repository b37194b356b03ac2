# %% [markdown]
# # Pooling, in TensorFlow 1
# A window moves over the map in steps. Max-pooling keeps the largest value under it, average pooling the mean.
# TensorFlow's maps are (N, H, W, C), and windows and strides have four numbers as well.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% [markdown]
# "VALID" leaves out a last window that doesn't fit in. "SAME" would pad: a maximum with -inf, and an average is divided
# by the pixels that are there.


# %% Pooling
def pooled(operation, maps, size, stride):
    return operation(maps, ksize=[1, size, size, 1], strides=[1, stride, stride, 1], padding="VALID")


def max_pool(maps, size, stride):
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(maps.dtype, maps.shape)
        return session.run(pooled(tf.nn.max_pool, inputs, size, stride), {inputs: maps})


def average_pool(maps, size, stride):
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(maps.dtype, maps.shape)
        return session.run(pooled(tf.nn.avg_pool, inputs, size, stride), {inputs: maps})


def global_average(maps):
    """One number for each map: (N, H, W, C) give (N, C)."""
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(maps.dtype, maps.shape)
        return session.run(tf.reduce_mean(inputs, axis=[1, 2]), {inputs: maps})


# %% [markdown]
# `tf.gradients` adds the way back to the graph. Each window's gradient goes to its largest pixel; of several, to the
# first.


# %% Gradient
def max_pool_gradient(maps, d_out, size, stride):
    """The gradient of the maps, if `d_out` (N, h, w, C) is that of the pooled maps."""
    with tf.Graph().as_default(), tf.Session() as session:
        inputs, errors = tf.placeholder(maps.dtype, maps.shape), tf.placeholder(d_out.dtype, d_out.shape)
        (d_maps,) = tf.gradients(pooled(tf.nn.max_pool, inputs, size, stride), inputs, grad_ys=errors)
        return session.run(d_maps, {inputs: maps, errors: d_out})


# %% Run
if __name__ == "__main__":
    image = np.array([[1, 3, 2, 9], [7, 4, 8, 5], [6, 8, 12, 10], [2, 11, 13, 14]], np.float32)[None, :, :, None]
    print("the largest of each window", max_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    print("the average of each window", average_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    d_out = np.ones((1, 2, 2, 1), np.float32)
    print("who gets the gradient", max_pool_gradient(image, d_out, 2, 2)[0, :, :, 0], sep="\n")
