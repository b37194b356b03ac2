# %% [markdown]
# # Hello, CUDA, in JAX's Pallas
# Pallas is JAX's language for kernels. A program of it isn't one thread with one number but works on a block of them:
# it reads references, computes as JAX does, and writes. Without a GPU or TPU it is interpreted.

# %% Init
import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import pallas as pl

interpret = jax.default_backend() == "cpu"

# %% [markdown]
# One program has the whole greeting. `ref[...]` is all that a reference points to.


# %% Hello
def hello_kernel(text, offsets, result):
    result[...] = text[...] + offsets[...]


def hello(text, offsets):
    return np.array(
        pl.pallas_call(hello_kernel, jax.ShapeDtypeStruct(text.shape, text.dtype), interpret=interpret)(text, offsets)
    )


# %% [markdown]
# Here the grid has one program for each row of the map. It asks who it is, and reads the three rows of the image that
# lie under its own.


# %% Convolution
def convolve_kernel(image, kernel, result):
    y, width = pl.program_id(0), result.shape[1]
    total = jnp.zeros(width, result.dtype)
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            total += image[y + i, pl.ds(j, width)] * kernel[i, j]
    result[y, :] = total


def convolve(image, kernel):
    """Valid cross-correlation of an image (height, width) with a kernel (3, 3)."""
    height, width = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    shape = jax.ShapeDtypeStruct((height, width), image.dtype)
    return np.array(pl.pallas_call(convolve_kernel, shape, grid=(height,), interpret=interpret)(image, kernel))


# %% Run
if __name__ == "__main__":
    text, offsets = np.frombuffer(b"Hello ", np.int8), np.array([15, 10, 6, 0, -11, 1], np.int8)
    print(text.tobytes().decode() + hello(text, offsets).tobytes().decode())
    print(convolve(np.eye(5, dtype=np.float32), np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)))
