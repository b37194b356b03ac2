# %% [markdown]
# # A convolutional network for MNIST, in NumPy
# Every layer is written out, forward and backward: this is what the frameworks do for you.

# %% Init
import math
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# %% [markdown]
# The model is a dictionary of arrays. A convolution slides a small window over the maps and takes the inner product of
# what it sees with each kernel; pooling keeps the largest of four neighbours.

# %% Network
shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense1": (1600, 128), "dense2": (128, 10)}


def variables(seed=0):
    """He-normal kernels and zero biases."""
    random, model = np.random.default_rng(seed), {}
    for layer, shape in shapes.items():
        deviation = math.sqrt(2 / math.prod(shape[:-1]))
        model[f"{layer}_kernel"] = random.standard_normal(shape, np.float32) * deviation
        model[f"{layer}_bias"] = np.zeros(shape[-1], np.float32)
    return model


def convolve(maps, kernel):
    windows = sliding_window_view(maps, kernel.shape[:2], axis=(1, 2))  # (N, H-2, W-2, in, 3, 3)
    return np.tensordot(windows, kernel, axes=((4, 5, 3), (0, 1, 2)))  # (N, H-2, W-2, out)


def corners(maps):
    """The four pixels of each 2x2 window, as four views; an odd last row or column is left out."""
    height, width = maps.shape[1] // 2 * 2, maps.shape[2] // 2 * 2
    return [maps[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]


def network(model, images):
    """The logits, and each layer's result, which the gradient needs."""
    conv1 = np.maximum(convolve(images, model["conv1_kernel"]) + model["conv1_bias"], 0)  # (N, 26, 26, 32)
    pool1 = np.max(corners(conv1), axis=0)  # (N, 13, 13, 32)
    conv2 = np.maximum(convolve(pool1, model["conv2_kernel"]) + model["conv2_bias"], 0)  # (N, 11, 11, 64)
    pool2 = np.max(corners(conv2), axis=0)  # (N, 5, 5, 64)
    flat = pool2.reshape(len(images), -1)  # (N, 1600)
    hidden = np.maximum(flat @ model["dense1_kernel"] + model["dense1_bias"], 0)  # (N, 128)
    logits = hidden @ model["dense2_kernel"] + model["dense2_bias"]  # (N, 10)
    return logits, (conv1, pool1, conv2, pool2, flat, hidden)


# %% [markdown]
# The gradient goes through the layers backwards, by the chain rule. ReLU lets it through where it gave more than 0,
# pooling sends it to the largest pixel, and a convolution spreads it over the window with the kernel turned around.


# %% Train
def unpool(gradient, maps):
    """Each window's gradient for its largest pixel, the first one if several are equal."""
    out, largest = np.zeros_like(maps), np.argmax(corners(maps), axis=0)
    for number, pixel in enumerate(corners(out)):
        pixel[:] = gradient * (largest == number)
    return out


def kernel_gradient(maps, gradient):
    windows = sliding_window_view(maps, (3, 3), axis=(1, 2))  # (N, H-2, W-2, in, 3, 3)
    return np.tensordot(windows, gradient, axes=((0, 1, 2), (0, 1, 2))).transpose(1, 2, 0, 3)  # (3, 3, in, out)


def maps_gradient(kernel, gradient):
    padded = np.pad(gradient, ((0, 0), (2, 2), (2, 2), (0, 0)))
    return convolve(padded, kernel[::-1, ::-1].swapaxes(2, 3))  # (N, H, W, in)


def loss_and_gradients(model, images, labels):
    """The mean cross-entropy, and its gradient for each array of the model."""
    logits, (conv1, pool1, conv2, pool2, flat, hidden) = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()

    truth = np.eye(10, dtype=logits.dtype)[labels]  # one-hot, (N, 10)
    d_logits = (np.exp(log_probabilities) - truth) / len(labels)  # softmax and cross-entropy together
    d_hidden = d_logits @ model["dense2_kernel"].T * (hidden > 0)
    d_pool2 = (d_hidden @ model["dense1_kernel"].T).reshape(pool2.shape)
    d_conv2 = unpool(d_pool2, conv2) * (conv2 > 0)
    d_pool1 = maps_gradient(model["conv2_kernel"], d_conv2)
    d_conv1 = unpool(d_pool1, conv1) * (conv1 > 0)
    return loss, {
        "conv1_kernel": kernel_gradient(images, d_conv1),
        "conv1_bias": d_conv1.sum(axis=(0, 1, 2)),
        "conv2_kernel": kernel_gradient(pool1, d_conv2),
        "conv2_bias": d_conv2.sum(axis=(0, 1, 2)),
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
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            for name in model:
                velocity[name] = momentum * velocity[name] + gradients[name]
                model[name] -= learning_rate * velocity[name]
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
