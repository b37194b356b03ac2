# %% [markdown]
# # A convolutional network for MNIST, in TensorFlow 1
# First the whole computation is drawn as a graph, with placeholders for what comes in later. Nothing is computed until
# a session runs a part of the graph and is fed with values. Much legacy code still looks like this.

# %% Init
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlretrieve

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% Variables
def variables(weights=None, seed=0):
    """The model is a graph and the session that holds its variables; by default Glorot-uniform kernels, zero biases."""
    model = SimpleNamespace(graph=tf.Graph(), parameters={})
    shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense1": (1600, 128), "dense2": (128, 10)}
    with model.graph.as_default():
        tf.set_random_seed(seed)
        for layer, shape in shapes.items():
            for name, default in ((f"{layer}_kernel", shape), (f"{layer}_bias", shape[-1:])):
                start = tf.zeros_initializer() if name.endswith("bias") else None
                given = {"initializer": weights[name]} if weights else {"shape": default, "initializer": start}
                model.parameters[name] = tf.get_variable(name, **given)
        draw_graph(model)
        model.session = tf.Session()
        model.session.run(tf.global_variables_initializer())
    return model


def weights(model):
    return model.session.run(model.parameters)


# %% Network
def convolution(model, layer, inputs):
    maps = tf.nn.conv2d(inputs, model.parameters[f"{layer}_kernel"], strides=[1, 1, 1, 1], padding="VALID")
    return tf.nn.relu(tf.nn.bias_add(maps, model.parameters[f"{layer}_bias"]))


def max_pool(maps):
    return tf.nn.max_pool(maps, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")


def dense(model, layer, inputs):
    return tf.matmul(inputs, model.parameters[f"{layer}_kernel"]) + model.parameters[f"{layer}_bias"]


def network(model, images):
    pool1 = max_pool(convolution(model, "conv1", images))  # (N, 13, 13, 32)
    pool2 = max_pool(convolution(model, "conv2", pool1))  # (N, 5, 5, 64)
    flat = tf.reshape(pool2, [-1, 1600])  # (N, 1600)
    hidden = tf.nn.relu(dense(model, "dense1", flat))  # (N, 128)
    return dense(model, "dense2", hidden)  # (N, 10)


# %% Train
def draw_graph(model):
    """The placeholders, the loss and the training step: everything that a session will run."""
    dtype = model.parameters["conv1_kernel"].dtype.base_dtype
    model.images = tf.placeholder(dtype, [None, 28, 28, 1])
    model.labels = tf.placeholder(tf.int64, [None])
    model.learning_rate, model.momentum = tf.placeholder(dtype, []), tf.placeholder(dtype, [])
    model.logits = network(model, model.images)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=model.labels, logits=model.logits)  # (N,)
    model.loss = tf.reduce_mean(losses)
    optimizer = tf.train.MomentumOptimizer(model.learning_rate, model.momentum)
    model.train_step = optimizer.minimize(model.loss)
    model.fresh_optimizer = tf.variables_initializer(optimizer.variables())


def train(model, images, labels, *, epochs=1, batch_size=128, learning_rate=0.05, momentum=0.9, shuffle=True, seed=0):
    model.session.run(model.fresh_optimizer)
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            fed = {model.images: images[batch], model.labels: labels[batch]}
            fed |= {model.learning_rate: learning_rate, model.momentum: momentum}
            loss, _ = model.session.run([model.loss, model.train_step], feed_dict=fed)
            total += loss * len(batch)
        history.append(float(total / len(images)))
    return model, history


# %% Evaluate
def predict(model, images):
    batches = np.split(images, range(1000, len(images), 1000))
    return np.concatenate([model.session.run(model.logits, {model.images: batch}) for batch in batches])  # (N, 10)


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
