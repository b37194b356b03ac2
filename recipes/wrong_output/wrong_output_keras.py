# %% [markdown]
# # The wrong output, in Keras
# A network for ten classes ends in a softmax, and its loss is the cross-entropy. The talk's network ended in sigmoids.
# What comes of that depends on what stands between the logits z and the loss.

# %% Init
import numpy as np
from keras import config, ops

# %% [markdown]
# The right one; the talk's, whose sigmoids Keras divides by their sum without a word; the formula -y log(sigmoid(z))
# as it stands; and the right one with its two arguments exchanged. Each takes logits and one-hot labels.
#
# The 1 makes a new tensor: on TensorFlow a sigmoid's result remembers its logits, and the loss would take those.

# %% Four losses
LOSSES = {
    "softmax": lambda z, y: ops.categorical_crossentropy(y, z, from_logits=True),
    "sigmoid": lambda z, y: ops.categorical_crossentropy(y, 1 * ops.sigmoid(z)),
    "literal": lambda z, y: -ops.sum(y * ops.log_sigmoid(z), axis=1),
    "exchanged": lambda z, y: ops.categorical_crossentropy(z, y, from_logits=True),
}


# %% [markdown]
# The gradient is that of the mean loss, by the logits. Keras has none to look at: each backend is asked in its own way.


# %% Losses and gradients
def loss(name, logits, labels):
    return ops.convert_to_numpy(LOSSES[name](logits, ops.one_hot(labels, logits.shape[1], dtype=str(logits.dtype))))


def gradient(name, logits, labels):
    z, y = ops.convert_to_tensor(logits), ops.one_hot(labels, logits.shape[1], dtype=str(logits.dtype))
    if config.backend() == "jax":
        import jax

        return np.array(jax.grad(lambda z: ops.sum(LOSSES[name](z, y)) / len(labels))(z))
    if config.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(z)
            mean = ops.sum(LOSSES[name](z, y)) / len(labels)
        return tape.gradient(mean, z).numpy()
    (ops.sum(LOSSES[name](z.requires_grad_(), y)) / len(labels)).backward()  # PyTorch
    return ops.convert_to_numpy(z.grad)


# %% [markdown]
# A layer of weights that start from zero. What comes out is the mean loss and the share of right answers, before each
# step and after the last. Watch both: a loss that falls isn't yet a network that learns.
# (`Dense` and `fit` would do this; on PyTorch they multiply in float32, whatever comes in.)


# %% Descent
def descend(name, images, labels, rate, steps):
    weights, history = np.zeros((images.shape[1], labels.max() + 1), images.dtype), []
    for _ in range(steps + 1):
        logits = images @ weights
        history.append((loss(name, logits, labels).mean(), (logits.argmax(axis=1) == labels).mean()))
        weights -= rate * images.T @ gradient(name, logits, labels)
    return tuple(np.array(history, images.dtype).T)


# %% Run
if __name__ == "__main__":
    images = np.array([[6, 0], [6, 1], [6, 2], [6, 3], [1, 1], [1, 2], [2, 2], [2, 3]], np.float32)  # 4 bright, 4 dim
    for name in ("softmax", "sigmoid", "literal"):
        losses, accuracies = descend(name, images, np.repeat([0, 1], 4), rate=0.1, steps=200)
        print(f"{name}: after 10, 20, 100 steps loss {losses[[10, 20, 100]]}, accuracy {accuracies[[10, 20, 100]]}")
