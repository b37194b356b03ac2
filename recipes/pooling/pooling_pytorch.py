# %% [markdown]
# # Pooling, in PyTorch
# A window moves over the map in steps. Max-pooling keeps the largest value under it, average pooling the mean.
# PyTorch's images are (N, C, H, W); those that come and go here are (N, H, W, C).

# %% Init
import numpy as np
import torch
from torch.nn.functional import avg_pool2d, max_pool2d

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% [markdown]
# Both take the window's size and the stride; without a stride it is the size. With `ceil_mode=True` they would
# also keep a last window that doesn't fit in.


# %% Pooling
def channels_first(maps):
    return torch.as_tensor(maps, device=device).permute(0, 3, 1, 2)


def channels_last(maps):
    return maps.permute(0, 2, 3, 1).cpu().numpy()


def max_pool(maps, size, stride):
    return channels_last(max_pool2d(channels_first(maps), size, stride))


def average_pool(maps, size, stride):
    return channels_last(avg_pool2d(channels_first(maps), size, stride))


def global_average(maps):
    """One number for each map: (N, H, W, C) give (N, C)."""
    return channels_first(maps).mean(dim=(2, 3)).cpu().numpy()


# %% [markdown]
# Autograd gives each window's gradient to the pixel that was its largest; of several, to the first.


# %% Gradient
def max_pool_gradient(maps, d_out, size, stride):
    """The gradient of the maps, if `d_out` (N, h, w, C) is that of the pooled maps."""
    images = channels_first(maps).requires_grad_()
    pooled = max_pool2d(images, size, stride)
    (d_images,) = torch.autograd.grad(pooled, images, channels_first(d_out))
    return channels_last(d_images)


# %% Run
if __name__ == "__main__":
    image = np.array([[1, 3, 2, 9], [7, 4, 8, 5], [6, 8, 12, 10], [2, 11, 13, 14]], np.float32)[None, :, :, None]
    print("the largest of each window", max_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    print("the average of each window", average_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    d_out = np.ones((1, 2, 2, 1), np.float32)
    print("who gets the gradient", max_pool_gradient(image, d_out, 2, 2)[0, :, :, 0], sep="\n")
