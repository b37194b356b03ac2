"""Adam's paper gives two forms. Its Algorithm 1 adds epsilon after the mean square's bias has been corrected; the
faster form of section 2 folds the correction into the learning rate, and the same number then weighs 1 / sqrt(1 -
beta2^t) times as much: 31.6 times at the first step, less and less later. PyTorch has the first form, Keras and
TensorFlow 1 the second.
"""

import numpy as np

TITLE = "Adam's epsilon: before or after the bias correction"
QUESTION = "The epsilon that acts on the first step, in multiples of the one that was asked for."
TOLERANCE = 1e-4  # some backends correct the bias in float32
EXPECTED = {"tensorflow_v1": 31.6228, "keras": 31.6228, "keras_theano": 31.6228, "pytorch": 1}
NOTES = {"keras": "With Keras's default of 1e-7, what acts on the first step is 3.2e-6."}

EPSILON = 0.01


def ratio(step):
    """From the length of a first step with the gradient 1 and the rate 1, which is 1 / (1 + epsilon that acts)."""
    return (1 / step - 1) / EPSILON


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        weight = tf.Variable(np.zeros(()))
        step = tf.train.AdamOptimizer(1.0, epsilon=EPSILON).minimize(weight)  # the loss is the weight itself
        session.run(tf.global_variables_initializer())
        session.run(step)
        return ratio(-session.run(weight))


def keras():
    import keras

    weight = keras.Variable(np.zeros(()))
    optimizer = keras.optimizers.Adam(1.0, epsilon=EPSILON)
    optimizer.apply([keras.ops.ones(())], [weight])
    return ratio(-keras.ops.convert_to_numpy(weight))


def keras_theano():
    import keras

    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", input_shape=(1,))
    model = keras.Sequential([layer])
    model.compile(keras.optimizers.Adam(1.0, epsilon=EPSILON), loss=lambda target, output: output)
    model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
    return ratio(-layer.get_weights()[0].item())


def pytorch():
    import torch

    weight = torch.zeros((), dtype=torch.float64, requires_grad=True)
    weight.grad = torch.ones((), dtype=torch.float64)
    torch.optim.Adam([weight], lr=1.0, eps=EPSILON).step()
    return ratio(-weight.item())
