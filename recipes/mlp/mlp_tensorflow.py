# %% [markdown]
# # A network with a hidden layer, in TensorFlow
# Variables, matrix products and a gradient tape; no Keras. The steps are so small that calling them from Python would
# cost more than the arithmetic: the loop over the batches is therefore part of the graph.

# %% Init
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

# %% [markdown]
# The model is a dictionary of variables, He-normal kernels and zero biases, and the name of the activation. TensorFlow
# has its own `leaky_relu` and `gelu`, but those keep their constants in float32 even for float64.

# %% Network
activations = {"relu": tf.nn.relu, "sigmoid": tf.sigmoid, "tanh": tf.tanh, "elu": tf.nn.elu, "selu": tf.nn.selu}
activations |= {
    "leaky_relu": lambda inputs: tf.where(inputs > 0, inputs, 0.01 * inputs),
    "gelu": lambda inputs: 0.5 * inputs * (1 + tf.math.erf(inputs / 2**0.5)),
    "none": tf.identity,
}


def variables(seed=0, hidden=(100,), activation="relu"):
    parameters = {}
    for number, shape in enumerate(pairwise((784, *hidden, 10)), 1):
        kernel = tf.random.stateless_normal(shape, seed=(seed, number)) * np.sqrt(2 / shape[0])
        parameters[f"dense{number}_kernel"] = tf.Variable(kernel)
        parameters[f"dense{number}_bias"] = tf.Variable(tf.zeros(shape[1]))
    return SimpleNamespace(parameters=parameters, activation=activation)


def network(parameters, activation, images):
    outputs, last = tf.reshape(images, (-1, 784)), len(parameters) // 2
    for number in range(1, last + 1):
        outputs = outputs @ parameters[f"dense{number}_kernel"] + parameters[f"dense{number}_bias"]
        outputs = activations[activation](outputs) if number < last else outputs
    return outputs  # (N, 10)


# %% [markdown]
# AutoGraph puts the loop into the graph. Batch size and learning rate go in as tensors: each new value of a Python
# number would make a new graph. The name of the activation does so, and has to.


# %% Train
@tf.function
def train_epoch(parameters, activation, images, labels, order, batch_size, learning_rate):
    """Goes once through the images in the given order; gives the mean loss."""
    total = tf.zeros((), images.dtype)
    for start in tf.range(0, tf.size(order), batch_size):
        batch = order[start : start + batch_size]  # (N,), the last one may be shorter
        with tf.GradientTape() as tape:
            logits = network(parameters, activation, tf.gather(images, batch))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)  # (N,)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, parameters)
        for name, variable in parameters.items():
            variable.assign_sub(learning_rate * gradients[name])
        total += tf.reduce_sum(losses)
    return total / tf.cast(tf.size(order), total.dtype)


def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    images, labels = tf.constant(images), tf.constant(labels, tf.int64)
    rates = tf.constant(batch_size), tf.constant(learning_rate, images.dtype)
    history = []
    for epoch in range(epochs):
        order = tf.range(len(images))
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        history.append(float(train_epoch(model.parameters, model.activation, images, labels, order, *rates)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# The highest score is the answer; it needs no softmax.


# %% Evaluate
def predict(model, images):
    return network(model.parameters, model.activation, images).numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[:5_000, ..., None] / np.float32(255), labels[:5_000])
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
