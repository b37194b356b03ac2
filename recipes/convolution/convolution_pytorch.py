# %% [markdown]
# # Convolution, in PyTorch
# A kernel slides over the image; at each place the pixels under it are multiplied with it and summed up. Like all of
# deep learning, `conv2d` doesn't flip the kernel: mathematics calls that cross-correlation.

# %% Init
import numpy as np
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% By hand
# Windows, products, sums.
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1)."""
    image, kernel = torch.as_tensor(image, device=device), torch.as_tensor(kernel, device=device)
    height, width = kernel.shape
    windows = image.unfold(0, height, 1).unfold(1, width, 1)  # (H-h+1, W-w+1, h, w): a view, nothing is copied
    return (windows * kernel).sum(dim=(2, 3)).cpu().numpy()


# %% With the framework
# One call, on a batch of images with channels: here there is one of each.
def convolve(image, kernel):
    """PyTorch wants images (N, in, H, W) and kernels (out, in, h, w); a missing N counts as a single image."""
    image, kernel = torch.as_tensor(image, device=device), torch.as_tensor(kernel, device=device)
    feature_map = torch.nn.functional.conv2d(image[None], kernel[None, None])  # (1, H-h+1, W-w+1)
    return feature_map[0].cpu().numpy()


# %% Run
# Both ways agree: the map is largest where the image has the kernel's pattern.
if __name__ == "__main__":
    image = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], np.float32)
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)
    print(convolve_by_hand(image, kernel), convolve(image, kernel), sep="\n")
