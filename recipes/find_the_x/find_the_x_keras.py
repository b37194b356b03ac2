# %% [markdown]
# # Find the X, in Keras
# Three filters look for the parts of an X: two diagonals and a crossing. Asked for its *best* place, each gives the
# same answer wherever the X lies. Pixel by pixel, an X that moved by one pixel is hardly an X any more.
# Channels come last: one image goes in with one channel, and comes out with three.

# %% Init
import numpy as np
from keras import ops

# %% Three filters
# An X has two diagonals and a crossing. In ninths, so that a perfect fit is 1.
DIAGONAL, CROSSING = [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]], [[1, -1, 1], [-1, 1, -1], [1, -1, 1]]
FILTERS = np.array([DIAGONAL, CROSSING, DIAGONAL[::-1]], np.float32) / 9


# %% Responses
# Each filter is tried everywhere, and says for each place how well it fits there.
def response_maps(image, filters):
    filters = ops.moveaxis(filters, 0, -1)[:, :, None]  # (h, w, in, out)
    return ops.conv(image[None, :, :, None], filters, padding="valid", data_format="channels_last")[0]


def responses(image, filters):
    """An image (H, W) and filters (K, h, w) give the responses (K, H-h+1, W-w+1)."""
    return ops.convert_to_numpy(ops.moveaxis(response_maps(image, filters), -1, 0))


# %% The strongest response
# Where it was doesn't matter any more: a part may lie anywhere.
def strongest(image, filters):
    """The best fit of each filter (K,) anywhere in the image."""
    return ops.convert_to_numpy(ops.max(response_maps(image, filters), axis=(0, 1)))


# %% Equal pixels
# The other way to compare: lay the image over an X, and count.
def agreement(image, template):
    """How many pixels of two images (H, W) are equal."""
    return int(ops.count_nonzero(ops.equal(image, template)))


# %% Run
if __name__ == "__main__":
    x = np.where(np.eye(9) + np.eye(9)[::-1], 1, -1).astype(np.float32)
    x[[0, -1]] = -1  # no white corners
    square = (np.arange(9) - 4) ** 2
    o = np.where(abs(np.add.outer(square, square) - 10) <= 2, 1, -1).astype(np.float32)  # a ring about the middle
    for name, image in {"X": x, "X moved": np.roll(x, 1, axis=1), "O": o}.items():
        print(f"{name:8} best fits {strongest(image, FILTERS).round(2)}, {agreement(image, x)} of 81 pixels are equal")
