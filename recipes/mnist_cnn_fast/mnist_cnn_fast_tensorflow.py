# %% [markdown]
# # A fast convolutional network for MNIST, in TensorFlow
# The whole epoch is one graph, and the network computes the same from fewer numbers.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# A maximum commutes with adding a bias and with ReLU, so both come after the pooling, on a quarter of the numbers. The
# last two rows and columns of the images only reach what the pooling leaves out: they are never computed.

# %% Network
shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense1": (1600, 128), "dense2": (128, 10)}


def variables(seed=0):
    model = {}
    for number, (layer, shape) in enumerate(shapes.items()):
        kernel = tf.random.stateless_normal(shape, seed=(seed, number)) * np.sqrt(2 / np.prod(shape[:-1]))
        model |= {f"{layer}_kernel": tf.Variable(kernel), f"{layer}_bias": tf.Variable(tf.zeros(shape[-1]))}
    return model


def convolution(model, layer, inputs):
    maps = tf.nn.conv2d(inputs, model[f"{layer}_kernel"], strides=1, padding="VALID")
    maps = tf.nn.max_pool2d(maps, ksize=2, strides=2, padding="VALID")
    return tf.nn.relu(maps + model[f"{layer}_bias"])


def dense(model, layer, inputs):
    return inputs @ model[f"{layer}_kernel"] + model[f"{layer}_bias"]


@tf.function(reduce_retracing=True)
def network(model, images):
    maps = convolution(model, "conv1", images[:, :26, :26])  # (N, 12, 12, 32)
    maps = convolution(model, "conv2", maps)  # (N, 5, 5, 64)
    hidden = tf.nn.relu(dense(model, "dense1", tf.reshape(maps, (-1, 1600))))  # (N, 128)
    return dense(model, "dense2", hidden)  # (N, 10)


# %% [markdown]
# AutoGraph puts the loop over the batches into the graph. Batch size and rates go in as tensors: each new value of a
# Python number would make a new graph.


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def train_epoch(model, velocities, images, labels, order, batch_size, learning_rate, momentum):
    """Goes once through the images in the given order; gives the mean loss."""
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
    images, labels, history = tf.constant(images), tf.constant(labels, tf.int64), []
    rates = tf.constant(batch_size), tf.constant(learning_rate, images.dtype), tf.constant(momentum, images.dtype)
    velocities = {name: tf.Variable(tf.zeros_like(variable)) for name, variable in model.items()}
    for epoch in range(epochs):
        order = tf.range(len(images))
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        history.append(float(train_epoch(model, velocities, images, labels, order, *rates)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# Batches of one size share one graph; the last one may be shorter.


# %% Evaluate
def predict(model, images):
    return np.concatenate([network(model, batch) for batch in np.split(images, range(500, len(images), 500))])


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[..., None] / np.float32(255), labels)
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
