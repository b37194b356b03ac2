# %% [markdown]
# # The wrong output, in NumPy
# A network for ten classes ends in a softmax, and its loss is the cross-entropy. The talk's network ended in sigmoids.
# What comes of that depends on what stands between the logits z and the loss.

# %% Init
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def log_softmax(z):
    return z - np.logaddexp.reduce(z, axis=1, keepdims=True)  # the logarithm of the exponentials' sum


# %% [markdown]
# The right one; what Keras makes of sigmoids, divided by their sum; the formula -y log(sigmoid(z)) as it stands; and
# the right one with its two arguments exchanged. Each takes logits and one-hot labels, and gives losses (N,).


# %% Four losses
def renormalised(z):
    return np.clip(sigmoid(z) / sigmoid(z).sum(axis=1, keepdims=True), 1e-7, 1 - 1e-7)


LOSSES = {
    "softmax": lambda z, y: -(y * log_softmax(z)).sum(axis=1),
    "sigmoid": lambda z, y: -(y * np.log(renormalised(z))).sum(axis=1),
    "literal": lambda z, y: -(y * np.log(sigmoid(z))).sum(axis=1),
    "exchanged": lambda z, y: -(z * log_softmax(y)).sum(axis=1),
}
SLOPES = {
    "softmax": lambda z, y: np.exp(log_softmax(z)) - y,
    "sigmoid": lambda z, y: (renormalised(z) - y) * (1 - sigmoid(z)) * ((y * renormalised(z)).sum(1) > 1e-7)[:, None],
    "literal": lambda z, y: -y * (1 - sigmoid(z)),
    "exchanged": lambda z, y: -log_softmax(y),
}


# %% [markdown]
# The gradient is that of the mean loss, by the logits.


# %% Losses and gradients
def loss(name, logits, labels):
    return LOSSES[name](logits, np.eye(logits.shape[1], dtype=logits.dtype)[labels])


def gradient(name, logits, labels):
    return SLOPES[name](logits, np.eye(logits.shape[1], dtype=logits.dtype)[labels]) / len(logits)


# %% [markdown]
# A layer of weights that start from zero. What comes out is the mean loss and the share of right answers, before each
# step and after the last. Watch both: a loss that falls isn't yet a network that learns.


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
