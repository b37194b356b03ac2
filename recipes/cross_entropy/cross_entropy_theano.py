# %% [markdown]
# # Cross-entropy, in Theano
# A network gives each class a score, a logit. Softmax turns logits into probabilities, and the loss of an image is
# -log of the probability of its label: 0 if the network is certain and right, without limit if it is certain and wrong.

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt

# %% [markdown]
# As the formula says it. Theano knows this pattern, and would compile the stable form in its place; "FAST_COMPILE"
# leaves out that rewriting, and computes what is written here.


# %% Naive
def naive(logits, labels):
    """Logits (N, classes) and labels (N,) give losses (N,)."""
    scores, classes = tt.matrix("logits", logits.dtype), tt.vector("labels", labels.dtype)
    exponentials = tt.exp(scores)
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    losses = -tt.log(probabilities[tt.arange(classes.size), classes])
    return theano.function([scores, classes], losses, mode="FAST_COMPILE")(logits, labels)


# %% [markdown]
# `logsoftmax` is stable as it is. (`softmax` with `categorical_crossentropy` becomes so when Theano rewrites it.)


# %% Stable
def cross_entropy(scores, classes):
    return -tt.nnet.logsoftmax(scores)[tt.arange(classes.size), classes]


def stable(logits, labels):
    scores, classes = tt.matrix("logits", logits.dtype), tt.vector("labels", labels.dtype)
    return theano.function([scores, classes], cross_entropy(scores, classes))(logits, labels)


# %% [markdown]
# `tt.grad` writes the derivative of one number, the mean, as a formula.


# %% Gradient
def gradient(logits, labels):
    scores, classes = tt.matrix("logits", logits.dtype), tt.vector("labels", labels.dtype)
    loss = cross_entropy(scores, classes).mean()
    return theano.function([scores, classes], tt.grad(loss, scores))(logits, labels)


# %% Run
if __name__ == "__main__":
    labels = np.array([0, 0, 0])
    for lead in (1, 50, 100):
        logits = np.array([[0, 0, 0], [lead, 0, 0], [0, lead, 0]], np.float32)
        print(f"lead {lead}: naive {naive(logits, labels)}, stable {stable(logits, labels)}")
