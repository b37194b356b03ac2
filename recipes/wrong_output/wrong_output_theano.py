# %% [markdown]
# # The wrong output, in Theano
# A network for ten classes ends in a softmax, and its loss is the cross-entropy. The talk's network ended in sigmoids.
# What comes of that depends on what stands between the logits z and the loss.

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt

# %% [markdown]
# The right one; what Keras makes of sigmoids, divided by their sum; the formula -y log(sigmoid(z)) as it stands; and
# the right one with its two arguments exchanged. Each takes logits and one-hot labels, and gives losses (N,).


# %% Four losses
def renormalised(z):
    return tt.clip(tt.nnet.sigmoid(z) / tt.nnet.sigmoid(z).sum(axis=1, keepdims=True), 1e-7, 1 - 1e-7)


LOSSES = {
    "softmax": lambda z, y: -(y * tt.nnet.logsoftmax(z)).sum(axis=1),
    "sigmoid": lambda z, y: -(y * tt.log(renormalised(z))).sum(axis=1),
    "literal": lambda z, y: -(y * tt.log(tt.nnet.sigmoid(z))).sum(axis=1),  # compiled to the stable softplus(-z)
    "exchanged": lambda z, y: -(z * tt.nnet.logsoftmax(y)).sum(axis=1),
}


# %% [markdown]
# The gradient is that of the mean loss, by the logits.


# %% Losses and gradients
def run(build, logits, labels):
    z = tt.matrix("logits", logits.dtype)
    y = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return theano.function([z], build(z, tt.constant(y)))(logits)


def loss(name, logits, labels):
    return run(LOSSES[name], logits, labels)


def gradient(name, logits, labels):
    return run(lambda z, y: tt.grad(LOSSES[name](z, y).mean(), z), logits, labels)


# %% [markdown]
# A layer of weights that start from zero. What comes out is the mean loss and the share of right answers, before each
# step and after the last. Watch both: a loss that falls isn't yet a network that learns.


# %% Descent
def descend(name, images, labels, rate, steps):
    y = np.eye(labels.max() + 1, dtype=images.dtype)[labels]
    weights = theano.shared(np.zeros((images.shape[1], y.shape[1]), images.dtype))
    logits = tt.dot(images, weights)
    mean = LOSSES[name](logits, tt.constant(y)).mean()
    update = weights - np.asarray(rate, images.dtype) * tt.grad(mean, weights)
    step = theano.function([], [mean, tt.eq(logits.argmax(axis=1), labels).mean()], updates=[(weights, update)])
    return tuple(np.array([step() for _ in range(steps + 1)], images.dtype).T)


# %% Run
if __name__ == "__main__":
    images = np.array([[6, 0], [6, 1], [6, 2], [6, 3], [1, 1], [1, 2], [2, 2], [2, 3]], np.float32)  # 4 bright, 4 dim
    for name in ("softmax", "sigmoid", "literal"):
        losses, accuracies = descend(name, images, np.repeat([0, 1], 4), rate=0.1, steps=200)
        print(f"{name}: after 10, 20, 100 steps loss {losses[[10, 20, 100]]}, accuracy {accuracies[[10, 20, 100]]}")
