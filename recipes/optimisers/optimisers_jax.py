# %% [markdown]
# # Optimisers, in JAX
# JAX has gradients and no optimisers: most people take them from Optax, a library of its own. Each is a pure function,
# which gives what is to be remembered along with its answer; here they are written down.

# %% Init
from functools import partial
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree


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
# To an optimiser the whole model is one long vector. It is given the gradient, a velocity and a sum of squares, and
# gives the direction of the step, and both as they are afterwards. Optax's are the same, but with other constants:
# `optax.rmsprop` adds epsilon under the root, and `optax.adam` has 1e-8.

# %% Optimiser
EPSILON = 1e-7  # keeps from dividing by 0


def sgd(gradient, velocity, squares, step):
    return gradient, velocity, squares


def momentum(gradient, velocity, squares, step):
    velocity = 0.9 * velocity + gradient
    return velocity, velocity, squares


def nesterov(gradient, velocity, squares, step):
    velocity = 0.9 * velocity + gradient
    return gradient + 0.9 * velocity, velocity, squares


def adagrad(gradient, velocity, squares, step):
    squares = squares + gradient**2
    return gradient / (jnp.sqrt(squares) + EPSILON), velocity, squares


def rmsprop(gradient, velocity, squares, step):
    squares = 0.9 * squares + 0.1 * gradient**2
    return gradient / (jnp.sqrt(squares) + EPSILON), velocity, squares


def adam(gradient, velocity, squares, step):  # both averages start as 0, and are too small by a known factor at first
    velocity, squares = 0.9 * velocity + 0.1 * gradient, 0.999 * squares + 0.001 * gradient**2
    mean = velocity / (1 - 0.9**step)
    return mean / (jnp.sqrt(squares / (1 - 0.999**step)) + EPSILON), velocity, squares


optimizers = {"sgd": sgd, "momentum": momentum, "nesterov": nesterov}
optimizers |= {"adagrad": adagrad, "rmsprop": rmsprop, "adam": adam}


# %% Train
def cross_entropy(model, images, labels):
    log_probabilities = jax.nn.log_softmax(network(model, images))  # (N, 10)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


@partial(jax.jit, static_argnames="optimizer")  # another optimiser is another program
def update(model, memory, images, labels, optimizer, learning_rate, step):
    loss, gradients = jax.value_and_grad(cross_entropy)(model, images, labels)
    gradient, as_tree = ravel_pytree(gradients)
    direction, *memory = optimizers[optimizer](gradient, *memory, step)
    steps = as_tree(learning_rate * direction)
    return jax.tree.map(lambda weight, step: weight - step, model, steps), memory, loss


def train(
    model,
    images,
    labels,
    *,
    epochs=3,
    batch_size=50,
    learning_rate=0.1,
    optimizer="sgd",
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history, step = np.random.default_rng(seed), [], 0
    memory = [jnp.zeros_like(ravel_pytree(model)[0]) for _ in ("velocity", "squares")]  # (79510,) each
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches, losses = np.split(order, range(batch_size, len(order), batch_size)), []
        for batch in batches:
            step += 1
            model, memory, loss = update(model, memory, images[batch], labels[batch], optimizer, learning_rate, step)
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
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels, optimizer="adam", learning_rate=0.003)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
