# %% [markdown]
# # Softmax regression, in TensorFlow 1
# The computation is drawn as a graph with placeholders for the images and labels; a session runs the training step
# a thousand times. This was the first program of TensorFlow's own tutorial.

# %% Init
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlretrieve

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% Variables
def variables(weights=None, seed=0):
    """The model is a graph and the session that holds its variables. It starts from zeros, whatever the seed."""
    if weights is None:
        weights = {"dense_kernel": np.zeros((784, 10), np.float32), "dense_bias": np.zeros(10, np.float32)}
    model = SimpleNamespace(graph=tf.Graph())
    with model.graph.as_default():
        model.parameters = {name: tf.get_variable(name, initializer=array) for name, array in weights.items()}
        draw_graph(model)
        model.session = tf.Session()
        model.session.run(tf.global_variables_initializer())
    return model


def weights(model):
    return model.session.run(model.parameters)


# %% Network
def network(model, images):
    flat = tf.reshape(images, [-1, 784])  # (N, 784)
    return tf.matmul(flat, model.parameters["dense_kernel"]) + model.parameters["dense_bias"]  # (N, 10)


# %% Train
def draw_graph(model):
    """The placeholders, the loss and the training step: everything that a session will run."""
    dtype = model.parameters["dense_kernel"].dtype.base_dtype
    model.images = tf.placeholder(dtype, [None, 28, 28, 1])
    model.labels = tf.placeholder(tf.int64, [None])
    model.learning_rate = tf.placeholder(dtype, [])
    model.logits = network(model, model.images)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=model.labels, logits=model.logits)  # (N,)
    model.loss = tf.reduce_mean(losses)
    model.train_step = tf.train.GradientDescentOptimizer(model.learning_rate).minimize(model.loss)


def train(model, images, labels, *, epochs=2, batch_size=100, learning_rate=0.5, shuffle=True, seed=0):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            fed = {model.images: images[batch], model.labels: labels[batch], model.learning_rate: learning_rate}
            loss, _ = model.session.run([model.loss, model.train_step], feed_dict=fed)
            total += loss * len(batch)
        history.append(float(total / len(images)))
    return model, history


# %% Evaluate
def predict(model, images):
    return model.session.run(model.logits, {model.images: images})  # (N, 10)


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
