# %% [markdown]
# # Convolution, in PyTorch
# A kernel slides over the image; at each place the pixels under it are multiplied with it and summed up. Like all of
# deep learning, `conv2d` doesn't flip the kernel: mathematics calls that cross-correlation.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% By hand
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1)."""
    image, kernel = torch.as_tensor(image, device=device), torch.as_tensor(kernel, device=device)
    height, width = kernel.shape
    windows = image.unfold(0, height, 1).unfold(1, width, 1)  # (H-h+1, W-w+1, h, w): a view, nothing is copied
    return (windows * kernel).sum(dim=(2, 3)).cpu().numpy()


# %% With the framework
def convolve(image, kernel):
    """PyTorch wants images (N, in, H, W) and kernels (out, in, h, w); a missing N counts as a single image."""
    image, kernel = torch.as_tensor(image, device=device), torch.as_tensor(kernel, device=device)
    feature_map = torch.nn.functional.conv2d(image[None], kernel[None, None])  # (1, H-h+1, W-w+1)
    return feature_map[0].cpu().numpy()


# %% Run
def load_digit(path=Path("mnist.npz")):
    """The first test image (28, 28), from 0 to 1. Downloads mnist.npz if it isn't here."""
    if not path.exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz.part")
        Path("mnist.npz.part").rename(path)
    with np.load(path) as file:
        return file["x_test"][0] / np.float32(255)


def show(title, picture):
    """Prints an array (H, W) as a picture of characters, the largest values darkest."""
    shades = np.array(list(" .:-=+*#%@"))
    scaled = (picture - picture.min()) / (picture.max() - picture.min())
    print(
        title, *("".join(row).rstrip() for row in shades[np.round(9 * scaled).astype(int)].repeat(2, axis=1)), sep="\n"
    )


if __name__ == "__main__":
    digit = load_digit()
    edges = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], digit.dtype)
    blur = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], digit.dtype) / 16
    show("input", digit)
    for title, kernel in {"edges": edges, "blur": blur}.items():
        print(f"{title}: kernel\n{kernel}")
        show(f"{title}: feature map", convolve(digit, kernel))
        print(f"largest difference by hand: {abs(convolve_by_hand(digit, kernel) - convolve(digit, kernel)).max():.1e}")
