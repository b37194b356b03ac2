"""Every part of RMSprop has another default somewhere: the share of the mean square that is kept, the size of
epsilon, and whether it is added under the root or outside. Together they decide how long the step is for a tiny
gradient. TensorFlow 1 also begins with a mean square of 1 instead of 0, so its first steps are short.
"""

import numpy as np

TITLE = "RMSprop's three defaults"
QUESTION = "The share of the mean square that is kept, and the divisor that is left for a gradient of almost 0."
TOLERANCE = 1e-5
EXPECTED = {
    "tensorflow_v1": {"kept": 0.9, "divisor": 0.948683},
    "keras": {"kept": 0.9, "divisor": 3.162278e-4},
    "keras_theano": {"kept": 0.9, "divisor": 1e-7},
    "pytorch": {"kept": 0.99, "divisor": 1e-8},
}
DOCUMENTED = {
    "pytorch": ({"kept": 0.99, "divisor": 1e-8}, "https://pytorch.org/docs/1.13/generated/torch.optim.RMSprop.html"),
}
NOTES = {
    "tensorflow_v1": "The root of 0.9 × 1 + 1e-10: the mean square begins at 1.",
    "keras": "The root of epsilon, 1e-7, which is added inside.",
    "keras_theano": "Epsilon itself, 1e-7: in Keras 2 it was added outside the root.",
    "pytorch": "Epsilon itself, 1e-8: it is added outside the root.",
}

LARGE, TINY = 1e6, 1e-16  # gradients


def read_off(steps):
    """From the first steps with a large and with a tiny gradient, at the rate 1."""
    return {"kept": 1 - steps[0] ** -2, "divisor": TINY / steps[1]}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        weights = tf.Variable(np.zeros(2))
        step = tf.train.RMSPropOptimizer(1.0).minimize(tf.reduce_sum(weights * [LARGE, TINY]))
        session.run(tf.global_variables_initializer())
        session.run(step)
        return read_off(-session.run(weights))


def keras():
    import keras

    weights = keras.Variable(np.zeros(2))
    keras.optimizers.RMSprop(1.0).apply([keras.ops.array([LARGE, TINY])], [weights])
    return read_off(-keras.ops.convert_to_numpy(weights))


def keras_theano():
    import keras

    layer = keras.layers.Dense(2, use_bias=False, kernel_initializer="zeros", input_shape=(1,))
    model = keras.Sequential([layer])
    model.compile(keras.optimizers.RMSprop(1.0), loss=lambda target, output: keras.backend.sum(target * output))
    model.train_on_batch(np.ones((1, 1)), np.array([[LARGE, TINY]]))
    return read_off(-layer.get_weights()[0][0])


def pytorch():
    import torch

    weights = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    weights.grad = torch.tensor([LARGE, TINY], dtype=torch.float64)
    torch.optim.RMSprop([weights], lr=1.0).step()
    return read_off(-weights.detach().numpy())
