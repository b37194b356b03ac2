# %% [markdown]
# # Receptive fields, in TensorFlow
# A neuron of a convolution sees a small square of the map before it, whose pixels see squares of the map before that.
# So the square of the image that reaches a neuron grows from layer to layer.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# A window of k adds k - 1 neighbours, and neighbours are a step apart: the product of all strides so far.


# %% By the formula
def size(kernels, strides):
    """The side of the receptive field, and the step between neighbours, in pixels, after each layer."""
    steps = np.cumprod((1, *strides))
    fields = 1 + np.cumsum((np.array(kernels) - 1) * steps[:-1])
    return fields, steps[1:]


# %% [markdown]
# Or ask the tape: pixels that don't reach the neuron have no gradient. All kernels are ones, so that no two ways
# cancel each other; a maximum in between would have its gradient at one pixel only.


# %% By differentiating
def seen(image, kernels, strides, neuron):
    """Where an image (H, W) reaches the neuron (row, column) of the last map: (H, W), true or false."""
    image = tf.constant(image)
    with tf.GradientTape() as tape:
        tape.watch(image)
        maps = image[tf.newaxis, :, :, tf.newaxis]  # (N, H, W, C)
        for kernel, stride in zip(kernels, strides, strict=True):
            maps = tf.nn.conv2d(maps, tf.ones((kernel, kernel, 1, 1), maps.dtype), stride, "VALID")
        value = maps[0, neuron[0], neuron[1], 0]
    return (tape.gradient(value, image) != 0).numpy()


# %% Run
if __name__ == "__main__":
    layers = {"kernels": (3, 2, 3, 2), "strides": (1, 2, 1, 2)}
    print("field and step after each layer", *size(**layers))
    print("rows that neuron (2, 2) sees", np.flatnonzero(seen(np.ones((28, 28)), **layers, neuron=(2, 2)).any(axis=1)))
