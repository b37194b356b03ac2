# %% [markdown]
# # The wrong output, in TensorFlow 1
# A network for ten classes ends in a softmax, and its loss is the cross-entropy. The talk's network ended in sigmoids.
# What comes of that depends on what stands between the logits z and the loss.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% [markdown]
# The right one; what Keras makes of sigmoids, divided by their sum; the formula -y log(sigmoid(z)) as it stands; and
# the right one with its two arguments exchanged. Only the second version of the loss has a gradient for the labels.


# %% Four losses
def renormalised(z):
    return tf.clip_by_value(tf.sigmoid(z) / tf.reduce_sum(tf.sigmoid(z), axis=1, keepdims=True), 1e-7, 1 - 1e-7)


LOSSES = {
    "softmax": lambda z, y: tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z),
    "sigmoid": lambda z, y: -tf.reduce_sum(y * tf.log(renormalised(z)), axis=1),
    "literal": lambda z, y: -tf.reduce_sum(y * tf.log_sigmoid(z), axis=1),
    "exchanged": lambda z, y: tf.nn.softmax_cross_entropy_with_logits_v2(labels=z, logits=y),
}


# %% [markdown]
# The gradient is that of the mean loss, by the logits.


# %% Losses and gradients
def run(build, logits, labels):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(build(tf.constant(logits), tf.one_hot(labels, logits.shape[1], dtype=logits.dtype)))


def loss(name, logits, labels):
    return run(LOSSES[name], logits, labels)


def gradient(name, logits, labels):
    return run(lambda z, y: tf.gradients(tf.reduce_mean(LOSSES[name](z, y)), z)[0], logits, labels)


# %% [markdown]
# A layer of weights that start from zero. What comes out is the mean loss and the share of right answers, before each
# step and after the last. Watch both: a loss that falls isn't yet a network that learns.


# %% Descent
def descend(name, images, labels, rate, steps):
    with tf.Graph().as_default(), tf.Session() as session:
        y = tf.one_hot(labels, labels.max() + 1, dtype=images.dtype)
        weights = tf.Variable(tf.zeros([images.shape[1], labels.max() + 1], images.dtype))
        logits = tf.matmul(images, weights)
        mean = tf.reduce_mean(LOSSES[name](logits, y))
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), labels), images.dtype))
        with tf.control_dependencies([mean, accuracy]):  # the step comes after them
            step = tf.train.GradientDescentOptimizer(tf.constant(rate, images.dtype)).minimize(mean)
        session.run(tf.global_variables_initializer())
        history = [session.run([mean, accuracy, step])[:2] for _ in range(steps + 1)]
    return tuple(np.array(history, images.dtype).T)


# %% Run
if __name__ == "__main__":
    images = np.array([[6, 0], [6, 1], [6, 2], [6, 3], [1, 1], [1, 2], [2, 2], [2, 3]], np.float32)  # 4 bright, 4 dim
    for name in ("softmax", "sigmoid", "literal"):
        losses, accuracies = descend(name, images, np.repeat([0, 1], 4), rate=0.1, steps=200)
        print(f"{name}: after 10, 20, 100 steps loss {losses[[10, 20, 100]]}, accuracy {accuracies[[10, 20, 100]]}")
