# %% [markdown]
# # Hello, CUDA, in Python
# A kernel is a function for one thread. It is started for thousands at once, and the first thing that each does is to
# ask who it is. Numba compiles these for the GPU; without one its simulator runs them, thread by thread.

# %% Init
import os
import shutil

if not shutil.which("nvidia-smi"):  # no GPU: the simulator, which must be asked for before the import
    os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")
import numpy as np
from numba import cuda

# %% [markdown]
# Threads come in blocks of a fixed size, so that there are often more of them than numbers: the `if` sends those home.
# A kernel returns nothing. It writes where it was told to.


# %% Hello
@cuda.jit
def hello_kernel(text, offsets):
    i = cuda.grid(1)  # the number of this thread: block · threads of a block + thread
    if i < text.size:
        text[i] += offsets[i]


def hello(text, offsets):
    result, threads = text.copy(), 32
    blocks = -(-text.size // threads)  # rounded up
    hello_kernel[blocks, threads](result, offsets)  # the arrays are copied there and back
    return result


# %% [markdown]
# One thread for each pixel of the map, in blocks of 16 times 16. All of them read the same nine weights.


# %% Convolution
@cuda.jit
def convolve_kernel(image, kernel, result):
    y, x = cuda.grid(2)
    if y < result.shape[0] and x < result.shape[1]:
        total = result[y, x]  # 0, in the arrays' precision
        for i in range(kernel.shape[0]):
            for j in range(kernel.shape[1]):
                total += image[y + i, x + j] * kernel[i, j]
        result[y, x] = total


def convolve(image, kernel):
    """Valid cross-correlation of an image (height, width) with a kernel (3, 3)."""
    height, width = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    result = np.zeros((height, width), image.dtype)
    convolve_kernel[(-(-height // 16), -(-width // 16)), (16, 16)](image, kernel, result)
    return result


# %% Run
if __name__ == "__main__":
    text, offsets = np.frombuffer(b"Hello ", np.int8), np.array([15, 10, 6, 0, -11, 1], np.int8)
    print(text.tobytes().decode() + hello(text, offsets).tobytes().decode())
    print(convolve(np.eye(5), np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])))
