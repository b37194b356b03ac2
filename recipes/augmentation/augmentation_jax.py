# %% [markdown]
# # Shifted, turned, sheared, mirrored, in JAX
# An affine map makes a new image of an old one. It is read backwards: for each pixel of the result, where does it come
# from? That place lies between four pixels, and the nearer one is, the more it counts.

# %% Init
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.ndimage import map_coordinates


# %% By hand
def sources(matrices, height, width):
    """Where in the image each pixel of the result comes from: columns and rows, (N, H, W) each."""
    rows, columns = jnp.indices((height, width), dtype=matrices.dtype)
    x, y = columns - (width - 1) / 2, rows - (height - 1) / 2  # from the centre, (H, W)
    from_x, from_y = jnp.moveaxis(matrices @ jnp.stack([x.ravel(), y.ravel(), jnp.ones_like(x).ravel()]), 1, 0)
    return [array.reshape(-1, height, width) for array in (from_x + (width - 1) / 2, from_y + (height - 1) / 2)]


# %% [markdown]
# A column counts 1 where it is hit, less beside it, and 0 from a whole pixel away; a row as well. Outside of the image
# there is nothing that could count.


def warp_by_hand(images, matrices):
    from_x, from_y = sources(matrices, *images.shape[1:])
    across = jnp.maximum(1 - abs(from_x[..., None] - jnp.arange(images.shape[2])), 0)  # (N, H, W, W)
    down = jnp.maximum(1 - abs(from_y[..., None] - jnp.arange(images.shape[1])), 0)  # (N, H, W, H)
    return np.array(jnp.einsum("nijr,nijc,nrc->nij", down, across, images))


# %% [markdown]
# As SciPy's, `map_coordinates` samples one image, at rows and columns; order 1 is bilinear. In the mode "constant"
# SciPy doesn't interpolate beyond the outermost pixels, as it does in "grid-constant"; JAX does.


# %% With the framework
def warp(images, matrices):
    from_x, from_y = sources(matrices, *images.shape[1:])
    sample = jax.vmap(lambda image, rows, columns: map_coordinates(image, [rows, columns], order=1, mode="constant"))
    return np.array(sample(images, from_y, from_x))


# %% Run
if __name__ == "__main__":
    image = np.array([[0, 0, 0, 0], [0, 9, 9, 0], [0, 9, 0, 0], [0, 9, 0, 0]], np.float32)
    matrices = np.array([[[1, 0, -1], [0, 1, 0]], [[-1, 0, 0], [0, 1, 0]], [[0, 1, 0], [-1, 0, 0]]], np.float32)
    for name, warped in zip(("shifted", "mirrored", "turned"), warp(np.stack([image] * 3), matrices), strict=True):
        print(name, warped.astype(int), sep="\n")
