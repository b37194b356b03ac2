# %% [markdown]
# # Learned filters, in NumPy
# Sixteen filters slide over a digit. Every layer is written out, forward and backward.

# %% Init
import math
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# %% [markdown]
# The model is a dictionary of arrays. A convolution slides a small window over the image and takes the inner product
# of what it sees with each filter; pooling keeps the largest of four neighbours.


# %% Network
def variables(seed=0):
    """Small filters: what they learn isn't hidden by what they started from."""
    random = np.random.default_rng(seed)
    return {
        "conv_kernel": random.standard_normal((7, 7, 1, 16), np.float32) * 0.01,
        "conv_bias": np.zeros(16, np.float32),
        "dense_kernel": random.standard_normal((1936, 10), np.float32) / math.sqrt(1936),
        "dense_bias": np.zeros(10, np.float32),
    }


def windows_of(images):
    return sliding_window_view(images, (7, 7), axis=(1, 2))  # (N, 22, 22, 1, 7, 7)


def corners(maps):
    """The four pixels of each 2x2 window, as four views."""
    return [maps[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]


def network(model, images):
    """The logits, and each layer's result, which the gradient needs."""
    maps = np.tensordot(windows_of(images), model["conv_kernel"], axes=((4, 5, 3), (0, 1, 2)))  # (N, 22, 22, 16)
    maps = np.maximum(maps + model["conv_bias"], 0)
    pooled = np.max(corners(maps), axis=0)  # (N, 11, 11, 16)
    flat = pooled.reshape(len(images), -1)  # (N, 1936)
    return flat @ model["dense_kernel"] + model["dense_bias"], (maps, pooled, flat)  # (N, 10)


# %% [markdown]
# The gradient goes through the layers backwards, by the chain rule. ReLU lets it through where it gave more than 0,
# pooling sends it to the largest pixel, and a filter's gradient is the sum of the windows that it has seen, each times
# what came back from there: so a filter grows to look like the pieces of digits that it is good for.


# %% Train
def unpool(gradient, maps):
    """Each window's gradient for its largest pixel, the first one if several are equal."""
    out, largest = np.zeros_like(maps), np.argmax(corners(maps), axis=0)
    for number, pixel in enumerate(corners(out)):
        pixel[:] = gradient * (largest == number)
    return out


def loss_and_gradients(model, images, labels):
    """The mean cross-entropy, and its gradient for each array of the model."""
    logits, (maps, pooled, flat) = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()

    truth = np.eye(10, dtype=logits.dtype)[labels]  # one-hot, (N, 10)
    d_logits = (np.exp(log_probabilities) - truth) / len(labels)  # softmax and cross-entropy together
    d_pooled = (d_logits @ model["dense_kernel"].T).reshape(pooled.shape)
    d_maps = unpool(d_pooled, maps) * (maps > 0)
    d_kernel = np.tensordot(windows_of(images), d_maps, axes=((0, 1, 2), (0, 1, 2)))  # (1, 7, 7, 16)
    return loss, {
        "conv_kernel": d_kernel.transpose(1, 2, 0, 3),
        "conv_bias": d_maps.sum(axis=(0, 1, 2)),
        "dense_kernel": flat.T @ d_logits,
        "dense_bias": d_logits.sum(axis=0),
    }


def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            for name, gradient in gradients.items():
                model[name] -= learning_rate * gradient
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
    model, history = train(variables(), mnist["x_train"][..., None] / np.float32(255), mnist["y_train"])
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
