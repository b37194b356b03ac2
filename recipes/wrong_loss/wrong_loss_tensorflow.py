# %% [markdown]
# # The wrong loss, in TensorFlow
# What a network learns is what its loss asks for. Variables, matrix products and a gradient tape, without Keras.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# The model is a dictionary of variables, and the network ends in logits, whatever the loss makes of them.


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
# TensorFlow's cross-entropy says in its name that it wants logits, and takes anything. Its arguments go by name here:
# once the logits came first, today the labels do.


# %% Losses
def cross_entropy(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)  # (N,)


def squares(outputs, labels):
    truth = tf.one_hot(labels, 10, dtype=outputs.dtype)  # (N, 10)
    return tf.reduce_sum(tf.math.squared_difference(outputs, truth), axis=1)  # (N,)


LOSSES = {
    "cross_entropy": cross_entropy,
    "double_softmax": lambda logits, labels: cross_entropy(tf.nn.softmax(logits), labels),
    "softmax_squares": lambda logits, labels: squares(tf.nn.softmax(logits), labels),
    "sigmoid_squares": lambda logits, labels: squares(tf.sigmoid(logits), labels) / 2,
    "logit_squares": squares,
}

# %% [markdown]
# Batch size and learning rate go in as tensors: each new value of a Python number would make a new graph. The name of
# the loss does so, and has to.


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def train_epoch(model, loss, images, labels, order, batch_size, learning_rate):
    """Goes once through the images in the given order; gives the mean loss."""
    total = tf.zeros((), images.dtype)
    for start in tf.range(0, tf.size(order), batch_size):
        batch = order[start : start + batch_size]  # (N,), the last one may be shorter
        with tf.GradientTape() as tape:
            losses = LOSSES[loss](network(model, tf.gather(images, batch)), tf.gather(labels, batch))  # (N,)
            mean = tf.reduce_mean(losses)
        gradients = tape.gradient(mean, model)
        for name, variable in model.items():
            variable.assign_sub(learning_rate * gradients[name])
        total += tf.reduce_sum(losses)
    return total / tf.cast(tf.size(order), total.dtype)


def train(
    model,
    images,
    labels,
    *,
    epochs=3,
    batch_size=50,
    learning_rate=0.1,
    loss="cross_entropy",
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = tf.constant(images), tf.constant(labels, tf.int64)
    rates = tf.constant(batch_size), tf.constant(learning_rate, images.dtype)
    history = []
    for epoch in range(epochs):
        order = tf.range(len(images))
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        history.append(float(train_epoch(model, loss, images, labels, order, *rates)))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images).numpy()  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[:5_000, ..., None] / np.float32(255), labels[:5_000])
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
