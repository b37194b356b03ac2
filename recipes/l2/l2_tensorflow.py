# %% [markdown]
# # L2 regularisation, in TensorFlow
# The loss gets a penalty: half of λ times the sum of all squared weights. The tape finds its gradient with that of the
# loss.

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
# `l2_loss` is half of the sum of squares, so that no 2 stays in the gradient. Only kernels pay: a bias makes no
# function steeper.


# %% Penalty
def penalty(model, l2):
    return l2 * tf.add_n([tf.nn.l2_loss(weight) for name, weight in model.items() if name.endswith("_kernel")])


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def train_epoch(model, images, labels, order, batch_size, learning_rate, l2):
    """Goes once through the images in the given order; gives the mean loss, without the penalty."""
    total = tf.zeros((), images.dtype)
    for start in tf.range(0, tf.size(order), batch_size):
        batch = order[start : start + batch_size]  # (N,), the last one may be shorter
        with tf.GradientTape() as tape:
            logits = network(model, tf.gather(images, batch))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)  # (N,)
            loss = tf.reduce_mean(losses) + penalty(model, l2)
        gradients = tape.gradient(loss, model)
        for name, variable in model.items():
            variable.assign_sub(learning_rate * gradients[name])
        total += tf.reduce_sum(losses)
    return total / tf.cast(tf.size(order), total.dtype)


def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    l2=0.01,
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = tf.constant(images), tf.constant(labels, tf.int64)
    rates = tf.constant(batch_size), tf.constant(learning_rate, images.dtype), tf.constant(l2, images.dtype)
    history = []
    for epoch in range(epochs):
        order = tf.range(len(images))
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        history.append(float(train_epoch(model, images, labels, order, *rates)))
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
    images, labels = images[:1_000, ..., None] / np.float32(255), labels[:1_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
