# %% [markdown]
# # Does pooling forgive a shift? In NumPy
# A pooling layer puts one number in the place of four. Which one decides what the network notices of a small movement,
# forwards, and where the gradient goes, backwards.

# %% Init
import math
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlretrieve

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# %% [markdown]
# The model is a dictionary of arrays, and the name of the pooling. Without pooling the maps stay large, and the dense
# layer has 23 times as many inputs.


# %% Network
def variables(seed=0, pooling="max"):
    random, parameters = np.random.default_rng(seed), {}
    flat = 24 * 24 * 16 if pooling == "none" else 5 * 5 * 16
    for layer, shape in {"conv1": (3, 3, 1, 8), "conv2": (3, 3, 8, 16), "dense1": (flat, 10)}.items():
        deviation = math.sqrt(2 / math.prod(shape[:-1]))
        parameters[f"{layer}_kernel"] = random.standard_normal(shape, np.float32) * deviation
        parameters[f"{layer}_bias"] = np.zeros(shape[-1], np.float32)
    return SimpleNamespace(parameters=parameters, pooling=pooling)


def convolve(maps, kernel):
    windows = sliding_window_view(maps, kernel.shape[:2], axis=(1, 2))  # (N, H-2, W-2, in, 3, 3)
    return np.tensordot(windows, kernel, axes=((4, 5, 3), (0, 1, 2)))  # (N, H-2, W-2, out)


def corners(maps):
    """The four pixels of each 2x2 window, as four views; an odd last row or column is left out."""
    height, width = maps.shape[1] // 2 * 2, maps.shape[2] // 2 * 2
    return [maps[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]


def pool(maps, pooling):
    if pooling == "none":
        return maps
    return np.max(corners(maps), axis=0) if pooling == "max" else np.mean(corners(maps), axis=0)


def network(model, images):
    """The logits, and each layer's result, which the gradient needs."""
    weights = model.parameters
    conv1 = np.maximum(convolve(images, weights["conv1_kernel"]) + weights["conv1_bias"], 0)  # (N, 26, 26, 8)
    pool1 = pool(conv1, model.pooling)  # (N, 13, 13, 8)
    conv2 = np.maximum(convolve(pool1, weights["conv2_kernel"]) + weights["conv2_bias"], 0)  # (N, 11, 11, 16)
    pool2 = pool(conv2, model.pooling)  # (N, 5, 5, 16)
    logits = pool2.reshape(len(images), -1) @ weights["dense1_kernel"] + weights["dense1_bias"]  # (N, 10)
    return logits, (conv1, pool1, conv2, pool2)


# %% [markdown]
# The maximum's gradient goes to the largest of four pixels alone, the average's to each of them, a quarter each.
# Without pooling it stays where it is.


# %% Train
def unpool(gradient, maps, pooling):
    if pooling == "none":
        return gradient
    out, largest = np.zeros_like(maps), np.argmax(corners(maps), axis=0)  # the first one, if several are equal
    for number, pixel in enumerate(corners(out)):
        pixel[:] = gradient * (largest == number) if pooling == "max" else gradient / 4
    return out


def kernel_gradient(maps, gradient):
    windows = sliding_window_view(maps, (3, 3), axis=(1, 2))  # (N, H-2, W-2, in, 3, 3)
    return np.tensordot(windows, gradient, axes=((0, 1, 2), (0, 1, 2))).transpose(1, 2, 0, 3)  # (3, 3, in, out)


def maps_gradient(kernel, gradient):
    padded = np.pad(gradient, ((0, 0), (2, 2), (2, 2), (0, 0)))
    return convolve(padded, kernel[::-1, ::-1].swapaxes(2, 3))  # (N, H, W, in)


def loss_and_gradients(model, images, labels):
    """The mean cross-entropy, and its gradient for each array of the model."""
    logits, (conv1, pool1, conv2, pool2) = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()

    d_logits = (np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels]) / len(labels)
    d_pool2 = (d_logits @ model.parameters["dense1_kernel"].T).reshape(pool2.shape)
    d_conv2 = unpool(d_pool2, conv2, model.pooling) * (conv2 > 0)
    d_pool1 = maps_gradient(model.parameters["conv2_kernel"], d_conv2)
    d_conv1 = unpool(d_pool1, conv1, model.pooling) * (conv1 > 0)
    return loss, {
        "conv1_kernel": kernel_gradient(images, d_conv1),
        "conv1_bias": d_conv1.sum(axis=(0, 1, 2)),
        "conv2_kernel": kernel_gradient(pool1, d_conv2),
        "conv2_bias": d_conv2.sum(axis=(0, 1, 2)),
        "dense1_kernel": pool2.reshape(len(images), -1).T @ d_logits,
        "dense1_bias": d_logits.sum(axis=0),
    }


def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            for name, gradient in gradients.items():
                model.parameters[name] -= learning_rate * gradient
            total += loss * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# The largest of the ten logits is the answer. A few hundred images at a time take little memory.


# %% Evaluate
def predict(model, images):
    batches = np.split(images, range(500, len(images), 500))
    return np.concatenate([network(model, batch)[0] for batch in batches])  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels)
    test_images, test_labels = mnist["x_test"][..., None] / np.float32(255), mnist["y_test"]
    for shift in range(5):
        moved = np.pad(test_images, ((0, 0), (0, 0), (shift, 0), (0, 0)))[:, :, :28]
        print(f"moved by {shift} pixels: test accuracy {evaluate(model, moved, test_labels):.4f}")
