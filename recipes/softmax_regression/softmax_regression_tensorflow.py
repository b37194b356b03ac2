# %% [markdown]
# # Softmax regression, in TensorFlow
# Two variables, one matrix product and a gradient tape; no Keras. The steps are so small that calling them from Python
# would cost more than the arithmetic: the loop over the batches is therefore part of the graph.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import tensorflow as tf


# %% Variables
def variables(weights=None, seed=0):
    """The model is a dictionary of variables. It starts from zeros, so the seed has nothing to do."""
    if weights is None:
        weights = {"dense_kernel": tf.zeros((784, 10)), "dense_bias": tf.zeros(10)}
    return {name: tf.Variable(array, name=name) for name, array in weights.items()}


def weights(model):
    return {name: variable.numpy() for name, variable in model.items()}


# %% Network
def network(model, images):
    flat = tf.reshape(images, (-1, 784))  # (N, 784)
    return flat @ model["dense_kernel"] + model["dense_bias"]  # (N, 10)


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def train_epoch(model, images, labels, order, batch_size, learning_rate):
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
            variable.assign_sub(learning_rate * gradients[name])
        total += tf.reduce_sum(losses)
    return total / tf.cast(tf.size(order), total.dtype)


def train(model, images, labels, *, epochs=2, batch_size=100, learning_rate=0.5, shuffle=True, seed=0):
    images, labels = tf.constant(images), tf.constant(labels, tf.int64)
    # As tensors these two are inputs of the graph; each new value of a Python number would make a new graph.
    batch_size, learning_rate = tf.constant(batch_size), tf.constant(learning_rate, images.dtype)
    history = []
    for epoch in range(epochs):
        order = tf.range(len(images))
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        loss = train_epoch(model, images, labels, order, batch_size, learning_rate)
        history.append(float(loss))
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images).numpy()


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
    model, history = train(variables(), train_images[:50_000], train_labels[:50_000])
    print(f"loss {history[-1]:.4f}, test accuracy {evaluate(model, test_images, test_labels):.4f}")
