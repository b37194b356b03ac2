# %% [markdown]
# # Filter maps, in PyTorch
# Each filter makes a map of its own. If the input has several channels, a filter has a kernel for each of them, and its
# map is the sum. PyTorch has channels first, in images and
# kernels.

# %% Init
import numpy as np
import torch
from torch.nn import functional

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% Maps
# Three filters of 5x5 make three maps of 24x24: 1,728 numbers from 75 weights and 3 biases.
def channels_last_maps(images, kernels, biases):
    images, kernels, biases = (torch.as_tensor(array, device=device) for array in (images, kernels, biases))
    images, kernels = images.permute(0, 3, 1, 2), kernels.permute(3, 2, 0, 1)  # (N, C, H, W), (out, in, h, w)
    return functional.conv2d(images, kernels, biases).permute(0, 2, 3, 1)


def maps(images, kernels, biases):
    """Images (N, H, W, C), kernels (h, w, C, M) and biases (M,) give the maps (N, H-h+1, W-w+1, M)."""
    return channels_last_maps(images, kernels, biases).cpu().numpy()


# %% Flattened
# A dense layer wants one row for each image. In which order is a convention: here height, width, channel.
def flattened(images, kernels, biases):
    """The maps of each image in one row: (N, (H-h+1) * (W-w+1) * M)."""
    return channels_last_maps(images, kernels, biases).flatten(start_dim=1).cpu().numpy()


# %% Run
if __name__ == "__main__":
    images = np.zeros((1, 4, 4, 2), np.float32)
    images[0, 1, 1], images[0, 2, 2] = (1, 0), (0, 10)  # one bright pixel in each of the two channels
    kernels, biases = np.ones((2, 2, 2, 2), np.float32), np.array([0, 0.5], np.float32)
    print(np.moveaxis(maps(images, kernels, biases)[0], -1, 0))  # two maps, each of which saw both channels
    print(flattened(images, kernels, biases)[0])
