# %% [markdown]
# # Does pooling forgive a shift? In TensorFlow
# A pooling layer puts one number in the place of four. Which one decides what the network notices of a small movement.
# In TensorFlow each kind is an operation of `tf.nn`; no Keras.

# %% Init
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

# %% [markdown]
# The model is a dictionary of variables, and the name of the pooling. Without pooling the maps stay large, and the
# dense layer has 23 times as many inputs.

# %% Network
pools = {
    "max": lambda maps: tf.nn.max_pool2d(maps, ksize=2, strides=2, padding="VALID"),
    "average": lambda maps: tf.nn.avg_pool2d(maps, ksize=2, strides=2, padding="VALID"),
    "none": tf.identity,
}


def variables(seed=0, pooling="max"):
    parameters, flat = {}, 24 * 24 * 16 if pooling == "none" else 5 * 5 * 16
    shapes = {"conv1": (3, 3, 1, 8), "conv2": (3, 3, 8, 16), "dense1": (flat, 10)}
    for number, (layer, shape) in enumerate(shapes.items()):
        kernel = tf.random.stateless_normal(shape, seed=(seed, number)) * np.sqrt(2 / np.prod(shape[:-1]))
        parameters |= {f"{layer}_kernel": tf.Variable(kernel), f"{layer}_bias": tf.Variable(tf.zeros(shape[-1]))}
    return SimpleNamespace(parameters=parameters, pooling=pooling)


@tf.function(reduce_retracing=True)
def network(parameters, pooling, images):
    maps = tf.nn.conv2d(images, parameters["conv1_kernel"], strides=1, padding="VALID") + parameters["conv1_bias"]
    maps = pools[pooling](tf.nn.relu(maps))  # (N, 13, 13, 8)
    maps = tf.nn.conv2d(maps, parameters["conv2_kernel"], strides=1, padding="VALID") + parameters["conv2_bias"]
    maps = pools[pooling](tf.nn.relu(maps))  # (N, 5, 5, 16)
    flat = tf.reshape(maps, (-1, parameters["dense1_kernel"].shape[0]))
    return flat @ parameters["dense1_kernel"] + parameters["dense1_bias"]  # (N, 10)


# %% [markdown]
# The tape records what is computed under it and plays it backwards. The rate goes in as a tensor: each new value of a
# Python number would make a new graph. The name of the pooling does so, and has to.


# %% Train
@tf.function(reduce_retracing=True)  # a second batch size gives a graph for any size
def step(parameters, pooling, images, labels, learning_rate):
    with tf.GradientTape() as tape:
        logits = network(parameters, pooling, images)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    gradients = tape.gradient(loss, parameters)
    for name, variable in parameters.items():
        variable.assign_sub(learning_rate * gradients[name])
    return loss


def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    rate = tf.constant(learning_rate, images.dtype)
    data, history = tf.data.Dataset.from_tensor_slices((images, labels.astype(np.int64))), []
    data = data.shuffle(len(images), seed=seed) if shuffle else data  # in another order each time
    for _ in range(epochs):
        total = 0.0
        for image_batch, label_batch in data.batch(batch_size):
            loss = step(model.parameters, model.pooling, image_batch, label_batch, rate)
            total += float(loss) * len(label_batch)
        history.append(total / len(images))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# Batches of one size share one graph; the last one may be shorter.


# %% Evaluate
def predict(model, images):
    batches = np.split(images, range(500, len(images), 500))
    return np.concatenate([network(model.parameters, model.pooling, tf.constant(batch)) for batch in batches])


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[:5_000, ..., None] / np.float32(255), labels[:5_000])
    for shift in range(5):
        moved = np.pad(test_images / np.float32(255), ((0, 0), (0, 0), (shift, 0)))[:, :, :28, None]
        print(f"moved by {shift} pixels: test accuracy {evaluate(model, moved, test_labels):.4f}")
