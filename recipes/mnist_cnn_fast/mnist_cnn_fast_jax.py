# %% [markdown]
# # A fast convolutional network for MNIST, in JAX
# Pooling is a maximum of four slices, whose gradient is much faster than `reduce_window`'s on a processor. In the
# first layer the slices are four convolutions with stride 2.

# %% Init
from functools import reduce
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# A maximum commutes with adding a bias and with ReLU, so both come after the pooling, on a quarter of the numbers. The
# last two rows and columns of the images only reach what the pooling leaves out: they are never computed.

# %% Network
shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense1": (1600, 128), "dense2": (128, 10)}


def variables(seed=0):
    kernel, keys = jax.nn.initializers.he_normal(), jax.random.split(jax.random.key(seed), len(shapes))
    layers = zip(keys, shapes.items(), strict=True)
    return {name: {"kernel": kernel(key, shape), "bias": jnp.zeros(shape[-1])} for key, (name, shape) in layers}


def convolution(layer, maps, stride):
    layout = ("NHWC", "HWIO", "NHWC")  # channels last; JAX's own default is channels first
    return jax.lax.conv_general_dilated(maps, layer["kernel"], (stride, stride), "VALID", dimension_numbers=layout)


def pooling(layer, corners):
    return jax.nn.relu(reduce(jnp.maximum, corners) + layer["bias"])


def dense(layer, inputs):
    return inputs @ layer["kernel"] + layer["bias"]


@jax.jit
def network(model, images):
    corners = [(i, j) for i in (0, 1) for j in (0, 1)]  # of a pooling window
    maps = [convolution(model["conv1"], images[:, i : i + 25, j : j + 25], stride=2) for i, j in corners]
    maps = convolution(model["conv2"], pooling(model["conv1"], maps), stride=1)  # (N, 12, 12, 32) to (N, 10, 10, 64)
    maps = pooling(model["conv2"], [maps[:, i::2, j::2] for i, j in corners])  # (N, 5, 5, 64)
    hidden = jax.nn.relu(dense(model["dense1"], maps.reshape(-1, 1600)))  # (N, 128)
    return dense(model["dense2"], hidden)  # (N, 10)


# %% [markdown]
# `jax.tree.map` goes through model, velocity and gradients side by side, whatever their tree looks like. Steps are
# queued: the losses are read at the end of an epoch, so that Python never waits for one.


# %% Train
def cross_entropy(model, images, labels):
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(network(model, images)), labels[:, None], axis=1))


@jax.jit
def step(model, velocity, images, labels, learning_rate, momentum):
    loss, gradients = jax.value_and_grad(cross_entropy)(model, images, labels)
    velocity = jax.tree.map(lambda v, gradient: momentum * v + gradient, velocity, gradients)
    return jax.tree.map(lambda weight, v: weight - learning_rate * v, model, velocity), velocity, loss


def train(
    model,
    images,
    labels,
    *,
    epochs=1,
    batch_size=128,
    learning_rate=0.05,
    momentum=0.9,
    shuffle=True,
    seed=0,
    watch=None,
):
    random, velocity, history = np.random.default_rng(seed), jax.tree.map(jnp.zeros_like, model), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches, losses = np.split(order, range(batch_size, len(order), batch_size)), []
        for batch in batches:
            model, velocity, loss = step(model, velocity, images[batch], labels[batch], learning_rate, momentum)
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
    model, history = train(variables(), mnist["x_train"][..., None] / np.float32(255), mnist["y_train"])
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
