# %% [markdown]
# # The wrong output, in TensorFlow
# A network for ten classes ends in a softmax, and its loss is the cross-entropy. The talk's network ended in sigmoids.
# What comes of that depends on what stands between the logits z and the loss.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# The right one; what Keras makes of sigmoids, divided by their sum; the formula -y log(sigmoid(z)) as it stands; and
# the right one with its two arguments exchanged, as the first TensorFlow wanted them: today the labels come first.


# %% Four losses
def renormalised(z):
    return tf.clip_by_value(tf.sigmoid(z) / tf.reduce_sum(tf.sigmoid(z), axis=1, keepdims=True), 1e-7, 1 - 1e-7)


LOSSES = {
    "softmax": lambda z, y: tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=z),
    "sigmoid": lambda z, y: -tf.reduce_sum(y * tf.math.log(renormalised(z)), axis=1),
    "literal": lambda z, y: -tf.reduce_sum(y * tf.math.log_sigmoid(z), axis=1),
    "exchanged": lambda z, y: tf.nn.softmax_cross_entropy_with_logits(labels=z, logits=y),
}


# %% [markdown]
# The gradient is that of the mean loss, by the logits.


# %% Losses and gradients
def loss(name, logits, labels):
    return LOSSES[name](tf.constant(logits), tf.one_hot(labels, logits.shape[1], dtype=logits.dtype)).numpy()


def gradient(name, logits, labels):
    z, y = tf.constant(logits), tf.one_hot(labels, logits.shape[1], dtype=logits.dtype)
    with tf.GradientTape() as tape:
        tape.watch(z)
        mean = tf.reduce_mean(LOSSES[name](z, y))
    return tape.gradient(mean, z).numpy()


# %% [markdown]
# A layer of weights that start from zero. What comes out is the mean loss and the share of right answers, before each
# step and after the last. Watch both: a loss that falls isn't yet a network that learns.


# %% Descent
def descend(name, images, labels, rate, steps):
    x, y = tf.constant(images), tf.one_hot(labels, labels.max() + 1, dtype=images.dtype)
    weights, history = tf.Variable(tf.zeros((x.shape[1], y.shape[1]), x.dtype)), []
    for _ in range(steps + 1):
        with tf.GradientTape() as tape:
            logits = x @ weights
            mean = tf.reduce_mean(LOSSES[name](logits, y))
        history.append((mean.numpy(), np.mean(tf.argmax(logits, axis=1) == labels)))
        weights.assign_sub(rate * tape.gradient(mean, weights))
    return tuple(np.array(history, images.dtype).T)


# %% Run
if __name__ == "__main__":
    images = np.array([[6, 0], [6, 1], [6, 2], [6, 3], [1, 1], [1, 2], [2, 2], [2, 3]], np.float32)  # 4 bright, 4 dim
    for name in ("softmax", "sigmoid", "literal"):
        losses, accuracies = descend(name, images, np.repeat([0, 1], 4), rate=0.1, steps=200)
        print(f"{name}: after 10, 20, 100 steps loss {losses[[10, 20, 100]]}, accuracy {accuracies[[10, 20, 100]]}")
