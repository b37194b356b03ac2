# %% [markdown]
# # Cross-entropy, in JAX
# A network gives each class a score, a logit. Softmax turns logits into probabilities, and the loss of an image is
# -log of the probability of its label: 0 if the network is certain and right, without limit if it is certain and wrong.

# %% Init
import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# As the formula says it. `exp` overflows above 709 in float64 (88 in float32), and underflows to 0 below -745 (-103).


# %% Naive
def naive(logits, labels):
    """Logits (N, classes) and labels (N,) give losses (N,)."""
    exponentials = jnp.exp(logits)
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    return np.array(-jnp.log(probabilities[jnp.arange(len(labels)), labels]))


# %% [markdown]
# `log_softmax` subtracts the largest logit first, and no exponential is above 1. JAX has no loss: pick the labels.


# %% Stable
def losses(logits, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)[:, 0]


def stable(logits, labels):
    return np.array(losses(logits, labels))


# %% [markdown]
# `grad` differentiates a function that gives one number: the mean.


# %% Gradient
def gradient(logits, labels):
    return np.array(jax.grad(lambda logits: losses(logits, labels).mean())(logits))


# %% Run
if __name__ == "__main__":
    labels = np.array([0, 0, 0])
    for lead in (1, 50, 100):
        logits = np.array([[0, 0, 0], [lead, 0, 0], [0, lead, 0]], np.float32)
        print(f"lead {lead}: naive {naive(logits, labels)}, stable {stable(logits, labels)}")
