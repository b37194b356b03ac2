# %% [markdown]
# # Batch normalisation, in JAX
# JAX has no layers, and a pure function can't keep an average on the side: the network hands its new averages back with
# its scores, and the step puts them into the new model.

# %% Init
from itertools import pairwise
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np

EPSILON = 1e-5  # beside the variance, which may be zero
KEPT = 0.9  # of a moving average, at each step

# %% [markdown]
# In training the batch's own mean and variance are used, and moved into the averages; in evaluation the averages.


# %% Normalise
def normalise(layer, inputs, training):
    """Gives the outputs (N, 100), and the layer's moving averages."""
    averages = {name: layer[name] for name in ("moving_mean", "moving_variance")}
    used = {"moving_mean": inputs.mean(axis=0), "moving_variance": inputs.var(axis=0)} if training else averages
    normal = (inputs - used["moving_mean"]) * jax.lax.rsqrt(used["moving_variance"] + EPSILON)
    averages = jax.tree.map(lambda old, new: KEPT * old + (1 - KEPT) * new, averages, used) if training else averages
    return layer["gamma"] * normal + layer["beta"], averages


# %% [markdown]
# The model is a tree of arrays, the averages among them. The hidden layers need no bias: the normalisation would take
# it away again.


# %% Network
def variables(seed=0, hidden=(100, 100, 100)):
    kernel, keys = jax.nn.initializers.he_normal(), jax.random.split(jax.random.key(seed), len(hidden) + 1)
    model = {}
    for number, (key, shape) in enumerate(zip(keys, pairwise((784, *hidden, 10)), strict=True), 1):
        zeros, ones = jnp.zeros(shape[1]), jnp.ones(shape[1])
        model[f"dense{number}"] = {"kernel": kernel(key, shape)}
        model[f"norm{number}"] = {"gamma": ones, "beta": zeros, "moving_mean": zeros, "moving_variance": ones}
    model.popitem()  # after the last layer nothing is normalised; it has a bias instead
    model[f"dense{number}"]["bias"] = zeros
    return model


def network(model, images, training=False):
    """Gives the logits (N, 10), and the moving averages by layer."""
    outputs, averages, last = images.reshape(len(images), -1), {}, (len(model) + 1) // 2  # (N, 784)
    for number in range(1, last):
        inputs, norm = outputs @ model[f"dense{number}"]["kernel"], f"norm{number}"
        outputs, averages[norm] = normalise(model[norm], inputs, training)
        outputs = jax.nn.relu(outputs)
    return outputs @ model[f"dense{last}"]["kernel"] + model[f"dense{last}"]["bias"], averages


# %% [markdown]
# `has_aux` lets the averages through beside the loss. Their own gradient is zero, and the new ones take their place.


# %% Train
def cross_entropy(model, images, labels):
    logits, averages = network(model, images, training=True)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)), averages


@jax.jit
def step(model, images, labels, learning_rate):
    (loss, averages), gradients = jax.value_and_grad(cross_entropy, has_aux=True)(model, images, labels)
    model = jax.tree.map(lambda weight, gradient: weight - learning_rate * gradient, model, gradients)
    return {name: layer | averages.get(name, {}) for name, layer in model.items()}, loss


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


# %% Evaluate
@jax.jit
def scores(model, images):
    return network(model, images)[0]


def predict(model, images):
    return np.asarray(scores(model, images))  # (N, 10)


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
