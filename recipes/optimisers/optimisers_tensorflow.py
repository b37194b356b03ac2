# %% [markdown]
# # Optimisers, in TensorFlow
# TensorFlow's optimisers are Keras's; without Keras they are written by hand. What they remember lies in variables, as
# the weights do.

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
# Each optimiser is given one weight's gradient, and a velocity and a sum of squares in variables. It gives what the
# learning rate is multiplied with; `assign` also gives the new value.

# %% Optimiser
EPSILON = 1e-7  # keeps from dividing by 0


def sgd(gradient, velocity, squares, step):
    return gradient


def momentum(gradient, velocity, squares, step):
    return velocity.assign(0.9 * velocity + gradient)


def nesterov(gradient, velocity, squares, step):
    return gradient + 0.9 * velocity.assign(0.9 * velocity + gradient)


def adagrad(gradient, velocity, squares, step):
    return gradient / (tf.sqrt(squares.assign_add(gradient**2)) + EPSILON)


def rmsprop(gradient, velocity, squares, step):
    return gradient / (tf.sqrt(squares.assign(0.9 * squares + 0.1 * gradient**2)) + EPSILON)


def adam(gradient, velocity, squares, step):  # both averages start as 0, and are too small by a known factor at first
    mean = velocity.assign(0.9 * velocity + 0.1 * gradient) / (1 - 0.9**step)
    mean_square = squares.assign(0.999 * squares + 0.001 * gradient**2) / (1 - 0.999**step)
    return mean / (tf.sqrt(mean_square) + EPSILON)


optimizers = {"sgd": sgd, "momentum": momentum, "nesterov": nesterov}
optimizers |= {"adagrad": adagrad, "rmsprop": rmsprop, "adam": adam}


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number; an optimiser has its own
def train_epoch(model, memory, images, labels, order, batch_size, optimizer, learning_rate, first):
    """Goes once through the images in the given order; gives the mean loss."""
    total = tf.zeros((), images.dtype)
    for start in tf.range(0, tf.size(order), batch_size):
        batch = order[start : start + batch_size]  # (N,), the last one may be shorter
        step = tf.cast(first + start // batch_size, images.dtype)
        with tf.GradientTape() as tape:
            logits = network(model, tf.gather(images, batch))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)  # (N,)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model)
        for name, variable in model.items():
            variable.assign_sub(learning_rate * optimizers[optimizer](gradients[name], *memory[name], step))
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
    optimizer="sgd",
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = tf.constant(images), tf.constant(labels, tf.int64)
    rates = tf.constant(batch_size), optimizer, tf.constant(learning_rate, images.dtype)
    memory = {name: [tf.Variable(tf.zeros_like(weight)) for _ in range(2)] for name, weight in model.items()}
    steps, history = -(-len(images) // batch_size), []
    for epoch in range(epochs):
        order = tf.range(len(images))
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        first = tf.constant(1 + epoch * steps)  # the number of the epoch's first step, from 1
        history.append(float(train_epoch(model, memory, images, labels, order, *rates, first)))
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
    model, history = train(variables(), images, labels, optimizer="adam", learning_rate=0.003)
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
