# %% [markdown]
# # Cross-entropy, in TensorFlow
# A network gives each class a score, a logit. Softmax turns logits into probabilities, and the loss of an image is
# -log of the probability of its label: 0 if the network is certain and right, without limit if it is certain and wrong.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# As the formula says it. `exp` overflows above 709 in float64 (88 in float32), and underflows to 0 below -745 (-103).


# %% Naive
def naive(logits, labels):
    """Logits (N, classes) and labels (N,) give losses (N,)."""
    exponentials = tf.exp(logits)
    probabilities = exponentials / tf.reduce_sum(exponentials, axis=1, keepdims=True)
    return -tf.math.log(tf.gather(probabilities, labels, batch_dims=1)).numpy()


# %% [markdown]
# The long name says it all: class numbers, not one-hot rows; logits, not probabilities. It gives a loss for each image.


# %% Stable
def stable(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits).numpy()


# %% [markdown]
# The mean is yours to take, within the tape.


# %% Gradient
def gradient(logits, labels):
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    return tape.gradient(loss, logits).numpy()


# %% Run
if __name__ == "__main__":
    labels = np.array([0, 0, 0])
    for lead in (1, 50, 100):
        logits = np.array([[0, 0, 0], [lead, 0, 0], [0, lead, 0]], np.float32)
        print(f"lead {lead}: naive {naive(logits, labels)}, stable {stable(logits, labels)}")
