# %% [markdown]
# # Does pooling forgive a shift? In JAX
# A pooling layer puts one number in the place of four. Which one decides what the network notices of a small movement.
# In JAX every pooling is a `reduce_window`: a window, a step, and what is to be done with what is in it.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# Without pooling the maps stay large, and the dense layer has 23 times as many inputs. As a `Partial` the pooling
# belongs to the structure of the tree, not to its arrays: a network with another one is compiled anew, and no gradient
# is asked for it.


# %% Network
def windows(maps, start, reduce):
    return jax.lax.reduce_window(maps, start, reduce, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


pools = {
    "max": lambda maps: windows(maps, -jnp.inf, jax.lax.max),
    "average": lambda maps: windows(maps, 0.0, jax.lax.add) / 4,
    "none": lambda maps: maps,
}


def variables(seed=0, pooling="max"):
    flat = 24 * 24 * 16 if pooling == "none" else 5 * 5 * 16
    shapes = {"conv1": (3, 3, 1, 8), "conv2": (3, 3, 8, 16), "dense1": (flat, 10)}
    kernel, keys = jax.nn.initializers.he_normal(), jax.random.split(jax.random.key(seed), len(shapes))
    layers = zip(keys, shapes.items(), strict=True)
    model = {name: {"kernel": kernel(key, shape), "bias": jnp.zeros(shape[-1])} for key, (name, shape) in layers}
    return model | {"pool": jax.tree_util.Partial(pools[pooling])}


def convolution(layer, maps):
    layout = ("NHWC", "HWIO", "NHWC")  # channels last; JAX's own default is channels first
    maps = jax.lax.conv_general_dilated(maps, layer["kernel"], (1, 1), "VALID", dimension_numbers=layout)
    return jax.nn.relu(maps + layer["bias"])


@jax.jit
def network(model, images):
    maps = model["pool"](convolution(model["conv1"], images))  # (N, 13, 13, 8)
    maps = model["pool"](convolution(model["conv2"], maps))  # (N, 5, 5, 16)
    return maps.reshape(len(images), -1) @ model["dense1"]["kernel"] + model["dense1"]["bias"]  # (N, 10)


# %% [markdown]
# A step makes a new model out of the old one. Steps are queued: the losses are read at the end of an epoch, so that
# Python never waits for one.


# %% Train
def cross_entropy(model, images, labels):
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(network(model, images)), labels[:, None], axis=1))


@jax.jit
def step(model, images, labels, learning_rate):
    loss, gradients = jax.value_and_grad(cross_entropy)(model, images, labels)
    return jax.tree.map(lambda weight, gradient: weight - learning_rate * gradient, model, gradients), loss


def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches, losses = np.split(order, range(batch_size, len(order), batch_size)), []
        for batch in batches:
            model, loss = step(model, images[batch], labels[batch], learning_rate)
            losses.append(loss)
        history.append(float(np.average(losses, weights=[len(batch) for batch in batches])))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# The first batch of a new size is compiled; the rest of the same size is not.


# %% Evaluate
def predict(model, images):
    return np.concatenate([network(model, batch) for batch in np.split(images, range(500, len(images), 500))])


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels)
    test_images, test_labels = mnist["x_test"][..., None] / np.float32(255), mnist["y_test"]
    for shift in range(5):
        moved = np.pad(test_images, ((0, 0), (0, 0), (shift, 0), (0, 0)))[:, :, :28]
        print(f"moved by {shift} pixels: test accuracy {evaluate(model, moved, test_labels):.4f}")
