# %% [markdown]
# # The wrong output, in JAX
# A network for ten classes ends in a softmax, and its loss is the cross-entropy. The talk's network ended in sigmoids.
# What comes of that depends on what stands between the logits z and the loss.

# %% Init
import jax
import jax.numpy as jnp
import numpy as np
from jax.nn import log_sigmoid, log_softmax, one_hot, sigmoid

# %% [markdown]
# The right one; what Keras makes of sigmoids, divided by their sum; the formula -y log(sigmoid(z)) as it stands; and
# the right one with its two arguments exchanged. Each takes logits and one-hot labels, and gives losses (N,).


# %% Four losses
def renormalised(z):
    return jnp.clip(sigmoid(z) / sigmoid(z).sum(axis=1, keepdims=True), 1e-7, 1 - 1e-7)


LOSSES = {
    "softmax": lambda z, y: -(y * log_softmax(z)).sum(axis=1),
    "sigmoid": lambda z, y: -(y * jnp.log(renormalised(z))).sum(axis=1),
    "literal": lambda z, y: -(y * log_sigmoid(z)).sum(axis=1),
    "exchanged": lambda z, y: -(z * log_softmax(y)).sum(axis=1),
}


# %% [markdown]
# The gradient is that of the mean loss, by the logits.


# %% Losses and gradients
def loss(name, logits, labels):
    return np.array(LOSSES[name](logits, one_hot(labels, logits.shape[1], dtype=logits.dtype)))


def gradient(name, logits, labels):
    y = one_hot(labels, logits.shape[1], dtype=logits.dtype)
    return np.array(jax.grad(lambda z: LOSSES[name](z, y).mean())(logits))


# %% [markdown]
# A layer of weights that start from zero. What comes out is the mean loss and the share of right answers, before each
# step and after the last. Watch both: a loss that falls isn't yet a network that learns.
# `scan` compiles the loop, and collects what each step hands out.


# %% Descent
def descend(name, images, labels, rate, steps):
    y = one_hot(labels, labels.max() + 1, dtype=images.dtype)

    def step(weights, _):
        value, slope = jax.value_and_grad(lambda weights: LOSSES[name](images @ weights, y).mean())(weights)
        right = (images @ weights).argmax(axis=1) == labels
        return weights - rate * slope, (value, right.mean(dtype=images.dtype))

    start = jnp.zeros((images.shape[1], y.shape[1]), images.dtype)
    losses, accuracies = jax.lax.scan(step, start, length=steps + 1)[1]
    return np.array(losses), np.array(accuracies)


# %% Run
if __name__ == "__main__":
    images = np.array([[6, 0], [6, 1], [6, 2], [6, 3], [1, 1], [1, 2], [2, 2], [2, 3]], np.float32)  # 4 bright, 4 dim
    for name in ("softmax", "sigmoid", "literal"):
        losses, accuracies = descend(name, images, np.repeat([0, 1], 4), rate=0.1, steps=200)
        print(f"{name}: after 10, 20, 100 steps loss {losses[[10, 20, 100]]}, accuracy {accuracies[[10, 20, 100]]}")
