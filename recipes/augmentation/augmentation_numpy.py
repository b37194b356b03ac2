# %% [markdown]
# # Shifted, turned, sheared, mirrored, in NumPy
# An affine map makes a new image of an old one. It is read backwards: for each pixel of the result, where does it come
# from? That place lies between four pixels, and the nearer one is, the more it counts.

# %% Init
import numpy as np


# %% By hand
def sources(matrices, height, width):
    """Where in the image each pixel of the result comes from: columns and rows, (N, H, W) each."""
    rows, columns = np.indices((height, width), dtype=matrices.dtype)
    x, y = columns - (width - 1) / 2, rows - (height - 1) / 2  # from the centre, (H, W)
    from_x, from_y = np.moveaxis(matrices @ np.stack([x.ravel(), y.ravel(), np.ones(x.size, x.dtype)]), 1, 0)
    return [array.reshape(-1, height, width) for array in (from_x + (width - 1) / 2, from_y + (height - 1) / 2)]


# %% [markdown]
# A column counts 1 where it is hit, less beside it, and 0 from a whole pixel away; a row as well. Outside of the image
# there is nothing that could count.


def warp_by_hand(images, matrices):
    from_x, from_y = sources(matrices, *images.shape[1:])
    across = np.maximum(1 - abs(from_x[..., None] - np.arange(images.shape[2], dtype=from_x.dtype)), 0)  # (N, H, W, W)
    down = np.maximum(1 - abs(from_y[..., None] - np.arange(images.shape[1], dtype=from_y.dtype)), 0)  # (N, H, W, H)
    return np.einsum("nijr,nijc,nrc->nij", down, across, images)


# %% [markdown]
# NumPy has no such operation. Most of these weights are 0: to look up the four pixels is the same with less work.


# %% With the framework
def warp(images, matrices):
    n, height, width = images.shape
    from_x, from_y = sources(matrices, height, width)
    left, top = np.floor(from_x), np.floor(from_y)
    framed, which = np.pad(images, ((0, 0), (1, 1), (1, 1))), np.arange(n)[:, None, None]  # in a frame of zeros
    warped = np.zeros_like(images)
    for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        i, j = np.clip(row + 1, 0, height + 1).astype(int), np.clip(column + 1, 0, width + 1).astype(int)
        warped += (1 - abs(from_y - row)) * (1 - abs(from_x - column)) * framed[which, i, j]
    return warped


# %% Run
if __name__ == "__main__":
    image = np.array([[0, 0, 0, 0], [0, 9, 9, 0], [0, 9, 0, 0], [0, 9, 0, 0]], np.float32)
    matrices = np.array([[[1, 0, -1], [0, 1, 0]], [[-1, 0, 0], [0, 1, 0]], [[0, 1, 0], [-1, 0, 0]]], np.float32)
    for name, warped in zip(("shifted", "mirrored", "turned"), warp(np.stack([image] * 3), matrices), strict=True):
        print(name, warped.astype(int), sep="\n")
