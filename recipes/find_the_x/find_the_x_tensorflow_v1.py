# %% [markdown]
# # Find the X, in TensorFlow 1
# Three filters look for the parts of an X: two diagonals and a crossing. Asked for its *best* place, each gives the
# same answer wherever the X lies. Pixel by pixel, an X that moved by one pixel is hardly an X any more.
# Each function builds a small graph and runs it in a session of its own.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% Three filters
# An X has two diagonals and a crossing. In ninths, so that a perfect fit is 1.
DIAGONAL, CROSSING = [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]], [[1, -1, 1], [-1, 1, -1], [1, -1, 1]]
FILTERS = np.array([DIAGONAL, CROSSING, DIAGONAL[::-1]], np.float32) / 9


# %% Responses
# Each filter is tried everywhere, and says for each place how well it fits there.
def response_maps(image, filters):
    filters = tf.transpose(tf.constant(filters), (1, 2, 0))[:, :, tf.newaxis]  # (h, w, in, out)
    return tf.nn.conv2d(image[np.newaxis, :, :, np.newaxis], filters, strides=[1, 1, 1, 1], padding="VALID")[0]


def responses(image, filters):
    """An image (H, W) and filters (K, h, w) give the responses (K, H-h+1, W-w+1)."""
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.transpose(response_maps(image, filters), (2, 0, 1)))


# %% The strongest response
# Where it was doesn't matter any more: a part may lie anywhere.
def strongest(image, filters):
    """The best fit of each filter (K,) anywhere in the image."""
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.reduce_max(response_maps(image, filters), axis=(0, 1)))


# %% Equal pixels
# The other way to compare: lay the image over an X, and count.
def agreement(image, template):
    """How many pixels of two images (H, W) are equal."""
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.count_nonzero(tf.equal(image, template)))


# %% Run
if __name__ == "__main__":
    x = np.where(np.eye(9) + np.eye(9)[::-1], 1, -1).astype(np.float32)
    x[[0, -1]] = -1  # no white corners
    square = (np.arange(9) - 4) ** 2
    o = np.where(abs(np.add.outer(square, square) - 10) <= 2, 1, -1).astype(np.float32)  # a ring about the middle
    for name, image in {"X": x, "X moved": np.roll(x, 1, axis=1), "O": o}.items():
        print(f"{name:8} best fits {strongest(image, FILTERS).round(2)}, {agreement(image, x)} of 81 pixels are equal")
