# %% [markdown]
# # Softmax regression, in TensorFlow
# Two variables, one matrix product and a gradient tape; no Keras. The steps are so small that calling them from Python
# would cost more than the arithmetic: the loop over the batches is therefore part of the graph.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# The model is a dictionary of variables. They start from zeros, so the seed has nothing to do.


# %% Network
def variables(seed=0):
    return {"dense_kernel": tf.Variable(tf.zeros((784, 10))), "dense_bias": tf.Variable(tf.zeros(10))}


def network(model, images):
    flat = tf.reshape(images, (-1, 784))  # (N, 784)
    return flat @ model["dense_kernel"] + model["dense_bias"]  # (N, 10)


# %% [markdown]
# AutoGraph puts the loop into the graph. Batch size and learning rate go in as tensors: each new value of a Python
# number would make a new graph.


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def train_epoch(model, images, labels, order, batch_size, learning_rate):
    """Goes once through the images in the given order; gives the mean loss."""
    total = tf.zeros((), images.dtype)
    for start in tf.range(0, tf.size(order), batch_size):
        batch = order[start : start + batch_size]  # (N,), the last one may be shorter
        with tf.GradientTape() as tape:
            logits = network(model, tf.gather(images, batch))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)  # (N,)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model)
        for name, variable in model.items():
            variable.assign_sub(learning_rate * gradients[name])
        total += tf.reduce_sum(losses)
    return total / tf.cast(tf.size(order), total.dtype)


def train(model, images, labels, *, epochs=2, batch_size=100, learning_rate=0.5, shuffle=True, seed=0, watch=None):
    images, labels = tf.constant(images), tf.constant(labels, tf.int64)
    batch_size, learning_rate = tf.constant(batch_size), tf.constant(learning_rate, images.dtype)
    history = []
    for epoch in range(epochs):
        order = tf.range(len(images))
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        history.append(float(train_epoch(model, images, labels, order, batch_size, learning_rate)))
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
    model, history = train(variables(), images[:50_000, ..., None] / np.float32(255), labels[:50_000])
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
