# %% [markdown]
# # Learning rate schedules, in JAX
# The rate is an argument of the step, so a schedule may be any Python function. Optax, a library of its own, has some.

# %% Init
from math import cos, pi
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np


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
# Each schedule gives a share of the learning rate for a step, counted from 0, of so many steps. Large steps come far,
# small ones end in a good place.


# %% Schedule
def constant(step, steps):
    return 1.0


def stepwise(step, steps):
    return 0.1 ** ((10 * step >= 6 * steps) + (10 * step >= 8 * steps))


def exponential(step, steps):
    return 0.01 ** (step / steps)


def linear(step, steps):
    return 1 - step / steps


def cosine(step, steps):
    return (1 + cos(pi * step / steps)) / 2


def warmup(step, steps):
    first = max(1, steps // 10)
    return 0.1 + 0.9 * step / first if step < first else cosine(step - first, steps - first)


schedules = {"constant": constant, "step": stepwise, "exponential": exponential}
schedules |= {"linear": linear, "cosine": cosine, "warmup": warmup}


# %% Train
def cross_entropy(model, images, labels):
    log_probabilities = jax.nn.log_softmax(network(model, images))  # (N, 10)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


@jax.jit
def update(model, images, labels, rate):
    loss, gradients = jax.value_and_grad(cross_entropy)(model, images, labels)
    return jax.tree.map(lambda weight, gradient: weight - rate * gradient, model, gradients), loss


def train(
    model,
    images,
    labels,
    *,
    epochs=5,
    batch_size=50,
    learning_rate=0.4,
    schedule="constant",
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history, step = np.random.default_rng(seed), [], 0
    steps = epochs * -(-len(images) // batch_size)  # the last batch of an epoch may be shorter, and counts
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches, losses = np.split(order, range(batch_size, len(order), batch_size)), []
        for batch in batches:
            rate = learning_rate * schedules[schedule](step, steps)
            model, loss = update(model, images[batch], labels[batch], rate)
            losses.append(loss)
            step += 1
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
    model, history = train(variables(), images, labels, schedule="cosine")
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
