# %% [markdown]
# # L2 regularisation, in JAX
# The loss gets a penalty: half of λ times the sum of all squared weights. Its gradient comes with that of the loss.

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


# %% [markdown]
# The half is there so that no 2 stays in the gradient. Only kernels pay: a bias makes no function steeper. What is
# differentiated has the penalty, and what is reported hasn't, so that it can be compared with the loss of other images.


# %% Penalty
def penalty(model, l2):
    return l2 / 2 * sum(jnp.sum(layer["kernel"] ** 2) for layer in model.values())


def cross_entropy(model, images, labels):
    log_probabilities = jax.nn.log_softmax(network(model, images))  # (N, 10)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


def loss_and_cross_entropy(model, images, labels, l2):
    loss = cross_entropy(model, images, labels)
    return loss + penalty(model, l2), loss


# %% Train
@jax.jit
def update(model, images, labels, learning_rate, l2):
    (_, loss), gradients = jax.value_and_grad(loss_and_cross_entropy, has_aux=True)(model, images, labels, l2)
    return jax.tree.map(lambda weight, gradient: weight - learning_rate * gradient, model, gradients), loss


def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    l2=0.01,
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches, losses = np.split(order, range(batch_size, len(order), batch_size)), []
        for batch in batches:
            model, loss = update(model, images[batch], labels[batch], learning_rate, l2)
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
    images, labels = mnist["x_train"][:1_000, ..., None] / np.float32(255), mnist["y_train"][:1_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
