# %% [markdown]
# # The wrong output, in Keras 2 on Theano
# A network for ten classes ends in a softmax, and its loss is the cross-entropy. The talk's network ended in sigmoids.
# What comes of that depends on what stands between the logits z and the loss.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend

# %% [markdown]
# The right one; the talk's, whose sigmoids Keras divides by their sum without a word; the formula -y log(sigmoid(z)) as
# it stands; and the right one with its two arguments exchanged. Each takes logits and one-hot labels.


# %% Four losses
def log_softmax(z):
    shifted = z - backend.max(z, axis=1, keepdims=True)
    return shifted - backend.log(backend.sum(backend.exp(shifted), axis=1, keepdims=True))


def renormalised(z, y):
    sigmoids = backend.sigmoid(z)
    sigmoids._keras_shape = backend.int_shape(z)  # by which the loss finds the classes
    return backend.categorical_crossentropy(y, sigmoids)


LOSSES = {
    "softmax": lambda z, y: -backend.sum(y * log_softmax(z), axis=1),
    "sigmoid": renormalised,
    "literal": lambda z, y: -backend.sum(y * backend.log(backend.sigmoid(z)), axis=1),
    "exchanged": lambda z, y: -backend.sum(z * log_softmax(y), axis=1),
}


# %% Losses and gradients
def variables(values, labels):
    y = np.eye(values.shape[1])[labels]
    return backend.variable(values, values.dtype), backend.variable(y, values.dtype)


def loss(name, logits, labels):
    return backend.eval(LOSSES[name](*variables(logits, labels)))


def gradient(name, logits, labels):
    """Of the mean loss, by the logits."""
    z, y = variables(logits, labels)
    return backend.eval(backend.gradients(backend.mean(LOSSES[name](z, y)), z))


# %% [markdown]
# A layer of weights that start from zero. Watch both numbers: a loss that falls isn't yet a network that learns.


# %% Descent
def descend(name, images, labels, rate, steps):
    """Before each step and after the last: the mean loss, and the share of right answers."""
    x, y = variables(images, labels)
    weights = backend.zeros((images.shape[1], labels.max() + 1), images.dtype)
    logits = backend.dot(x, weights)
    mean = backend.mean(LOSSES[name](logits, y))
    accuracy = backend.mean(backend.equal(backend.argmax(logits, axis=1), labels))
    update = (weights, weights - np.asarray(rate, images.dtype) * backend.gradients(mean, weights))
    step = backend.function([], [mean, accuracy], updates=[update])
    losses, accuracies = np.array([step([]) for _ in range(steps + 1)], images.dtype).T
    return losses, accuracies


# %% Run
if __name__ == "__main__":
    bright, dim = [[6, 0], [6, 1], [6, 2], [6, 3]], [[1, 1], [1, 2], [2, 2], [2, 3]]
    for name in ("softmax", "sigmoid", "literal"):
        losses, accuracies = descend(
            name, np.array([*bright, *dim], np.float32), np.repeat([0, 1], 4), rate=0.1, steps=200
        )
        print(f"{name}: after 10, 20, 100 steps loss {losses[[10, 20, 100]]}, accuracy {accuracies[[10, 20, 100]]}")
