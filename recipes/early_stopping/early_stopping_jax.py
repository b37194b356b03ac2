# %% [markdown]
# # Early stopping, in JAX
# Each step gives a new model and leaves the old one as it is. So the best model needs no copy: it is enough to keep it.

# %% Init
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


# %% Epoch
@jax.jit
def cross_entropy(model, images, labels):
    log_probabilities = jax.nn.log_softmax(network(model, images))  # (N, 10)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


@jax.jit
def step(model, images, labels, learning_rate):
    loss, gradients = jax.value_and_grad(cross_entropy)(model, images, labels)
    return jax.tree.map(lambda weight, gradient: weight - learning_rate * gradient, model, gradients), loss


def train_epoch(model, images, labels, batches, learning_rate):
    """Goes once through the images; gives the new model and the mean loss."""
    losses = []
    for batch in batches:
        model, loss = step(model, images[batch], labels[batch], learning_rate)
        losses.append(loss)
    return model, float(np.average(losses, weights=[len(batch) for batch in batches]))


# %% [markdown]
# The last fifth of the images is for validation, and it is set aside before anything is shuffled: an image that is
# sometimes learnt from says nothing.


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    patience=5,
    shuffle=True,
    seed=0,
    watch=None,
):
    count = len(images) * 4 // 5
    unseen, images = (images[count:], labels[count:]), images[:count]
    random, history = np.random.default_rng(seed), []
    lowest, best, waited = np.inf, model, 0
    for _ in range(epochs):
        order = random.permutation(count) if shuffle else np.arange(count)
        batches = np.split(order, range(batch_size, count, batch_size))
        model, loss = train_epoch(model, images, labels, batches, learning_rate)
        history.append(loss)
        validation_loss = float(cross_entropy(model, *unseen))
        waited += 1
        if validation_loss < lowest:
            lowest, best, waited = validation_loss, model, 0
        if watch:
            watch(model)
        if waited == patience:
            break
    return best, history


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
    images, labels = mnist["x_train"][:1_250, ..., None] / np.float32(255), mnist["y_train"][:1_250]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"{len(history)} epochs, loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
