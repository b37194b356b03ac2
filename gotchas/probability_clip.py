"""A loss that takes probabilities instead of logits must keep the logarithm of 0 away, and what it does for that
differs. Keras clips the probability at 1e-7: the loss can't exceed 16.1, and beyond the clip the gradient is 0, so
the worst mistakes teach nothing. PyTorch caps the loss at 100, but not the gradient; TensorFlow 1 adds 1e-7.
"""

import numpy as np

TITLE = "Probabilities of 0 in a cross-entropy"
QUESTION = "Loss and gradient of the cross-entropy, in two classes, for the probability 0 of what is true."
EXPECTED = {
    "tensorflow_v1": {"loss": 16.1180957, "gradient": -1e7},
    "keras": {"loss": 16.1180957, "gradient": 0},
    "keras_theano": {"loss": 16.1180957, "gradient": 0},
    "pytorch": {"loss": 100, "gradient": -1e12},
    "theano": {"loss": float("inf"), "gradient": float("-inf")},
}
DOCUMENTED = {
    "pytorch": ({"loss": 100}, "https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.loss.BCELoss.html"),
}
NOTES = {"theano": "Without any clip."}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        probability = tf.constant(0.0, tf.float64)
        loss = tf.losses.log_loss(tf.constant(1.0, tf.float64), probability)
        return {"loss": session.run(loss), "gradient": session.run(tf.gradients(loss, probability)[0])}


def keras():
    import keras

    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")  # its weight is the probability
    model = keras.Sequential([layer])
    model.compile(keras.optimizers.SGD(1.0), loss="binary_crossentropy")
    loss = model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
    return {"loss": loss, "gradient": 0 - layer.get_weights()[0].item()}


def keras_theano():
    import keras

    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", input_shape=(1,))
    model = keras.Sequential([layer])
    model.compile(keras.optimizers.SGD(1.0), loss="binary_crossentropy")
    loss = model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
    return {"loss": loss, "gradient": 0 - layer.get_weights()[0].item()}


def pytorch():
    import torch

    probability = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    loss = torch.nn.BCELoss()(probability, torch.ones(1, dtype=torch.float64))
    loss.backward()
    return {"loss": loss.item(), "gradient": probability.grad.item()}


def theano():
    import theano.tensor as tt

    probability = tt.dscalar()
    loss = tt.nnet.binary_crossentropy(probability, 1.0)
    return {"loss": loss.eval({probability: 0.0}), "gradient": tt.grad(loss, probability).eval({probability: 0.0})}
