# %% [markdown]
# # Dropout, in JAX
# There is no layer and no hidden generator: a mask is drawn from a key, each step has a key of its own, and the mask is
# an argument of the network.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# The model is a tree of arrays. `kept` is what dropout leaves of each neuron; in evaluation it is 1.


# %% Network
def variables(seed=0):
    kernel, keys = jax.nn.initializers.he_normal(), jax.random.split(jax.random.key(seed))
    shapes = {"dense1": (784, 100), "dense2": (100, 10)}
    return {
        layer: {"kernel": kernel(key, shape), "bias": jnp.zeros(shape[1])}
        for key, (layer, shape) in zip(keys, shapes.items(), strict=True)
    }


@jax.jit
def network(model, images, kept=1):
    hidden = images.reshape(len(images), -1) @ model["dense1"]["kernel"] + model["dense1"]["bias"]  # (N, 100)
    return jax.nn.relu(hidden) * kept @ model["dense2"]["kernel"] + model["dense2"]["bias"]  # (N, 10)


# %% [markdown]
# What is kept is made larger, so that evaluation needs no correction. Used twice, a key would give the same mask twice;
# `fold_in` makes a new one of the number of the step. Masks may also come from outside: with them two frameworks can be
# compared number by number.


# %% Dropout
def draw_mask(key, step, size, dropout):
    return jax.random.bernoulli(jax.random.fold_in(key, step), 1 - dropout, (size, 100))


def cross_entropy(model, images, labels, mask, dropout):
    log_probabilities = jax.nn.log_softmax(network(model, images, mask / (1 - dropout)))  # (N, 10)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


# %% Train
@jax.jit
def update(model, images, labels, mask, learning_rate, dropout):
    loss, gradients = jax.value_and_grad(cross_entropy)(model, images, labels, mask, dropout)
    return jax.tree.map(lambda weight, gradient: weight - learning_rate * gradient, model, gradients), loss


def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    dropout=0.5,
    shuffle=True,
    seed=0,
    watch=None,
    masks=None,
):
    random, key, step, history = np.random.default_rng(seed), jax.random.key(seed), 0, []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches, losses = np.split(order, range(batch_size, len(order), batch_size)), []
        for batch in batches:
            mask = draw_mask(key, step, len(batch), dropout) if masks is None else masks[step][: len(batch)]
            model, loss = update(model, images[batch], labels[batch], mask, learning_rate, dropout)
            losses.append(loss)
            step += 1
        history.append(float(np.average(losses, weights=[len(batch) for batch in batches])))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# Every neuron takes part: `kept` is 1.


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
    images, labels = mnist["x_train"][:1_000, ..., None] / np.float32(255), mnist["y_train"][:1_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
