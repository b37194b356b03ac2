# %% [markdown]
# # Cross-entropy, in TensorFlow 1
# A network gives each class a score, a logit. Softmax turns logits into probabilities, and the loss of an image is
# -log of the probability of its label: 0 if the network is certain and right, without limit if it is certain and wrong.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

# %% [markdown]
# As the formula says it. `exp` overflows above 709 in float64 (88 in float32), and underflows to 0 below -745 (-103).


# %% Naive
def naive(logits, labels):
    """Logits (N, classes) and labels (N,) give losses (N,)."""
    with tf.Graph().as_default(), tf.Session() as session:
        scores, classes = tf.placeholder(logits.dtype, logits.shape), tf.placeholder(labels.dtype, labels.shape)
        exponentials = tf.exp(scores)
        probabilities = exponentials / tf.reduce_sum(exponentials, axis=1, keepdims=True)
        losses = -tf.log(tf.batch_gather(probabilities, classes[:, tf.newaxis])[:, 0])
        return session.run(losses, {scores: logits, classes: labels})


# %% [markdown]
# The first versions took logits and labels by position, in this order. Since 1.0 both must be named.


# %% Stable
def stable(logits, labels):
    with tf.Graph().as_default(), tf.Session() as session:
        scores, classes = tf.placeholder(logits.dtype, logits.shape), tf.placeholder(labels.dtype, labels.shape)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=scores)
        return session.run(losses, {scores: logits, classes: labels})


# %% [markdown]
# The mean is yours to take. `tf.gradients` adds the way back to the graph.


# %% Gradient
def gradient(logits, labels):
    with tf.Graph().as_default(), tf.Session() as session:
        scores, classes = tf.placeholder(logits.dtype, logits.shape), tf.placeholder(labels.dtype, labels.shape)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=scores))
        return session.run(tf.gradients(loss, scores)[0], {scores: logits, classes: labels})


# %% Run
if __name__ == "__main__":
    labels = np.array([0, 0, 0])
    for lead in (1, 50, 100):
        logits = np.array([[0, 0, 0], [lead, 0, 0], [0, lead, 0]], np.float32)
        print(f"lead {lead}: naive {naive(logits, labels)}, stable {stable(logits, labels)}")
