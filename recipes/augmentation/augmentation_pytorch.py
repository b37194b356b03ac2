# %% [markdown]
# # Shifted, turned, sheared, mirrored, in PyTorch
# An affine map makes a new image of an old one. It is read backwards: for each pixel of the result, where does it come
# from? That place lies between four pixels, and the nearer one is, the more it counts.

# %% Init
import numpy as np
import torch
from torch.nn.functional import affine_grid, grid_sample


# %% By hand
def sources(matrices, height, width):
    """Where in the image each pixel of the result comes from: columns and rows, (N, H, W) each."""
    x, y = torch.arange(width) - (width - 1) / 2, torch.arange(height) - (height - 1) / 2  # from the centre
    y, x = torch.meshgrid(y.to(matrices), x.to(matrices), indexing="ij")  # (H, W)
    from_x, from_y = (matrices @ torch.stack([x.flatten(), y.flatten(), torch.ones_like(x).flatten()])).unbind(1)
    return [array.reshape(-1, height, width) for array in (from_x + (width - 1) / 2, from_y + (height - 1) / 2)]


# %% [markdown]
# A column counts 1 where it is hit, less beside it, and 0 from a whole pixel away; a row as well. Outside of the image
# there is nothing that could count.


def warp_by_hand(images, matrices):
    images, (height, width) = torch.as_tensor(images), images.shape[1:]
    from_x, from_y = sources(torch.as_tensor(matrices), height, width)
    across = (1 - (from_x[..., None] - torch.arange(width)).abs()).clamp(min=0)  # (N, H, W, W)
    down = (1 - (from_y[..., None] - torch.arange(height)).abs()).clamp(min=0)  # (N, H, W, H)
    return torch.einsum("nijr,nijc,nrc->nij", down, across, images).numpy()


# %% [markdown]
# `grid_sample` counts from -1 at the left edge of the first pixel to 1 at the right edge of the last one, whatever the
# width. With `align_corners=True` it would be from the middle of the first to the middle of the last.


# %% With the framework
def warp(images, matrices):
    images, (height, width) = torch.as_tensor(images)[:, None], images.shape[1:]  # (N, 1, H, W)
    scale = np.array([[1, height / width, 2 / width], [width / height, 1, 2 / height]], matrices.dtype)
    grid = affine_grid(torch.as_tensor(matrices * scale), images.shape, align_corners=False)  # (N, H, W, 2)
    return grid_sample(images, grid, align_corners=False)[:, 0].numpy()  # zeros outside


# %% Run
if __name__ == "__main__":
    image = np.array([[0, 0, 0, 0], [0, 9, 9, 0], [0, 9, 0, 0], [0, 9, 0, 0]], np.float32)
    matrices = np.array([[[1, 0, -1], [0, 1, 0]], [[-1, 0, 0], [0, 1, 0]], [[0, 1, 0], [-1, 0, 0]]], np.float32)
    for name, warped in zip(("shifted", "mirrored", "turned"), warp(np.stack([image] * 3), matrices), strict=True):
        print(name, warped.astype(int), sep="\n")
