# %% [markdown]
# # Softmax regression, in JAX
# The model is a dictionary of two arrays, and the loss a pure function of it. `jax.value_and_grad` works out the
# gradients, and `jax.jit` compiles the whole step into one program.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np


# %% Variables
def variables(weights=None, seed=0):
    """The model is a dictionary of arrays. It starts from zeros, so the seed has nothing to do."""
    if weights is None:
        return {"dense_kernel": jnp.zeros((784, 10)), "dense_bias": jnp.zeros(10)}
    return {name: jnp.array(array) for name, array in weights.items()}


def weights(model):
    """As NumPy arrays, the kernel first: compiled functions give dictionaries back in alphabetical order."""
    return {name: np.array(model[name]) for name in ("dense_kernel", "dense_bias")}


# %% Network
@jax.jit
def network(model, images):
    flat = images.reshape(len(images), -1)  # (N, 784)
    return flat @ model["dense_kernel"] + model["dense_bias"]  # (N, 10)


# %% Train
def cross_entropy(model, images, labels):
    log_probabilities = jax.nn.log_softmax(network(model, images))  # (N, 10)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


@jax.jit
def step(model, images, labels, learning_rate):
    loss, gradients = jax.value_and_grad(cross_entropy)(model, images, labels)
    return jax.tree.map(lambda weight, gradient: weight - learning_rate * gradient, model, gradients), loss


def train(model, images, labels, *, epochs=2, batch_size=100, learning_rate=0.5, shuffle=True, seed=0):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches = np.split(order, range(batch_size, len(order), batch_size))
        losses = []  # not read before the epoch's end: steps are queued, and Python needn't wait for their results
        for batch in batches:
            model, loss = step(model, images[batch], labels[batch], learning_rate)
            losses.append(loss)
        history.append(float(np.average(jax.device_get(losses), weights=[len(batch) for batch in batches])))
    return model, history


# %% Evaluate
def predict(model, images):
    batches = np.split(images, range(1000, len(images), 1000))
    return np.concatenate([network(model, batch) for batch in batches])  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
def load_mnist(path=Path("mnist.npz")):
    """Training and test set: images (N, 28, 28, 1) from 0 to 1, labels (N,). Downloads mnist.npz if it isn't here."""
    if not path.exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz.part")
        Path("mnist.npz.part").rename(path)
    with np.load(path) as file:
        return [(file[f"x_{part}"][..., None] / np.float32(255), file[f"y_{part}"]) for part in ("train", "test")]


if __name__ == "__main__":
    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    model, history = train(variables(), train_images[:50_000], train_labels[:50_000])
    print(f"loss {history[-1]:.4f}, test accuracy {evaluate(model, test_images, test_labels):.4f}")
