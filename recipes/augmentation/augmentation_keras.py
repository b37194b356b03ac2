# %% [markdown]
# # Shifted, turned, sheared, mirrored, in Keras
# An affine map makes a new image of an old one. It is read backwards: for each pixel of the result, where does it come
# from? That place lies between four pixels, and the nearer one is, the more it counts.

# %% Init
import numpy as np
from keras import ops


# %% By hand
def sources(matrices, height, width):
    """Where in the image each pixel of the result comes from: columns and rows, (N, H, W) each."""
    rows, columns = np.indices((height, width), dtype=matrices.dtype)
    x, y = columns - (width - 1) / 2, rows - (height - 1) / 2  # from the centre, (H, W)
    places = ops.convert_to_tensor(np.stack([x.ravel(), y.ravel(), np.ones(x.size, x.dtype)]))
    from_x, from_y = ops.unstack(ops.reshape(ops.convert_to_tensor(matrices) @ places, (-1, 2, height, width)), axis=1)
    return from_x + (width - 1) / 2, from_y + (height - 1) / 2


# %% [markdown]
# A column counts 1 where it is hit, less beside it, and 0 from a whole pixel away; a row as well. Outside of the image
# there is nothing that could count.


def warp_by_hand(images, matrices):
    from_x, from_y = sources(matrices, *images.shape[1:])
    columns, rows = (ops.arange(size, dtype=images.dtype) for size in images.shape[:0:-1])
    across = ops.relu(1 - abs(from_x[..., None] - columns))  # (N, H, W, W)
    down = ops.relu(1 - abs(from_y[..., None] - rows))  # (N, H, W, H)
    return ops.convert_to_numpy(ops.einsum("nijr,nijc,nrc->nij", down, across, images))


# %% [markdown]
# The operation behind Keras's layers, `RandomRotation` and the like. It counts from the middle of the first pixel.


# %% With the framework
def from_the_corner(matrices, height, width):
    """The same maps for places counted from the first pixel, as rows of eight numbers."""
    centre = np.array([(width - 1) / 2, (height - 1) / 2], matrices.dtype)
    offsets = matrices[:, :, 2] + centre - matrices[:, :, :2] @ centre
    maps = np.concatenate([matrices[:, :, :2], offsets[:, :, None]], axis=2).reshape(-1, 6)
    return np.pad(maps, ((0, 0), (0, 2)))  # two more numbers, for perspective


def warp(images, matrices):
    transforms = from_the_corner(matrices, *images.shape[1:])
    warped = ops.image.affine_transform(images[..., None], transforms, "bilinear", "constant", 0)
    return ops.convert_to_numpy(warped)[..., 0]


# %% Run
if __name__ == "__main__":
    image = np.array([[0, 0, 0, 0], [0, 9, 9, 0], [0, 9, 0, 0], [0, 9, 0, 0]], np.float32)
    matrices = np.array([[[1, 0, -1], [0, 1, 0]], [[-1, 0, 0], [0, 1, 0]], [[0, 1, 0], [-1, 0, 0]]], np.float32)
    for name, warped in zip(("shifted", "mirrored", "turned"), warp(np.stack([image] * 3), matrices), strict=True):
        print(name, warped.astype(int), sep="\n")
