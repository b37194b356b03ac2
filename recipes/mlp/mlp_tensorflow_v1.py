# %% [markdown]
# # A network with a hidden layer, in TensorFlow 1
# The computation is drawn as a graph with placeholders for the images and labels; nothing is computed until a session
# runs a part of it.

# %% Init
from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% [markdown]
# `get_variable` makes a variable of the graph, by default with Glorot's uniform initialiser, and a scope names it.
# `minimize` adds the gradients and the updates to the graph: a step of training is one more part of it. GELU is younger
# than TensorFlow 1, and its `leaky_relu` keeps the slope in float32 even for float64: both are written down.

# %% Network
activations = {"relu": tf.nn.relu, "sigmoid": tf.sigmoid, "tanh": tf.tanh, "elu": tf.nn.elu, "selu": tf.nn.selu}
activations.update(
    leaky_relu=lambda inputs: tf.where(inputs > 0, inputs, 0.01 * inputs),
    gelu=lambda inputs: 0.5 * inputs * (1 + tf.erf(inputs / 2**0.5)),
    none=tf.identity,
)


def dense(layer, inputs, size):
    with tf.variable_scope(layer, dtype=inputs.dtype):
        kernel = tf.get_variable("kernel", [inputs.shape[1], size])
        return tf.matmul(inputs, kernel) + tf.get_variable("bias", [size], initializer=tf.zeros_initializer())


def network(images, hidden, activation):
    outputs = tf.reshape(images, [-1, 784])
    for number, size in enumerate(hidden, 1):
        outputs = activations[activation](dense(f"dense{number}", outputs, size))  # (N, 100)
    return dense(f"dense{len(hidden) + 1}", outputs, 10)  # (N, 10)


def variables(seed=0, hidden=(100,), activation="relu", dtype="float32"):
    """The model is a session, whose graph holds the variables, and the parts of the graph that it will run."""
    model = SimpleNamespace(session=tf.Session(graph=tf.Graph()))
    with model.session.graph.as_default():
        tf.set_random_seed(seed)
        model.images, model.labels = tf.placeholder(dtype, [None, 28, 28, 1]), tf.placeholder(tf.int64, [None])
        model.learning_rate = tf.placeholder(dtype, [])
        model.logits = network(model.images, hidden, activation)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=model.labels, logits=model.logits)  # (N,)
        model.loss = tf.reduce_mean(losses)
        model.step = tf.train.GradientDescentOptimizer(model.learning_rate).minimize(model.loss)
        model.session.run(tf.global_variables_initializer())
    return model


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
    return model.session.run(model.logits, {model.images: images})  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[:5_000, ..., None] / np.float32(255), labels[:5_000])
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
