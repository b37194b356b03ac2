# %% [markdown]
# # Strides and padding, in NumPy
# A stride leaves out places, and so makes the map smaller. Padding puts zeros around the image, and so makes it larger.
# Both are a matter of which windows are looked at.

# %% Init
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


# %% How large, and where
# A window of 3 pixels has 6 places on 8 pixels. With a stride of 2 it takes every other one; what doesn't fill a whole
# step at the end is never seen.
def extent(size, kernel_size, stride, padding):
    """Along one axis: the map's size, and the zeros before and after. `padding` is "valid", "same" or a number."""
    before = after = 0 if isinstance(padding, str) else padding
    if padding == "same":  # the map has ceil(size / stride) places, and as many zeros as they need
        zeros = max((-(-size // stride) - 1) * stride + kernel_size - size, 0)
        before, after = zeros // 2, zeros - zeros // 2
    return (size + before + after - kernel_size) // stride + 1, before, after


# %% The convolution
# Frame the image, take all windows, keep every stride-th.
def convolve(image, kernel, stride, padding):
    """Cross-correlation of an image (H, W) and a kernel (h, w): a map as large as `extent` says."""
    zeros = [extent(*axis, stride, padding)[1:] for axis in zip(image.shape, kernel.shape, strict=True)]
    windows = sliding_window_view(np.pad(image, zeros), kernel.shape)[::stride, ::stride]  # (rows, columns, h, w)
    return np.einsum("ijhw,hw->ij", windows, kernel)


# %% Run
# The sums tell which pixels each window saw: "same" begins at the first one, a padding of 1 begins before it.
if __name__ == "__main__":
    row, kernel = np.arange(1, 9, dtype=np.float32)[np.newaxis], np.ones((3, 3), np.float32)
    for padding in ("same", 1):
        print(f"1 … 8, stride 2, {padding=}: {extent(8, 3, 2, padding)}, sums {convolve(row, kernel, 2, padding)[0]}")
