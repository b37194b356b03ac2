# %% [markdown]
# # Cross-entropy, in NumPy
# A network gives each class a score, a logit. Softmax turns logits into probabilities, and the loss of an image is
# -log of the probability of its label: 0 if the network is certain and right, without limit if it is certain and wrong.

# %% Init
import numpy as np

# %% [markdown]
# As the formula says it. `exp` overflows above 709 in float64 (88 in float32), and underflows to 0 below -745 (-103).


# %% Naive
def naive(logits, labels):
    """Logits (N, classes) and labels (N,) give losses (N,)."""
    with np.errstate(all="ignore"):
        exponentials = np.exp(logits)
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        return -np.log(probabilities[np.arange(len(labels)), labels])


# %% [markdown]
# Subtracting the largest logit changes no probability, and now the largest exponential is 1. The logarithm undoes the
# label's exponential, so that is never computed.


# %% Stable
def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def stable(logits, labels):
    return -log_softmax(logits)[np.arange(len(labels)), labels]


# %% [markdown]
# The gradient of the mean loss is as simple as can be: probability minus 1 for the label, minus 0 for the others.


# %% Gradient
def gradient(logits, labels):
    errors = np.exp(log_softmax(logits))
    errors[np.arange(len(labels)), labels] -= 1
    return errors / len(labels)


# %% Run
if __name__ == "__main__":
    labels = np.array([0, 0, 0])
    for lead in (1, 50, 100):
        logits = np.array([[0, 0, 0], [lead, 0, 0], [0, lead, 0]], np.float32)
        print(f"lead {lead}: naive {naive(logits, labels)}, stable {stable(logits, labels)}")
