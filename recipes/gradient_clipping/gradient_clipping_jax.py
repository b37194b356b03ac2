# %% [markdown]
# # Gradient clipping, in JAX
# A recurrent network multiplies by the same kernel at each of 28 steps. Going back, so does the gradient, and it may
# grow. A gradient is a tree of arrays like the model: clipping is a function of it.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# `lax.scan` is a loop that is compiled once, whatever its length, and can be differentiated.


# %% Network
def variables(seed=0):
    first, second, third = jax.random.split(jax.random.key(seed), 3)
    glorot, orthogonal = jax.nn.initializers.glorot_uniform(), jax.nn.initializers.orthogonal()
    rnn = {"kernel": glorot(first, (28, 64)), "recurrent_kernel": orthogonal(second, (64, 64)), "bias": jnp.zeros(64)}
    return {"rnn": rnn, "dense": {"kernel": glorot(third, (64, 10)), "bias": jnp.zeros(10)}}


@jax.jit
def network(model, images):
    def read(state, row):  # (N, 64), (N, 28)
        return jnp.tanh(row @ rnn["kernel"] + state @ rnn["recurrent_kernel"] + rnn["bias"]), None

    rnn, rows = model["rnn"], jnp.asarray(images)[..., 0].swapaxes(0, 1)  # (28, N, 28)
    state, _ = jax.lax.scan(read, jnp.zeros((len(images), 64), rows.dtype), rows)
    return state @ model["dense"]["kernel"] + model["dense"]["bias"]  # (N, 10)


# %% [markdown]
# The norm is that of all gradients together, so that clipping doesn't change their direction.


# %% Clipping
def clip(gradients, max_norm):
    norm = jnp.sqrt(sum(jnp.sum(gradient**2) for gradient in jax.tree.leaves(gradients)))
    return jax.tree.map(lambda gradient: gradient * jnp.minimum(1, max_norm / norm), gradients)


# %% Train
def cross_entropy(model, images, labels):
    log_probabilities = jax.nn.log_softmax(network(model, images))  # (N, 10)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


@jax.jit
def step(model, velocity, images, labels, learning_rate, momentum, max_norm):
    loss, gradients = jax.value_and_grad(cross_entropy)(model, images, labels)
    gradients = gradients if max_norm is None else clip(gradients, max_norm)
    velocity = jax.tree.map(lambda v, gradient: momentum * v + gradient, velocity, gradients)
    return jax.tree.map(lambda weight, v: weight - learning_rate * v, model, velocity), velocity, loss


def train(
    model,
    images,
    labels,
    *,
    epochs=2,
    batch_size=100,
    learning_rate=0.03,
    momentum=0.9,
    max_norm=1.0,
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history = np.random.default_rng(seed), []
    velocity = jax.tree.map(jnp.zeros_like, model)
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches, losses = np.split(order, range(batch_size, len(order), batch_size)), []
        for batch in batches:
            rates = learning_rate, momentum, max_norm
            model, velocity, loss = step(model, velocity, images[batch], labels[batch], *rates)
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
    images, labels = mnist["x_train"][:10_000, ..., None] / np.float32(255), mnist["y_train"][:10_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
