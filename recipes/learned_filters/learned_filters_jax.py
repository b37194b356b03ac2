# %% [markdown]
# # Learned filters, in JAX
# Sixteen filters slide over a digit. A model is a tree of arrays: `model["conv"]["kernel"]` is what they become.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# The filters start small, so that what they learn isn't hidden by what they started from. Channels last has to be said:
# JAX's own default is channels first.


# %% Network
def variables(seed=0):
    first, second = jax.random.split(jax.random.key(seed))
    filters, kernel = jax.random.normal(first, (7, 7, 1, 16)), jax.random.normal(second, (1936, 10))
    return {
        "conv": {"kernel": 0.01 * filters, "bias": jnp.zeros(16)},
        "dense": {"kernel": kernel / jnp.sqrt(1936), "bias": jnp.zeros(10)},
    }


@jax.jit
def network(model, images):
    conv, dense, layout = model["conv"], model["dense"], ("NHWC", "HWIO", "NHWC")
    maps = jax.lax.conv_general_dilated(images, conv["kernel"], (1, 1), "VALID", dimension_numbers=layout)
    maps = jax.nn.relu(maps + conv["bias"])  # (N, 22, 22, 16)
    pooled = jax.lax.reduce_window(maps, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")  # (N, 11, 11, 16)
    return pooled.reshape(-1, 1936) @ dense["kernel"] + dense["bias"]  # (N, 10)


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
    model, history = train(variables(), mnist["x_train"][..., None] / np.float32(255), mnist["y_train"])
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
