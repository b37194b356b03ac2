# %% [markdown]
# # Learned filters, in TensorFlow 1
# Sixteen filters slide over a digit. First the whole computation is drawn as a graph; a session runs parts of it.

# %% Init
from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% [markdown]
# `get_variable` makes a variable of the graph, by default with Glorot's uniform start. Its deviation of 0.05 would hide
# what the filters learn: theirs is smaller. A scope names it.


# %% Network
def parameters(layer, shape, dtype, initializer=None):
    with tf.variable_scope(layer):
        kernel = tf.get_variable("kernel", shape, dtype, initializer)
        return kernel, tf.get_variable("bias", shape[-1:], dtype, tf.zeros_initializer())


def network(images):
    small = tf.random_normal_initializer(stddev=0.01)
    kernel, bias = parameters("conv", [7, 7, 1, 16], images.dtype, small)
    maps = tf.nn.relu(tf.nn.conv2d(images, kernel, strides=[1, 1, 1, 1], padding="VALID") + bias)  # (N, 22, 22, 16)
    pooled = tf.nn.max_pool(maps, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")  # (N, 11, 11, 16)
    kernel, bias = parameters("dense", [1936, 10], images.dtype)
    return tf.matmul(tf.reshape(pooled, [-1, 1936]), kernel) + bias  # (N, 10)


def variables(seed=0, dtype="float32"):
    """The model is a session, whose graph holds the variables, and the parts of the graph that it will run."""
    model = SimpleNamespace(session=tf.Session(graph=tf.Graph()))
    with model.session.graph.as_default():
        tf.set_random_seed(seed)
        model.images, model.labels = tf.placeholder(dtype, [None, 28, 28, 1]), tf.placeholder(tf.int64, [None])
        model.learning_rate = tf.placeholder(dtype, [])
        model.logits = network(model.images)
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
    model, history = train(variables(), images[..., None] / np.float32(255), labels)
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
