# %% [markdown]
# # The wrong loss, in JAX
# What a network learns is what its loss asks for. There are no ready losses here: each is a line of its own.

# %% Init
from functools import partial
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# The model is a tree of arrays, and the network ends in logits, whatever the loss makes of them.


# %% Network
def variables(seed=0):
    kernel, keys = jax.nn.initializers.he_normal(), jax.random.split(jax.random.key(seed))
    shapes = {"dense1": (784, 100), "dense2": (100, 10)}
    return {
        layer: {"kernel": kernel(key, shape), "bias": jnp.zeros(shape[1])}
        for key, (layer, shape) in zip(keys, shapes.items(), strict=True)
    }


@jax.jit
def network(model, images):
    hidden = images.reshape(len(images), -1) @ model["dense1"]["kernel"] + model["dense1"]["bias"]  # (N, 100)
    return jax.nn.relu(hidden) @ model["dense2"]["kernel"] + model["dense2"]["bias"]  # (N, 10)


# %% [markdown]
# Each gives the loss of each image. `log_softmax` needs no logarithm of a probability, which may be 0.


# %% Losses
def cross_entropy(logits, truth):
    return -jnp.sum(truth * jax.nn.log_softmax(logits), axis=1)  # (N,)


def squares(outputs, truth):
    return jnp.sum((outputs - truth) ** 2, axis=1)  # (N,)


losses = {
    "cross_entropy": cross_entropy,
    "double_softmax": lambda logits, truth: cross_entropy(jax.nn.softmax(logits), truth),
    "softmax_squares": lambda logits, truth: squares(jax.nn.softmax(logits), truth),
    "sigmoid_squares": lambda logits, truth: squares(jax.nn.sigmoid(logits), truth) / 2,
    "logit_squares": squares,
}

# %% [markdown]
# The name of the loss isn't a number: as a static argument it chooses what is compiled, once for each loss.


# %% Train
def mean_loss(model, images, labels, loss):
    logits = network(model, images)
    return jnp.mean(losses[loss](logits, jax.nn.one_hot(labels, 10, dtype=logits.dtype)))


@partial(jax.jit, static_argnames="loss")
def step(model, images, labels, learning_rate, loss):
    mean, gradients = jax.value_and_grad(mean_loss)(model, images, labels, loss)
    return jax.tree.map(lambda weight, gradient: weight - learning_rate * gradient, model, gradients), mean


def train(
    model,
    images,
    labels,
    *,
    epochs=3,
    batch_size=50,
    learning_rate=0.1,
    loss="cross_entropy",
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches, means = np.split(order, range(batch_size, len(order), batch_size)), []
        for batch in batches:
            model, mean = step(model, images[batch], labels[batch], learning_rate, loss)
            means.append(mean)
        history.append(float(np.average(means, weights=[len(batch) for batch in batches])))
        if watch:
            watch(model)
    return model, history


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
