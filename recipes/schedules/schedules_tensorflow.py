# %% [markdown]
# # Learning rate schedules, in TensorFlow
# TensorFlow's schedules are Keras's; without Keras they are written by hand, of tensors, because the loop over the
# batches is part of the graph.

# %% Init
import numpy as np
import tensorflow as tf


# %% Network
def variables(seed=0):
    model = {}
    for number, shape in enumerate([(784, 100), (100, 10)], 1):
        kernel = tf.random.stateless_normal(shape, seed=(seed, number)) * np.sqrt(2 / shape[0])
        model |= {f"dense{number}_kernel": tf.Variable(kernel), f"dense{number}_bias": tf.Variable(tf.zeros(shape[1]))}
    return model


def network(model, images):
    hidden = tf.nn.relu(tf.reshape(images, (-1, 784)) @ model["dense1_kernel"] + model["dense1_bias"])  # (N, 100)
    return hidden @ model["dense2_kernel"] + model["dense2_bias"]  # (N, 10)


# %% [markdown]
# Each schedule gives a share of the learning rate for a step, counted from 0, of so many steps; both are tensors.
# Where a choice depends on the step, `tf.where` computes both answers and takes one.


# %% Schedule
def constant(step, steps):
    return tf.ones_like(step)


def stepwise(step, steps):
    return 0.1 ** (tf.cast(10 * step >= 6 * steps, step.dtype) + tf.cast(10 * step >= 8 * steps, step.dtype))


def exponential(step, steps):
    return 0.01 ** (step / steps)


def linear(step, steps):
    return 1 - step / steps


def cosine(step, steps):
    return (1 + tf.cos(np.pi * step / steps)) / 2


def warmup(step, steps):
    first = tf.maximum(steps // 10, 1)
    return tf.where(step < first, 0.1 + 0.9 * step / first, cosine(step - first, steps - first))


schedules = {"constant": constant, "step": stepwise, "exponential": exponential}
schedules |= {"linear": linear, "cosine": cosine, "warmup": warmup}


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number; a schedule has its own
def train_epoch(model, images, labels, order, batch_size, schedule, learning_rate, first, steps):
    """Goes once through the images in the given order; gives the mean loss."""
    total = tf.zeros((), images.dtype)
    for start in tf.range(0, tf.size(order), batch_size):
        batch = order[start : start + batch_size]  # (N,), the last one may be shorter
        step, last = tf.cast(first + start // batch_size, images.dtype), tf.cast(steps, images.dtype)
        rate = learning_rate * schedules[schedule](step, last)
        with tf.GradientTape() as tape:
            logits = network(model, tf.gather(images, batch))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)  # (N,)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model)
        for name, variable in model.items():
            variable.assign_sub(rate * gradients[name])
        total += tf.reduce_sum(losses)
    return total / tf.cast(tf.size(order), total.dtype)


def train(
    model,
    images,
    labels,
    *,
    epochs=5,
    batch_size=50,
    learning_rate=0.4,
    schedule="constant",
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = tf.constant(images), tf.constant(labels, tf.int64)
    rates = tf.constant(batch_size), schedule, tf.constant(learning_rate, images.dtype)
    steps, history = -(-len(images) // batch_size), []  # of an epoch; the last batch may be shorter, and counts
    for epoch in range(epochs):
        order = tf.range(len(images))
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        counts = tf.constant(epoch * steps), tf.constant(epochs * steps)  # the epoch's first step, and how many in all
        history.append(float(train_epoch(model, images, labels, order, *rates, *counts)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# The highest score is the answer; it needs no softmax.


# %% Evaluate
def predict(model, images):
    return network(model, images).numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    images, labels = images[:5_000, ..., None] / np.float32(255), labels[:5_000]
    model, history = train(variables(), images, labels, schedule="cosine")
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
