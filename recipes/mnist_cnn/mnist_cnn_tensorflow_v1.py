# %% [markdown]
# # A convolutional network for MNIST, in TensorFlow 1
# First the whole computation is drawn as a graph, with placeholders for what comes in later. Nothing is computed until
# a session runs a part of the graph and is fed with values. Much legacy code still looks like this.

# %% Init
from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% [markdown]
# `get_variable` makes a variable of the graph, by default with Glorot's uniform initialiser. A scope names it.


# %% Network
def parameters(layer, shape, dtype):
    with tf.variable_scope(layer):
        kernel = tf.get_variable("kernel", shape, dtype)
        return kernel, tf.get_variable("bias", shape[-1:], dtype, tf.zeros_initializer())


def convolution(layer, inputs, shape):
    kernel, bias = parameters(layer, shape, inputs.dtype)
    maps = tf.nn.relu(tf.nn.conv2d(inputs, kernel, strides=[1, 1, 1, 1], padding="VALID") + bias)
    return tf.nn.max_pool(maps, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")


def dense(layer, inputs, shape):
    kernel, bias = parameters(layer, shape, inputs.dtype)
    return tf.matmul(inputs, kernel) + bias


def network(images):
    maps = convolution("conv1", images, [3, 3, 1, 32])  # (N, 13, 13, 32)
    maps = convolution("conv2", maps, [3, 3, 32, 64])  # (N, 5, 5, 64)
    hidden = tf.nn.relu(dense("dense1", tf.reshape(maps, [-1, 1600]), [1600, 128]))  # (N, 128)
    return dense("dense2", hidden, [128, 10])  # (N, 10)


def variables(seed=0, dtype="float32"):
    """The model is a session, whose graph holds the variables, and the parts of the graph that it will run."""
    model = SimpleNamespace(session=tf.Session(graph=tf.Graph()))
    with model.session.graph.as_default():
        tf.set_random_seed(seed)
        model.images, model.labels = tf.placeholder(dtype, [None, 28, 28, 1]), tf.placeholder(tf.int64, [None])
        model.rates = tf.placeholder(dtype, [2])  # learning rate and momentum
        model.logits = network(model.images)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=model.labels, logits=model.logits)  # (N,)
        model.loss = tf.reduce_mean(losses)
        optimizer = tf.train.MomentumOptimizer(model.rates[0], model.rates[1])
        model.step = optimizer.minimize(model.loss)
        model.fresh_optimizer = tf.variables_initializer(optimizer.variables())
        model.session.run(tf.global_variables_initializer())
    return model


# %% [markdown]
# A step of training is one more part of the graph: `minimize` has added the gradients and the updates to it.


# %% Train
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
    model.session.run(model.fresh_optimizer)
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        history.append(0.0)  # the epoch's mean loss
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            fed = {model.images: images[batch], model.labels: labels[batch], model.rates: [learning_rate, momentum]}
            loss, _ = model.session.run([model.loss, model.step], fed)
            history[-1] += float(loss) * len(batch) / len(images)
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
