# %% [markdown]
# # Does pooling forgive a shift? In TensorFlow 1
# A pooling layer puts one number in the place of four. Which one decides what the network notices of a small movement.
# In TensorFlow 1 each kind is an operation of the graph, which is drawn once, with one kind of pooling in it.

# %% Init
from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% [markdown]
# Without pooling the maps stay large, and the dense layer has 23 times as many inputs.

# %% Network
windows = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
pools = {
    "max": lambda maps: tf.nn.max_pool(maps, **windows),
    "average": lambda maps: tf.nn.avg_pool(maps, **windows),
    "none": tf.identity,
}


def parameters(layer, shape, dtype):
    with tf.variable_scope(layer):
        kernel = tf.get_variable("kernel", shape, dtype)
        return kernel, tf.get_variable("bias", shape[-1:], dtype, tf.zeros_initializer())


def convolution(layer, inputs, shape):
    kernel, bias = parameters(layer, shape, inputs.dtype)
    return tf.nn.relu(tf.nn.conv2d(inputs, kernel, strides=[1, 1, 1, 1], padding="VALID") + bias)


def network(images, pooling):
    maps = pools[pooling](convolution("conv1", images, [3, 3, 1, 8]))  # (N, 13, 13, 8)
    maps = pools[pooling](convolution("conv2", maps, [3, 3, 8, 16]))  # (N, 5, 5, 16)
    flat = np.prod(maps.shape[1:].as_list())
    kernel, bias = parameters("dense1", [flat, 10], images.dtype)
    return tf.matmul(tf.reshape(maps, [-1, flat]), kernel) + bias  # (N, 10)


def variables(seed=0, pooling="max", dtype="float32"):
    """The model is a session, whose graph holds the variables, and the parts of the graph that it will run."""
    model = SimpleNamespace(session=tf.Session(graph=tf.Graph()))
    with model.session.graph.as_default():
        tf.set_random_seed(seed)
        model.images, model.labels = tf.placeholder(dtype, [None, 28, 28, 1]), tf.placeholder(tf.int64, [None])
        model.learning_rate = tf.placeholder(dtype, [])
        model.logits = network(model.images, pooling)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=model.labels, logits=model.logits)  # (N,)
        model.loss = tf.reduce_mean(losses)
        model.step = tf.train.GradientDescentOptimizer(model.learning_rate).minimize(model.loss)
        model.session.run(tf.global_variables_initializer())
    return model


# %% [markdown]
# A step of training is one more part of the graph: `minimize` has added the gradients and the updates to it.


# %% Train
def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            fed = {model.images: images[batch], model.labels: labels[batch], model.learning_rate: learning_rate}
            loss, _ = model.session.run([model.loss, model.step], fed)
            total += loss * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# Only the images are fed here: the logits don't depend on the other placeholders.


# %% Evaluate
def predict(model, images):
    batches = np.split(images, range(500, len(images), 500))
    return np.concatenate([model.session.run(model.logits, {model.images: batch}) for batch in batches])  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[:5_000, ..., None] / np.float32(255), labels[:5_000])
    for shift in range(5):
        moved = np.pad(test_images / np.float32(255), ((0, 0), (0, 0), (shift, 0)))[:, :, :28, None]
        print(f"moved by {shift} pixels: test accuracy {evaluate(model, moved, test_labels):.4f}")
