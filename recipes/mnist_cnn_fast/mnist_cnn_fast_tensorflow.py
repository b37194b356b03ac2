# %% [markdown]
# # A fast convolutional network for MNIST, in TensorFlow
# A maximum commutes with adding a bias and with ReLU, so both come after the pooling, on a quarter of the numbers. Two
# rows and columns that the pooling would drop are never computed.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import tensorflow as tf


# %% Variables
def variables(weights=None, seed=0):
    """The model is a dictionary of variables. TensorFlow has no default initialiser: He-normal kernels, zero biases."""
    if weights is not None:
        return {name: tf.Variable(array, name=name) for name, array in weights.items()}
    model = {}
    shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense1": (1600, 128), "dense2": (128, 10)}
    for number, (layer, shape) in enumerate(shapes.items()):  # of neighbouring seeds a Generator gives shifted numbers
        kernel = tf.random.stateless_normal(shape, seed=(seed, number)) * np.sqrt(2 / np.prod(shape[:-1]))
        model[f"{layer}_kernel"] = tf.Variable(kernel, name=f"{layer}_kernel")
        model[f"{layer}_bias"] = tf.Variable(tf.zeros(shape[-1]), name=f"{layer}_bias")
    return model


def weights(model):
    return {name: variable.numpy() for name, variable in model.items()}


# %% Network
def convolution(model, layer, inputs):
    maps = tf.nn.conv2d(inputs, model[f"{layer}_kernel"], strides=1, padding="VALID")
    maps = tf.nn.max_pool2d(maps, ksize=2, strides=2, padding="VALID")
    return tf.nn.relu(tf.nn.bias_add(maps, model[f"{layer}_bias"]))


def dense(model, layer, inputs):
    return inputs @ model[f"{layer}_kernel"] + model[f"{layer}_bias"]


def network(model, images):
    # The last two rows and columns only reach what the pooling leaves out.
    pool1 = convolution(model, "conv1", images[:, :26, :26])  # (N, 12, 12, 32)
    pool2 = convolution(model, "conv2", pool1)  # (N, 5, 5, 64)
    flat = tf.reshape(pool2, (-1, 1600))  # (N, 1600)
    hidden = tf.nn.relu(dense(model, "dense1", flat))  # (N, 128)
    return dense(model, "dense2", hidden)  # (N, 10)


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def train_epoch(model, velocities, images, labels, order, batch_size, learning_rate, momentum):
    """Goes once through the images in the given order; gives the mean loss. AutoGraph puts the loop into the graph."""
    total = tf.zeros((), images.dtype)
    for start in tf.range(0, tf.size(order), batch_size):
        batch = order[start : start + batch_size]  # (N,), the last one may be shorter
        with tf.GradientTape() as tape:
            logits = network(model, tf.gather(images, batch))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)  # (N,)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model)
        for name, variable in model.items():
            velocity = velocities[name].assign(momentum * velocities[name] + gradients[name])
            variable.assign_sub(learning_rate * velocity)
        total += tf.reduce_sum(losses)
    return total / tf.cast(tf.size(order), total.dtype)


def train(model, images, labels, *, epochs=1, batch_size=128, learning_rate=0.05, momentum=0.9, shuffle=True, seed=0):
    images, labels = tf.constant(images), tf.constant(labels, tf.int64)
    # As tensors these three are inputs of the graph; each new value of a Python number would make a new graph.
    batch_size = tf.constant(batch_size)
    learning_rate, momentum = tf.constant(learning_rate, images.dtype), tf.constant(momentum, images.dtype)
    velocities = {name: tf.Variable(tf.zeros_like(variable)) for name, variable in model.items()}
    history = []
    for epoch in range(epochs):
        order = tf.range(len(images))
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        loss = train_epoch(model, velocities, images, labels, order, batch_size, learning_rate, momentum)
        history.append(float(loss))
    return model, history


# %% Evaluate
network_graph = tf.function(network, reduce_retracing=True)  # faster than operation by operation


def predict(model, images):
    batches = [images[start : start + 1000] for start in range(0, len(images), 1000)]
    return np.concatenate([network_graph(model, batch).numpy() for batch in batches])  # (N, 10)


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
