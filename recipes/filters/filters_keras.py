# %% [markdown]
# # What does a kernel see? In Keras
# Nine small kernels slide over one image. To `keras.ops.conv` they are one layer with nine output channels: one call
# gives nine maps, on TensorFlow, JAX or PyTorch.

# %% Init
import numpy as np
from keras import ops

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
    kernels = ops.moveaxis(kernels, 0, -1)[:, :, None]  # (h, w, in, out)
    maps = ops.conv(image[None, :, :, None], kernels, padding="valid", data_format="channels_last")  # (1, H', W', K)
    return ops.convert_to_numpy(ops.moveaxis(maps[0], -1, 0))


# %% Same size
# With a frame of zeros around the image, each pixel is in the middle once. At the border the kernel sees an edge that
# isn't in the picture.
def filter_same(image, kernels):
    """An image (H, W) and kernels (K, h, w) give the maps (K, H, W)."""
    kernels = ops.moveaxis(kernels, 0, -1)[:, :, None]
    maps = ops.conv(image[None, :, :, None], kernels, padding="same", data_format="channels_last")
    return ops.convert_to_numpy(ops.moveaxis(maps[0], -1, 0))


# %% Run
# White to the right of a vertical edge: one row of each map tells the story.
if __name__ == "__main__":
    image = np.array(5 * [[0, 0, 0, 1, 1, 1]], np.float32)
    maps = filter_image(image, np.array(list(KERNELS.values()), np.float32))
    for name, feature_map in zip(KERNELS, maps, strict=True):
        print(f"{name:8}", feature_map[1])
