# %% [markdown]
# # The first network of the book, in JAX
# The cost is a function of a tree of arrays. `jax.value_and_grad` finds what the book derives with four equations.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# As in the book, kernels and biases are normal with the standard deviation 1, each from a key of randomness of its own.


# %% Network
def variables(seed=0):
    keys = iter(jax.random.split(jax.random.key(seed), 4))
    shapes = {"dense1": (784, 30), "dense2": (30, 10)}
    return {
        layer: {"kernel": jax.random.normal(next(keys), shape), "bias": jax.random.normal(next(keys), shape[1:])}
        for layer, shape in shapes.items()
    }


@jax.jit
def network(model, images):
    hidden = images.reshape(len(images), -1)  # (N, 784)
    for layer in ("dense1", "dense2"):
        hidden = jax.nn.sigmoid(hidden @ model[layer]["kernel"] + model[layer]["bias"])
    return hidden  # (N, 10)


# %% [markdown]
# Half the squared distance between the outputs and the one-hot label, averaged over the batch.


# %% Cost
def quadratic_cost(model, images, labels):
    outputs = network(model, images)
    return jnp.mean(jnp.sum((outputs - jax.nn.one_hot(labels, 10)) ** 2, axis=1)) / 2


# %% Train
@jax.jit
def step(model, images, labels, learning_rate):
    loss, gradients = jax.value_and_grad(quadratic_cost)(model, images, labels)
    return jax.tree.map(lambda weight, gradient: weight - learning_rate * gradient, model, gradients), loss


def train(model, images, labels, *, epochs=1, batch_size=10, learning_rate=3.0, shuffle=True, seed=0, watch=None):
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
def predict(model, images):
    return np.asarray(network(model, images))  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:50_000, ..., None] / np.float32(255), mnist["y_train"][:50_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
