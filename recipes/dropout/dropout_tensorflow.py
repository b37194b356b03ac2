# %% [markdown]
# # Dropout, in TensorFlow
# `tf.nn.dropout` drops whenever it is called: who evaluates must not call it. The stateless form takes a seed for each
# call, so the same seed gives the same masks, in a graph too.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# The model is a dictionary of variables. With a `rate` the network drops; in evaluation it gets none.


# %% Network
def variables(seed=0):
    model = {}
    for number, shape in enumerate([(784, 100), (100, 10)], 1):
        kernel = tf.random.stateless_normal(shape, seed=(seed, number)) * np.sqrt(2 / shape[0])
        model |= {f"dense{number}_kernel": tf.Variable(kernel), f"dense{number}_bias": tf.Variable(tf.zeros(shape[1]))}
    return model


def network(model, images, rate=None, **drawn):
    hidden = tf.nn.relu(tf.reshape(images, (-1, 784)) @ model["dense1_kernel"] + model["dense1_bias"])  # (N, 100)
    hidden = hidden if rate is None else drop_out(hidden, rate, **drawn)
    return hidden @ model["dense2_kernel"] + model["dense2_bias"]  # (N, 10)


# %% [markdown]
# `rate` is the probability to be dropped (in TensorFlow 1 the argument was `keep_prob`), and what is kept is divided by
# 1 - rate. Masks may also come from outside: with them two frameworks can be compared number by number.


# %% Dropout
def drop_out(hidden, rate, seed, mask=None):
    if mask is None:
        return tf.nn.experimental.stateless_dropout(hidden, rate, seed)
    return hidden * tf.cast(mask[: tf.shape(hidden)[0]], hidden.dtype) / (1 - rate)


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def train_epoch(model, images, labels, order, batch_size, learning_rate, rate, seed, first, masks):
    """Goes once through the images in the given order; gives the mean loss."""
    total = tf.zeros((), images.dtype)
    for start in tf.range(0, tf.size(order), batch_size):
        batch, step = order[start : start + batch_size], start // batch_size  # (N,), the last one may be shorter
        mask = None if masks is None else masks[step]
        with tf.GradientTape() as tape:
            logits = network(model, tf.gather(images, batch), rate, seed=(seed, first + step), mask=mask)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)  # (N,)
            loss = tf.reduce_mean(losses)
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
    dropout=0.5,
    shuffle=True,
    seed=0,
    watch=None,
    masks=None,
):
    images, labels = tf.constant(images), tf.constant(labels, tf.int64)
    rates = tf.constant(batch_size), tf.constant(learning_rate, images.dtype), tf.constant(dropout, images.dtype)
    steps, history = -(-len(images) // batch_size), []
    for epoch in range(epochs):
        order = tf.range(len(images))
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        first = epoch * steps  # the number of the epoch's first step
        given = None if masks is None else tf.constant(masks[first : first + steps])
        own = tf.constant(seed), tf.constant(first)
        history.append(float(train_epoch(model, images, labels, order, *rates, *own, given)))
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
    model, history = train(variables(), images[:1_000, ..., None] / np.float32(255), labels[:1_000])
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
