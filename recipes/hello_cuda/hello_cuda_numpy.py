# %% [markdown]
# # Hello, CUDA, in NumPy
# What the kernels of the others compute, in NumPy's words: there is no loop, and nothing is said about who adds which
# number. A kernel says just that.

# %% Init
import numpy as np

# %% [markdown]
# Letters are small numbers. H is 72, and 15 further is 87, W.


# %% Hello
def hello(text, offsets):
    return text + offsets


# %% [markdown]
# Nine shifted images, each times its weight of the kernel.


# %% Convolution
def convolve(image, kernel):
    """Valid cross-correlation of an image (height, width) with a kernel (3, 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)  # (height - 2, width - 2, 3, 3)
    return (windows * kernel).sum(axis=(2, 3))


# %% Run
if __name__ == "__main__":
    text, offsets = np.frombuffer(b"Hello ", np.int8), np.array([15, 10, 6, 0, -11, 1], np.int8)
    print(text.tobytes().decode() + hello(text, offsets).tobytes().decode())
    print(convolve(np.eye(5), np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])))
