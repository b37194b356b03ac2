# %% [markdown]
# # Batch normalisation, in TensorFlow
# `tf.nn.moments` gives the mean and variance of a batch, `tf.nn.batch_normalization` applies them. The moving averages
# are variables that no gradient reaches, and are assigned by hand.

# %% Init
from itertools import pairwise

import numpy as np
import tensorflow as tf

EPSILON = 1e-5  # beside the variance, which may be zero
KEPT = 0.9  # of a moving average, at each step

# %% [markdown]
# In training the batch's own mean and variance are used, and moved into the averages; in evaluation the averages.


# %% Normalise
def normalise(model, layer, inputs, training):
    mean, variance = model[f"{layer}_moving_mean"], model[f"{layer}_moving_variance"]
    if training:
        averages, (mean, variance) = (mean, variance), tf.nn.moments(inputs, axes=0)
        for average, new in zip(averages, (mean, variance), strict=True):
            average.assign(KEPT * average + (1 - KEPT) * new)
    scale, shift = model[f"{layer}_gamma"], model[f"{layer}_beta"]
    return tf.nn.batch_normalization(inputs, mean, variance, shift, scale, EPSILON)


# %% [markdown]
# The model is a dictionary of variables. The hidden layers need no bias: the normalisation would take it away again.


# %% Network
def variables(seed=0, hidden=(100, 100, 100)):
    model = {}
    for number, shape in enumerate(pairwise((784, *hidden, 10)), 1):
        kernel = tf.random.stateless_normal(shape, seed=(seed, number)) * np.sqrt(2 / shape[0])
        model[f"dense{number}_kernel"] = tf.Variable(kernel)
        if number <= len(hidden):
            ones, zeros = tf.ones(shape[1]), tf.zeros(shape[1])
            model |= {f"norm{number}_gamma": tf.Variable(ones), f"norm{number}_beta": tf.Variable(zeros)}
            model[f"norm{number}_moving_mean"] = tf.Variable(zeros, trainable=False)
            model[f"norm{number}_moving_variance"] = tf.Variable(ones, trainable=False)
    return model | {f"dense{number}_bias": tf.Variable(tf.zeros(10))}


def network(model, images, training=False):
    outputs, last = tf.reshape(images, (-1, 784)), len(model) // 5 + 1
    for number in range(1, last):
        inputs = outputs @ model[f"dense{number}_kernel"]
        outputs = tf.nn.relu(normalise(model, f"norm{number}", inputs, training))
    return outputs @ model[f"dense{last}_kernel"] + model[f"dense{last}_bias"]  # (N, 10)


# %% [markdown]
# AutoGraph puts the loop over the batches into the graph; what is `trainable` says which variables have a gradient.


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def train_epoch(model, images, labels, order, batch_size, learning_rate):
    """Goes once through the images in the given order; gives the mean loss."""
    total, trained = tf.zeros((), images.dtype), [weight for weight in model.values() if weight.trainable]
    for start in tf.range(0, tf.size(order), batch_size):
        batch = order[start : start + batch_size]  # (N,), the last one may be shorter
        with tf.GradientTape() as tape:
            logits = network(model, tf.gather(images, batch), training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)  # (N,)
            loss = tf.reduce_mean(losses)
        for weight, gradient in zip(trained, tape.gradient(loss, trained), strict=True):
            weight.assign_sub(learning_rate * gradient)
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
        history.append(float(train_epoch(model, images, labels, order, *rates)))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images).numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[:5_000, ..., None] / np.float32(255), labels[:5_000])
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
