# %% [markdown]
# # A fast convolutional network for MNIST, in NumPy
# Threads share a batch out in chunks of 16 images, few enough for the cache, and freed memory is kept for the next.

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

# %% [markdown]
# The windows that a convolution sees become rows of a matrix, and it is one matrix product. A maximum commutes with
# adding a bias and with ReLU, so both come after the pooling, on a quarter of the numbers. The last two rows and
# columns of the images only reach what the pooling leaves out: they are never computed.

# %% Network
shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense1": (1600, 128), "dense2": (128, 10)}


def variables(seed=0):
    random, model = np.random.default_rng(seed), {}
    for layer, shape in shapes.items():
        model[f"{layer}_kernel"] = random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32)
        model[f"{layer}_bias"] = np.zeros(shape[-1], np.float32)
    return model


def windows(maps):  # (N, H, W, C) to (N, H-2, W-2, 9C)
    views = np.lib.stride_tricks.sliding_window_view(maps, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    return views.reshape(*views.shape[:3], -1)


def corners(maps):  # the four pixels of each 2x2 window, as four views
    return [maps[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]


def network(model, images):
    rows1 = windows(images[:, :26, :26])  # (N, 24, 24, 9)
    conv1 = rows1 @ model["conv1_kernel"].reshape(9, 32)  # (N, 24, 24, 32)
    most1 = reduce(np.maximum, corners(conv1))  # (N, 12, 12, 32)
    maps1 = np.maximum(most1 + model["conv1_bias"], 0)
    rows2 = windows(maps1)  # (N, 10, 10, 288)
    conv2 = rows2 @ model["conv2_kernel"].reshape(288, 64)  # (N, 10, 10, 64)
    most2 = reduce(np.maximum, corners(conv2))  # (N, 5, 5, 64)
    flat = np.maximum(most2 + model["conv2_bias"], 0).reshape(len(images), -1)  # (N, 1600)
    hidden = np.maximum(flat @ model["dense1_kernel"] + model["dense1_bias"], 0)  # (N, 128)
    logits = hidden @ model["dense2_kernel"] + model["dense2_bias"]  # (N, 10)
    return logits, (rows1, conv1, most1, maps1, rows2, conv2, most2, flat, hidden)  # what the gradient needs


# %% [markdown]
# Each window's gradient goes to its largest pixel, the first one if several are equal. Each chunk gives sums over its
# images, which are added up and divided by the size of the batch.


# %% Train
def unpool(gradient, maps, most):
    out = np.empty_like(maps)
    for pixel, target in zip(corners(maps), corners(out), strict=True):
        np.multiply(gradient, pixel == most, out=target)
        gradient = gradient - target
    return out.reshape(-1, maps.shape[-1])


def loss_and_gradients(model, images, labels):
    """The cross-entropy, and its gradient for each array of the model, summed over the images."""
    logits, (rows1, conv1, most1, maps1, rows2, conv2, most2, flat, hidden) = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].sum()

    d_logits = np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels]  # probability minus truth
    d_hidden = d_logits @ model["dense2_kernel"].T * (hidden > 0)
    d_maps2 = (d_hidden @ model["dense1_kernel"].T * (flat > 0)).reshape(most2.shape)
    d_conv2 = unpool(d_maps2, conv2, most2)  # (N * 100, 64)
    d_rows2 = (d_conv2 @ model["conv2_kernel"].reshape(288, 64).T).reshape(-1, 10, 10, 3, 3, 32)
    d_maps1 = np.zeros_like(maps1)
    for i, j in np.ndindex(3, 3):  # a pixel is seen by up to nine windows
        d_maps1[:, i : i + 10, j : j + 10] += d_rows2[..., i, j, :]
    d_maps1 *= maps1 > 0
    d_conv1 = unpool(d_maps1, conv1, most1)  # (N * 576, 32)
    return loss, {
        "conv1_kernel": (rows1.reshape(-1, 9).T @ d_conv1).reshape(3, 3, 1, 32),
        "conv1_bias": d_maps1.sum(axis=(0, 1, 2)),
        "conv2_kernel": (rows2.reshape(-1, 288).T @ d_conv2).reshape(3, 3, 32, 64),
        "conv2_bias": d_maps2.sum(axis=(0, 1, 2)),
        "dense1_kernel": flat.T @ d_hidden,
        "dense1_bias": d_hidden.sum(axis=0),
        "dense2_kernel": hidden.T @ d_logits,
        "dense2_bias": d_logits.sum(axis=0),
    }


def train(
    model,
    images,
    labels,
    *,
    epochs=1,
    batch_size=128,
    learning_rate=0.05,
    momentum=0.9,
    shuffle=True,
    seed=0,
    watch=None,
):
    random, velocity, history = np.random.default_rng(seed), dict.fromkeys(model, 0.0), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            chunks = np.split(batch, range(16, len(batch), 16))
            parts = list(threads.map(lambda chunk: loss_and_gradients(model, images[chunk], labels[chunk]), chunks))
            for name in model:
                velocity[name] = momentum * velocity[name] + sum(part[name] for _, part in parts) / len(batch)
                model[name] -= learning_rate * velocity[name]
            total += sum(loss for loss, _ in parts)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# The largest of the ten logits is the answer.


# %% Evaluate
def predict(model, images):
    chunks = np.split(images, range(16, len(images), 16))
    return np.concatenate(list(threads.map(lambda chunk: network(model, chunk)[0], chunks)))  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    model, history = train(variables(), mnist["x_train"][..., None] / np.float32(255), mnist["y_train"])
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
