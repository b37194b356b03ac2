# %% [markdown]
# # A fast convolutional network for MNIST, in JAX
# Pooling is a maximum of four slices, whose gradient is much faster than `reduce_window`'s on a processor. In the
# first layer the slices are four convolutions with stride 2. Bias and ReLU come after the pooling, on a quarter of the
# numbers, and what the pooling would drop is never computed.

# %% Init
from functools import reduce
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np

# %% Variables
shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense1": (1600, 128), "dense2": (128, 10)}


def variables(weights=None, seed=0):
    """The model is a dictionary of arrays; by default He-normal kernels and zero biases."""
    if weights is not None:
        return {name: jnp.array(array) for name, array in weights.items()}
    model, he_normal = {}, jax.nn.initializers.he_normal()
    keys = jax.random.split(jax.random.key(seed), len(shapes))
    for key, (layer, shape) in zip(keys, shapes.items(), strict=True):
        model[f"{layer}_kernel"] = he_normal(key, shape)
        model[f"{layer}_bias"] = jnp.zeros(shape[-1])
    return model


def weights(model):
    """As NumPy arrays, in the order of the layers: compiled functions give dictionaries back in alphabetical order."""
    return {name: np.array(model[name]) for layer in shapes for name in (f"{layer}_kernel", f"{layer}_bias")}


# %% Network
def convolution(maps, kernel, stride=1):
    layout = ("NHWC", "HWIO", "NHWC")  # channels last; JAX's own default is channels first
    return jax.lax.conv_general_dilated(maps, kernel, (stride, stride), "VALID", dimension_numbers=layout)


@jax.jit
def network(model, images):
    # The four corners of each pooling window. The last two rows and columns only reach what the pooling leaves out.
    corners = [images[:, i : i + 25, j : j + 25] for i in (0, 1) for j in (0, 1)]
    conv1 = [convolution(corner, model["conv1_kernel"], stride=2) for corner in corners]  # 4 times (N, 12, 12, 32)
    pool1 = jax.nn.relu(reduce(jnp.maximum, conv1) + model["conv1_bias"])
    conv2 = convolution(pool1, model["conv2_kernel"])  # (N, 10, 10, 64)
    corners = [conv2[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]  # 4 times (N, 5, 5, 64)
    pool2 = jax.nn.relu(reduce(jnp.maximum, corners) + model["conv2_bias"])
    flat = pool2.reshape(len(images), -1)  # (N, 1600)
    hidden = jax.nn.relu(flat @ model["dense1_kernel"] + model["dense1_bias"])  # (N, 128)
    return hidden @ model["dense2_kernel"] + model["dense2_bias"]  # (N, 10)


# %% Train
def cross_entropy(model, images, labels):
    log_probabilities = jax.nn.log_softmax(network(model, images))  # (N, 10)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


@jax.jit
def step(model, velocity, images, labels, learning_rate, momentum):
    loss, gradients = jax.value_and_grad(cross_entropy)(model, images, labels)
    velocity = jax.tree.map(lambda v, gradient: momentum * v + gradient, velocity, gradients)
    model = jax.tree.map(lambda weight, v: weight - learning_rate * v, model, velocity)
    return model, velocity, loss


def train(model, images, labels, *, epochs=1, batch_size=128, learning_rate=0.05, momentum=0.9, shuffle=True, seed=0):
    random, velocity, history = np.random.default_rng(seed), jax.tree.map(jnp.zeros_like, model), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches = np.split(order, range(batch_size, len(order), batch_size))
        losses = []  # not read before the epoch's end: steps are queued, and Python needn't wait for their results
        for batch in batches:
            model, velocity, loss = step(model, velocity, images[batch], labels[batch], learning_rate, momentum)
            losses.append(loss)
        history.append(float(np.average(jax.device_get(losses), weights=[len(batch) for batch in batches])))
    return model, history


# %% Evaluate
def predict(model, images):
    batches = np.split(images, range(500, len(images), 500))
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
    model, history = train(variables(), train_images, train_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {evaluate(model, test_images, test_labels):.4f}")
