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
#
# `reshape` says the shape again: by it the loss finds the classes, and a sigmoid's result has lost it.

# %% Four losses
LOSSES = {
    "softmax": lambda z, y: backend.categorical_crossentropy(y, z, from_logits=True),
    "sigmoid": lambda z, y: backend.categorical_crossentropy(
        y, backend.reshape(backend.sigmoid(z), backend.int_shape(z))
    ),
    "literal": lambda z, y: -backend.sum(y * backend.log(backend.sigmoid(z)), axis=1),
    "exchanged": lambda z, y: backend.categorical_crossentropy(z, y, from_logits=True),
}


# %% [markdown]
# The gradient is that of the mean loss, by the logits.


# %% Losses and gradients
def variables(values, labels):
    y = np.eye(values.shape[1])[labels]
    return backend.variable(values, values.dtype), backend.variable(y, values.dtype)


def loss(name, logits, labels):
    return backend.eval(LOSSES[name](*variables(logits, labels)))


def gradient(name, logits, labels):
    z, y = variables(logits, labels)
    return backend.eval(backend.gradients(backend.mean(LOSSES[name](z, y)), z))


# %% [markdown]
# A layer of weights that start from zero. What comes out is the mean loss and the share of right answers, before each
# step and after the last. Watch both: a loss that falls isn't yet a network that learns.


# %% Descent
def descend(name, images, labels, rate, steps):
    x, y = variables(images, labels)
    weights = backend.zeros((images.shape[1], labels.max() + 1), images.dtype)
    logits = backend.dot(x, weights)
    mean = backend.mean(LOSSES[name](logits, y))
    accuracy = backend.mean(backend.equal(backend.argmax(logits, axis=1), labels))
    update = (weights, weights - np.asarray(rate, images.dtype) * backend.gradients(mean, weights))
    step = backend.function([], [mean, accuracy], updates=[update])
    return tuple(np.array([step([]) for _ in range(steps + 1)], images.dtype).T)


# %% Run
if __name__ == "__main__":
    images = np.array([[6, 0], [6, 1], [6, 2], [6, 3], [1, 1], [1, 2], [2, 2], [2, 3]], np.float32)  # 4 bright, 4 dim
    for name in ("softmax", "sigmoid", "literal"):
        losses, accuracies = descend(name, images, np.repeat([0, 1], 4), rate=0.1, steps=200)
        print(f"{name}: after 10, 20, 100 steps loss {losses[[10, 20, 100]]}, accuracy {accuracies[[10, 20, 100]]}")
