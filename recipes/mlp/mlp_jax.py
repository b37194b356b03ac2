# %% [markdown]
# # A network with a hidden layer, in JAX
# The model is a tree of arrays, and the loss a pure function of it. `jax.value_and_grad` works out the gradients,
# however many layers the tree has, and `jax.jit` compiles the whole step into one program.

# %% Init
from functools import partial
from itertools import pairwise
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# The kernels are He-normal, each from a key of randomness of its own. As a `Partial` the activation belongs to the
# tree's structure, not to its arrays: a network with another one is compiled anew, and no gradient is asked for it.
# Leaky ReLU's slope below 0 is 0.01 here. GELU is an approximation with tanh unless one asks for the exact one.

# %% Network
gelu = partial(jax.nn.gelu, approximate=False)
activations = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "leaky_relu": jax.nn.leaky_relu}
activations |= {"elu": jax.nn.elu, "selu": jax.nn.selu, "gelu": gelu, "none": lambda inputs: inputs}


def variables(seed=0, hidden=(100,), activation="relu"):
    kernel, keys = jax.nn.initializers.he_normal(), jax.random.split(jax.random.key(seed), len(hidden) + 1)
    shapes = enumerate(zip(keys, pairwise((784, *hidden, 10)), strict=True), 1)
    layers = {f"dense{n}": {"kernel": kernel(key, shape), "bias": jnp.zeros(shape[1])} for n, (key, shape) in shapes}
    return layers | {"activation": jax.tree_util.Partial(activations[activation])}


def dense(layer, inputs):
    return inputs @ layer["kernel"] + layer["bias"]


@jax.jit
def network(model, images):
    outputs, last = images.reshape(len(images), -1), len(model) - 1  # (N, 784)
    for number in range(1, last):
        outputs = model["activation"](dense(model[f"dense{number}"], outputs))  # (N, 100)
    return dense(model[f"dense{last}"], outputs)  # (N, 10)


# %% [markdown]
# A step makes a new model out of the old one. Steps are queued: the losses are read at the end of an epoch, so that
# Python never waits for one.


# %% Train
def cross_entropy(model, images, labels):
    log_probabilities = jax.nn.log_softmax(network(model, images))  # (N, 10)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


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
# The highest score is the answer; it needs no softmax.


# %% Evaluate
def predict(model, images):
    return np.asarray(network(model, images))  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
