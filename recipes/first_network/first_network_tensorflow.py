# %% [markdown]
# # The first network of the book, in TensorFlow
# Variables, matrix products and a gradient tape. A step of ten images takes so little that calling it would cost more
# than the arithmetic: the loop over the batches is part of the graph.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# As in the book, kernels and biases are normal with the standard deviation 1.


# %% Network
def variables(seed=0):
    shapes = {"dense1_kernel": (784, 30), "dense1_bias": (30,), "dense2_kernel": (30, 10), "dense2_bias": (10,)}
    return {
        name: tf.Variable(tf.random.stateless_normal(shape, seed=(seed, number)))
        for number, (name, shape) in enumerate(shapes.items())
    }


def network(model, images):
    hidden = tf.reshape(images, (-1, 784))
    for layer in ("dense1", "dense2"):
        hidden = tf.sigmoid(hidden @ model[f"{layer}_kernel"] + model[f"{layer}_bias"])
    return hidden  # (N, 10)


# %% [markdown]
# Half the squared distance between the outputs and the one-hot label, of each image.


# %% Cost
def quadratic_cost(outputs, labels):
    targets = tf.one_hot(labels, 10, dtype=outputs.dtype)
    return tf.reduce_sum((outputs - targets) ** 2, axis=1) / 2  # (N,)


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def train_epoch(model, images, labels, order, batch_size, learning_rate):
    """Goes once through the images in the given order; gives the mean loss."""
    total = tf.zeros((), images.dtype)
    for start in tf.range(0, tf.size(order), batch_size):
        batch = order[start : start + batch_size]  # (N,), the last one may be shorter
        with tf.GradientTape() as tape:
            losses = quadratic_cost(network(model, tf.gather(images, batch)), tf.gather(labels, batch))
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model)
        for name, variable in model.items():
            variable.assign_sub(learning_rate * gradients[name])
        total += tf.reduce_sum(losses)
    return total / tf.cast(tf.size(order), total.dtype)


def train(model, images, labels, *, epochs=1, batch_size=10, learning_rate=3.0, shuffle=True, seed=0, watch=None):
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
    model, history = train(variables(), images[:50_000, ..., None] / np.float32(255), labels[:50_000])
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
