# %% [markdown]
# # What does a kernel see? In TensorFlow 1
# Nine small kernels slide over one image. To `tf.nn.conv2d` they are one layer with nine output channels. Each
# function builds a graph, and a session runs it.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% Nine kernels
# Weights that sum to 0 show differences, weights that sum to 1 keep the brightness. Blur and box are still to be
# divided, by 16 and by 9.
KERNELS = {
    "edges": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "blur": [[1, 2, 1], [2, 4, 2], [1, 2, 1]],
    "box": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "Sobel x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Sobel y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "Laplace": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
}


# %% Valid
# A kernel that must stay inside the image has fewer places than the image has pixels: 26 for 28.
def filter_image(image, kernels):
    """An image (H, W) and kernels (K, h, w) give the maps (K, H-h+1, W-w+1)."""
    with tf.Graph().as_default(), tf.Session() as session:
        pixels, weights = tf.placeholder(image.dtype, image.shape), tf.placeholder(kernels.dtype, kernels.shape)
        filters = tf.transpose(weights, (1, 2, 0))[:, :, tf.newaxis]  # (h, w, in, out)
        maps = tf.nn.conv2d(pixels[tf.newaxis, :, :, tf.newaxis], filters, strides=[1, 1, 1, 1], padding="VALID")
        return session.run(tf.transpose(maps[0], (2, 0, 1)), {pixels: image, weights: kernels})


# %% Same size
# With a frame of zeros around the image, each pixel is in the middle once. At the border the kernel sees an edge that
# isn't in the picture.
def filter_same(image, kernels):
    """An image (H, W) and kernels (K, h, w) give the maps (K, H, W)."""
    with tf.Graph().as_default(), tf.Session() as session:
        pixels, weights = tf.placeholder(image.dtype, image.shape), tf.placeholder(kernels.dtype, kernels.shape)
        filters = tf.transpose(weights, (1, 2, 0))[:, :, tf.newaxis]
        maps = tf.nn.conv2d(pixels[tf.newaxis, :, :, tf.newaxis], filters, strides=[1, 1, 1, 1], padding="SAME")
        return session.run(tf.transpose(maps[0], (2, 0, 1)), {pixels: image, weights: kernels})


# %% Run
# White to the right of a vertical edge: one row of each map tells the story.
if __name__ == "__main__":
    image = np.array(5 * [[0, 0, 0, 1, 1, 1]], np.float32)
    maps = filter_image(image, np.array(list(KERNELS.values()), np.float32))
    for name, feature_map in zip(KERNELS, maps, strict=True):
        print(f"{name:8}", feature_map[1])
