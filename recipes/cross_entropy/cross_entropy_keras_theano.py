# %% [markdown]
# # Cross-entropy, in Keras 2 on Theano
# A network gives each class a score, a logit. Softmax turns logits into probabilities, and the loss of an image is
# -log of the probability of its label: 0 if the network is certain and right, without limit if it is certain and wrong.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend

# %% [markdown]
# As the formula says it. Theano knows this pattern, and would compile the stable form in its place; "FAST_COMPILE"
# leaves out that rewriting, and computes what is written here.


# %% Naive
def naive(logits, labels):
    """Logits (N, classes) and labels (N,) give losses (N,)."""
    exponentials = backend.exp(backend.variable(logits, logits.dtype))
    probabilities = exponentials / backend.sum(exponentials, axis=1, keepdims=True)
    losses = -backend.log(probabilities[np.arange(len(labels)), labels])
    return backend.function([], [losses], mode="FAST_COMPILE")([])[0]


# %% [markdown]
# Keras 2's own `categorical_crossentropy` clips the probabilities at 1e-7, also with `from_logits=True`: no loss is
# above 16.1. So the largest logit is subtracted by hand.


# %% Stable
def cross_entropy(logits, labels):
    shifted = logits - backend.max(logits, axis=1, keepdims=True)
    return backend.log(backend.sum(backend.exp(shifted), axis=1)) - shifted[np.arange(len(labels)), labels]


def stable(logits, labels):
    return backend.eval(cross_entropy(backend.variable(logits, logits.dtype), labels))


# %% [markdown]
# The gradient of one number, the mean.


# %% Gradient
def gradient(logits, labels):
    variable = backend.variable(logits, logits.dtype)
    return backend.eval(backend.gradients(backend.mean(cross_entropy(variable, labels)), variable))


# %% Run
if __name__ == "__main__":
    labels = np.array([0, 0, 0])
    for lead in (1, 50, 100):
        logits = np.array([[0, 0, 0], [lead, 0, 0], [0, lead, 0]], np.float32)
        print(f"lead {lead}: naive {naive(logits, labels)}, stable {stable(logits, labels)}")
