# %% [markdown]
# # Convolution, in Theano
# A kernel slides over the image; at each place the pixels under it are multiplied with it and summed up. Theano's
# `conv2d` is a convolution as in mathematics: unless told otherwise, it flips the kernel first.

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt


# %% By hand
# Windows, products, sums.
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1).

    A symbol cannot be filled pixel by pixel. Instead, each weight of the kernel adds a shifted view of the image.
    """
    pixels, weights = tt.matrix("image", image.dtype), tt.matrix("kernel", kernel.dtype)
    height, width = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    feature_map = sum(
        weights[i, j] * pixels[i : i + height, j : j + width]
        for i in range(kernel.shape[0])
        for j in range(kernel.shape[1])
    )
    return theano.function([pixels, weights], feature_map)(image, kernel)


# %% With the framework
# One call, on a batch of images with channels: here there is one of each.
def convolve(image, kernel):
    """Images are (N, channels, H, W) and kernels (out, in, h, w): here N and all channels are 1."""
    images, kernels = tt.tensor4("images", image.dtype), tt.tensor4("kernels", kernel.dtype)
    feature_maps = tt.nnet.conv2d(images, kernels, border_mode="valid", filter_flip=False)
    return theano.function([images, kernels], feature_maps)(image[None, None], kernel[None, None])[0, 0]


# %% Run
# Both ways agree: the map is largest where the image has the kernel's pattern.
if __name__ == "__main__":
    image = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], np.float32)
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)
    print(convolve_by_hand(image, kernel), convolve(image, kernel), sep="\n")
