# %% [markdown]
# # Pooling, in Keras
# A window moves over the map in steps. Max-pooling keeps the largest value under it, average pooling the mean. The
# layers MaxPooling2D and AveragePooling2D are made of these operations.

# %% Init
import numpy as np
from keras import config, ops

# %% [markdown]
# "valid" leaves out a last window that doesn't fit in. A global average is one window as large as the map: `ops.mean`,
# and the layer GlobalAveragePooling2D, compute in float32 on JAX and PyTorch, whatever the float type.


# %% Pooling
def max_pool(maps, size, stride):
    maps = ops.convert_to_tensor(maps)  # TensorFlow makes float32 of a NumPy array here
    return ops.convert_to_numpy(ops.max_pool(maps, size, stride, "valid", "channels_last"))


def average_pool(maps, size, stride):
    maps = ops.convert_to_tensor(maps)
    return ops.convert_to_numpy(ops.average_pool(maps, size, stride, "valid", "channels_last"))


def global_average(maps):
    """One number for each map: (N, H, W, C) give (N, C)."""
    return average_pool(maps, maps.shape[1:3], 1)[:, 0, 0]


# %% [markdown]
# Keras trains, but it has no gradients to look at: its backend has. Each window's gradient goes to its largest pixel;
# of several, to the first.


# %% Gradient
def max_pool_gradient(maps, d_out, size, stride):
    """The gradient of the maps, if `d_out` (N, h, w, C) is that of the pooled maps."""
    d_out = ops.convert_to_tensor(d_out)
    return gradient(lambda x: ops.sum(ops.max_pool(x, size, stride, "valid", "channels_last") * d_out), maps)


def gradient(function, x):
    """The derivative of a function that gives one number, by the backend."""
    x = ops.convert_to_tensor(x)
    if config.backend() == "jax":
        import jax

        return np.array(jax.grad(function)(x))
    if config.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            result = function(x)
        return tape.gradient(result, x).numpy()
    function(x.requires_grad_()).backward()  # PyTorch
    return ops.convert_to_numpy(x.grad)


# %% Run
if __name__ == "__main__":
    image = np.array([[1, 3, 2, 9], [7, 4, 8, 5], [6, 8, 12, 10], [2, 11, 13, 14]], np.float32)[None, :, :, None]
    print("the largest of each window", max_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    print("the average of each window", average_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    d_out = np.ones((1, 2, 2, 1), np.float32)
    print("who gets the gradient", max_pool_gradient(image, d_out, 2, 2)[0, :, :, 0], sep="\n")
