# %% [markdown]
# # Convolution, in NumPy
# A kernel slides over the image; at each place the pixels under it are multiplied with it and summed up. Deep
# learning calls this convolution, although the kernel is not flipped: mathematics calls it cross-correlation.

# %% Init
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


# %% By hand
# Windows, products, sums.
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1)."""
    height, width = kernel.shape
    feature_map = np.empty((image.shape[0] - height + 1, image.shape[1] - width + 1), image.dtype)
    for i in range(feature_map.shape[0]):
        for j in range(feature_map.shape[1]):
            feature_map[i, j] = np.sum(image[i : i + height, j : j + width] * kernel)
    return feature_map


# %% With the framework
# Without loops over pixels.
def convolve(image, kernel):
    """NumPy has no convolution of images, but it has views of all windows, and Einstein's sum over them."""
    windows = sliding_window_view(image, kernel.shape)  # (H-h+1, W-w+1, h, w)
    return np.einsum("ijhw,hw->ij", windows, kernel)


# %% Run
# Both ways agree: the map is largest where the image has the kernel's pattern.
if __name__ == "__main__":
    image = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], np.float32)
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)
    print(convolve_by_hand(image, kernel), convolve(image, kernel), sep="\n")
