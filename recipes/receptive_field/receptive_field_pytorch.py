# %% [markdown]
# # Receptive fields, in PyTorch
# A neuron of a convolution sees a small square of the map before it, whose pixels see squares of the map before that.
# So the square of the image that reaches a neuron grows from layer to layer.

# %% Init
import numpy as np
import torch
from torch.nn.functional import conv2d

device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
# A window of k adds k - 1 neighbours, and neighbours are a step apart: the product of all strides so far.


# %% By the formula
def size(kernels, strides):
    """The side of the receptive field, and the step between neighbours, in pixels, after each layer."""
    steps = np.cumprod((1, *strides))
    fields = 1 + np.cumsum((np.array(kernels) - 1) * steps[:-1])
    return fields, steps[1:]


# %% [markdown]
# Or ask autograd: pixels that don't reach the neuron have no gradient. All kernels are ones, so that no two ways cancel
# each other; a maximum in between would have its gradient at one pixel only.


# %% By differentiating
def seen(image, kernels, strides, neuron):
    """Where an image (H, W) reaches the neuron (row, column) of the last map: (H, W), true or false."""
    image = torch.as_tensor(image, device=device).requires_grad_()
    maps = image[None, None]  # (N, C, H, W)
    for kernel, stride in zip(kernels, strides, strict=True):
        maps = conv2d(maps, maps.new_ones(1, 1, kernel, kernel), stride=stride)
    (gradient,) = torch.autograd.grad(maps[0, 0][neuron], image)
    return (gradient != 0).cpu().numpy()


# %% Run
if __name__ == "__main__":
    layers = {"kernels": (3, 2, 3, 2), "strides": (1, 2, 1, 2)}
    print("field and step after each layer", *size(**layers))
    print("rows that neuron (2, 2) sees", np.flatnonzero(seen(np.ones((28, 28)), **layers, neuron=(2, 2)).any(axis=1)))
