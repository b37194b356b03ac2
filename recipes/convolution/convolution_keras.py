# %% [markdown]
# # Convolution, in Keras
# `keras.ops` is NumPy's vocabulary on TensorFlow, JAX or PyTorch, with the operations of neural networks added.
# Like its Conv2D layer, `keras.ops.conv` does not flip the kernel: it is a cross-correlation.

# %% Init
import numpy as np
from keras import ops


# %% By hand
# Windows, products, sums.
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1). Each weight meets a shifted view of the image."""
    image, kernel = ops.convert_to_tensor(image), ops.convert_to_tensor(kernel)
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    feature_map = ops.zeros((rows, columns), image.dtype)
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            feature_map += kernel[i, j] * image[i : i + rows, j : j + columns]
    return ops.convert_to_numpy(feature_map)


# %% With the framework
# One call, on a batch of images with channels: here there is one of each.
def convolve(image, kernel):
    """Images come in batches with channels, (N, H, W, C), and kernels as (h, w, in, out): here all of these are 1."""
    images, kernels = image[None, :, :, None], kernel[:, :, None, None]
    feature_maps = ops.conv(images, kernels, padding="valid", data_format="channels_last")  # (1, H-h+1, W-w+1, 1)
    return ops.convert_to_numpy(feature_maps)[0, :, :, 0]


# %% Run
# Both ways agree: the map is largest where the image has the kernel's pattern.
if __name__ == "__main__":
    image = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], np.float32)
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)
    print(convolve_by_hand(image, kernel), convolve(image, kernel), sep="\n")
