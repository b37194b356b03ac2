# %% [markdown]
# # Adam with decoupled weight decay, in TensorFlow

# %% Init
import numpy as np
import tensorflow as tf

BETA1, BETA2, EPSILON, DECAY = 0.875, 0.96875, 2**-10, 2**-4


# %% Network
def variables(seed=0):
    kernel = tf.random.stateless_normal((784, 10), (seed, 0), 0, 0.1)
    return {"dense_kernel": tf.Variable(kernel), "dense_bias": tf.Variable(tf.zeros(10))}


def network(model, images):
    return tf.reshape(images, (-1, 784)) @ model["dense_kernel"] + model["dense_bias"]


# %% Train
def step(model, moments, images, labels, rate, count):
    with tf.GradientTape() as tape:
        logits = network(model, images)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    gradients = tape.gradient(loss, model)
    for name, gradient in gradients.items():
        first, second = moments[name]
        first = BETA1 * first + (1 - BETA1) * gradient
        second = BETA2 * second + (1 - BETA2) * gradient**2
        moments[name] = first, second
        model[name].assign(model[name] * (1 - rate * DECAY))
        corrected, square = first / (1 - BETA1**count), second / (1 - BETA2**count)
        model[name].assign_sub(rate * corrected / (tf.sqrt(square) + EPSILON))
    return float(loss)


def train(model, images, labels, *, epochs=1, batch_size=64, learning_rate=0.0078125, shuffle=True, seed=0, watch=None):
    random, history, count = np.random.default_rng(seed), [], 0
    moments = dict.fromkeys(model, (0.0, 0.0))
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            count += 1
            total += step(model, moments, images[batch], labels[batch], learning_rate, count) * len(batch)
        history.append(total / len(images))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images).numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
