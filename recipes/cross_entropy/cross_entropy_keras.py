# %% [markdown]
# # Cross-entropy, in Keras
# A network gives each class a score, a logit. Softmax turns logits into probabilities, and the loss of an image is
# -log of the probability of its label: 0 if the network is certain and right, without limit if it is certain and wrong.

# %% Init
import keras
import numpy as np
from keras import ops

# %% [markdown]
# As the formula says it. `exp` overflows above 709 in float64 (88 in float32), and underflows to 0 below -745 (-103).


# %% Naive
def naive(logits, labels):
    """Logits (N, classes) and labels (N,) give losses (N,)."""
    exponentials = ops.exp(logits)
    probabilities = exponentials / ops.sum(exponentials, axis=1, keepdims=True)
    return ops.convert_to_numpy(-ops.log(ops.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]))


# %% [markdown]
# With `from_logits=True` nothing is clipped. Without it Keras takes the numbers for probabilities, and clips them.


# %% Stable
def stable(logits, labels):
    logits = ops.convert_to_tensor(logits)
    return ops.convert_to_numpy(ops.sparse_categorical_crossentropy(labels, logits, from_logits=True))


# %% [markdown]
# Keras trains, but it has no gradients to look at: its backend has.


# %% Gradient
def gradient(logits, labels):
    def loss(logits):  # the mean; `ops.mean` computes in float32 on JAX and PyTorch
        return ops.sum(ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)) / len(labels)

    if keras.config.backend() == "jax":
        import jax

        return np.array(jax.grad(loss)(logits))
    logits = ops.convert_to_tensor(logits)
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits)
        return tape.gradient(value, logits).numpy()
    loss(logits.requires_grad_()).backward()  # PyTorch
    return ops.convert_to_numpy(logits.grad)


# %% Run
if __name__ == "__main__":
    labels = np.array([0, 0, 0])
    for lead in (1, 50, 100):
        logits = np.array([[0, 0, 0], [lead, 0, 0], [0, lead, 0]], np.float32)
        print(f"lead {lead}: naive {naive(logits, labels)}, stable {stable(logits, labels)}")
