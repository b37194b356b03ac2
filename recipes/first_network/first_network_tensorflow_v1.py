# %% [markdown]
# # The first network of the book, in TensorFlow 1
# The computation is drawn as a graph with placeholders for the images and labels; nothing is computed until a session
# runs a part of it.

# %% Init
from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% [markdown]
# As in the book, kernels and biases are normal with the standard deviation 1.


# %% Network
def dense(layer, inputs, size):
    with tf.variable_scope(layer, dtype=inputs.dtype, initializer=tf.random_normal_initializer()):
        kernel, bias = tf.get_variable("kernel", [inputs.shape[1], size]), tf.get_variable("bias", [size])
        return tf.sigmoid(tf.matmul(inputs, kernel) + bias)


def variables(seed=0, dtype="float32"):
    """The model is a session, whose graph holds the variables, and the parts of the graph that it will run."""
    model = SimpleNamespace(session=tf.Session(graph=tf.Graph()))
    with model.session.graph.as_default():
        tf.set_random_seed(seed)
        model.images, model.labels = tf.placeholder(dtype, [None, 28, 28, 1]), tf.placeholder(tf.int64, [None])
        model.learning_rate = tf.placeholder(dtype, [])
        hidden = dense("dense1", tf.reshape(model.images, [-1, 784]), 30)
        model.outputs = dense("dense2", hidden, 10)  # (N, 10)
        model.loss = quadratic_cost(model.outputs, model.labels)
        model.step = tf.train.GradientDescentOptimizer(model.learning_rate).minimize(model.loss)
        model.session.run(tf.global_variables_initializer())
    return model


# %% [markdown]
# Half the squared distance between the outputs and the one-hot label, averaged over the batch. It is a part of the
# graph too, and so are its gradients, which `minimize` has added.


# %% Cost
def quadratic_cost(outputs, labels):
    targets = tf.one_hot(labels, 10, dtype=outputs.dtype)
    return tf.reduce_mean(tf.reduce_sum((outputs - targets) ** 2, axis=1)) / 2


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=10, learning_rate=3.0, shuffle=True, seed=0, watch=None):
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


# %% Evaluate
def predict(model, images):
    return model.session.run(model.outputs, {model.images: images})  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[:50_000, ..., None] / np.float32(255), labels[:50_000])
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
