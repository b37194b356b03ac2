# %% [markdown]
# # A fast convolutional network for MNIST, in NumPy
# Threads share a batch out in chunks of 16 images, few enough for the cache. Bias and ReLU come after the pooling, on
# a quarter of the numbers, two rows and columns that it would drop are never computed, and freed memory is kept.

# %% Init
import os
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path
from urllib.request import urlretrieve

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the threads below share the work out instead
import numpy as np

np.empty(2**25 - 2**16, np.uint8)  # freed at once: from it glibc learns to keep memory of up to that size for reuse
threads = ThreadPoolExecutor(int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count()))


# %% Variables
def variables(weights=None, seed=0):
    """The model is a dictionary of arrays; by default He-normal kernels and zero biases."""
    if weights is not None:
        return {name: array.copy() for name, array in weights.items()}
    random, model = np.random.default_rng(seed), {}
    shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense1": (1600, 128), "dense2": (128, 10)}
    for layer, shape in shapes.items():
        model[f"{layer}_kernel"] = random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32)
        model[f"{layer}_bias"] = np.zeros(shape[-1], np.float32)
    return model


def weights(model):
    return {name: array.copy() for name, array in model.items()}


# %% Network
def windows(maps):
    """Each 3x3 window as one row: (N, H, W, C) to (N, H-2, W-2, 9C)."""
    n, height, width, channels = maps.shape
    rows = np.empty((n, height - 2, width - 2, 9, channels), maps.dtype)
    for k in range(9):
        rows[..., k, :] = maps[:, k // 3 : k // 3 + height - 2, k % 3 : k % 3 + width - 2]
    return rows.reshape(n, height - 2, width - 2, 9 * channels)


def corners(maps):
    """The four pixels of each 2x2 window, as four views."""
    return [maps[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]


def product(model, layer, inputs):
    return inputs @ model[f"{layer}_kernel"].reshape(inputs.shape[-1], -1)


def network(model, images, tape=None):
    """Gives the logits, and the intermediate results, which the gradient needs, to the tape."""
    rows1 = windows(images[:, :26, :26])  # (N, 24, 24, 9); further pixels only reach what the pooling leaves out
    conv1 = product(model, "conv1", rows1)  # (N, 24, 24, 32)
    most1 = reduce(np.maximum, corners(conv1))  # (N, 12, 12, 32)
    pool1 = np.maximum(most1 + model["conv1_bias"], 0)
    rows2 = windows(pool1)  # (N, 10, 10, 288)
    conv2 = product(model, "conv2", rows2)  # (N, 10, 10, 64)
    most2 = reduce(np.maximum, corners(conv2))  # (N, 5, 5, 64)
    flat = np.maximum(most2 + model["conv2_bias"], 0).reshape(len(images), -1)  # (N, 1600)
    hidden = np.maximum(product(model, "dense1", flat) + model["dense1_bias"], 0)  # (N, 128)
    if tape is not None:
        tape += rows1, conv1, most1, pool1, rows2, conv2, most2, flat, hidden
    return product(model, "dense2", hidden) + model["dense2_bias"]  # (N, 10)


# %% Train
def unpool(gradient, maps, most):
    """Sends each window's gradient to its maximum, to the first one where several tie."""
    out = np.empty_like(maps)
    for pixel, target in zip(corners(maps), corners(out), strict=True):
        np.multiply(gradient, pixel == most, out=target)
        gradient = gradient - target
    return out.reshape(-1, maps.shape[-1])


def loss_and_gradients(model, images, labels):
    """The cross-entropy, and its gradient for each array of the model, summed over the images."""
    logits = network(model, images, tape := [])
    rows1, conv1, most1, pool1, rows2, conv2, most2, flat, hidden = tape
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    d_logits = exponentials / exponentials.sum(axis=1, keepdims=True)  # softmax
    loss = -np.log(d_logits[range(len(labels)), labels]).sum()
    d_logits[range(len(labels)), labels] -= 1  # the derivative of softmax and cross-entropy together
    d_hidden = d_logits @ model["dense2_kernel"].T * (hidden > 0)
    d_pool2 = (d_hidden @ model["dense1_kernel"].T * (flat > 0)).reshape(most2.shape)
    d_conv2 = unpool(d_pool2, conv2, most2)  # (N * 100, 64)
    d_rows2 = (d_conv2 @ model["conv2_kernel"].reshape(288, 64).T).reshape(-1, 10, 10, 9, 32)
    d_pool1 = np.zeros_like(pool1)
    for k in range(9):  # a pixel takes part in up to nine windows
        d_pool1[:, k // 3 : k // 3 + 10, k % 3 : k % 3 + 10] += d_rows2[..., k, :]
    d_pool1 *= pool1 > 0
    d_conv1 = unpool(d_pool1, conv1, most1)  # (N * 576, 32)

    gradients = {}
    inputs = {"conv1": rows1, "conv2": rows2, "dense1": flat, "dense2": hidden}
    products = (d_conv1, d_conv2, d_hidden, d_logits)
    sums = (d_pool1, d_pool2, d_hidden, d_logits)  # the first two biases are added after the pooling
    for layer, d_product, d_sum in zip(inputs, products, sums, strict=True):
        kernel = inputs[layer].reshape(len(d_product), -1).T @ d_product
        gradients[f"{layer}_kernel"] = kernel.reshape(model[f"{layer}_kernel"].shape)
        gradients[f"{layer}_bias"] = d_sum.sum(axis=tuple(range(d_sum.ndim - 1)))
    return loss, gradients


def train(model, images, labels, *, epochs=1, batch_size=128, learning_rate=0.05, momentum=0.9, shuffle=True, seed=0):
    random, velocity, history = np.random.default_rng(seed), dict.fromkeys(model, 0.0), []
    for _ in range(epochs):
        order, loss = random.permutation(len(images)) if shuffle else np.arange(len(images)), 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            chunks = np.split(batch, range(16, len(batch), 16))
            parts = list(threads.map(lambda chunk: loss_and_gradients(model, images[chunk], labels[chunk]), chunks))
            loss += sum(part_loss for part_loss, _ in parts)
            for name in model:
                gradient = sum(part_gradients[name] for _, part_gradients in parts) / len(batch)
                velocity[name] = momentum * velocity[name] + gradient
                model[name] -= learning_rate * velocity[name]
        history.append(float(loss / len(images)))
    return model, history


# %% Evaluate
def predict(model, images):
    chunks = np.split(images, range(16, len(images), 16))
    return np.concatenate(list(threads.map(lambda chunk: network(model, chunk), chunks)))  # (N, 10)


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
