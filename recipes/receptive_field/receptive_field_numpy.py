# %% [markdown]
# # Receptive fields, in NumPy
# A neuron of a convolution sees a small square of the map before it, whose pixels see squares of the map before that.
# So the square of the image that reaches a neuron grows from layer to layer.

# %% Init
import numpy as np

# %% [markdown]
# A window of k adds k - 1 neighbours, and neighbours are a step apart: the product of all strides so far.


# %% By the formula
def size(kernels, strides):
    """The side of the receptive field, and the step between neighbours, in pixels, after each layer."""
    steps = np.cumprod((1, *strides))
    fields = 1 + np.cumsum((np.array(kernels) - 1) * steps[:-1])
    return fields, steps[1:]


# %% [markdown]
# Or ask the gradient: pixels that don't reach the neuron have none. All kernels are ones, so that no two ways cancel
# each other. On the way back each neuron passes its gradient on to its window.


# %% By differentiating
def seen(image, kernels, strides, neuron):
    """Where an image (H, W) reaches the neuron (row, column) of the last map: (H, W), true or false."""
    shapes = [image.shape]
    for kernel, stride in zip(kernels, strides, strict=True):
        shapes.append(tuple((extent - kernel) // stride + 1 for extent in shapes[-1]))
    gradient = np.zeros(shapes.pop(), image.dtype)
    gradient[neuron] = 1
    for kernel, stride, shape in zip(kernels[::-1], strides[::-1], shapes[::-1], strict=True):
        (rows, columns), back = gradient.shape, np.zeros(shape, image.dtype)
        for i, j in np.ndindex(kernel, kernel):
            back[i : i + stride * rows : stride, j : j + stride * columns : stride] += gradient
        gradient = back
    return gradient != 0


# %% Run
if __name__ == "__main__":
    layers = {"kernels": (3, 2, 3, 2), "strides": (1, 2, 1, 2)}
    print("field and step after each layer", *size(**layers))
    print("rows that neuron (2, 2) sees", np.flatnonzero(seen(np.ones((28, 28)), **layers, neuron=(2, 2)).any(axis=1)))
