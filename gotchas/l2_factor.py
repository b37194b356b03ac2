"""An L2 penalty of lambda is lambda times the sum of squares in Keras, and half of that in TensorFlow's `l2_loss` and
in what PyTorch calls weight decay. Its gradient is 2 lambda w or lambda w. So Keras's 0.01 is PyTorch's 0.02.
"""

import numpy as np

TITLE = "L2: with or without the half"
QUESTION = "The gradient of the penalty of factor 1 at the weight 1."
EXPECTED = {"tensorflow": 1, "tensorflow_v1": 1, "keras": 2, "keras_theano": 2, "pytorch": 1}
DOCUMENTED = {
    "tensorflow": (1, "https://www.tensorflow.org/versions/r2.14/api_docs/python/tf/nn/l2_loss.md.txt"),
    "tensorflow_v1": (1, "https://www.tensorflow.org/versions/r2.14/api_docs/python/tf/nn/l2_loss.md.txt"),
}


def tensorflow():
    import tensorflow as tf

    weight = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        penalty = tf.nn.l2_loss(weight)
    return tape.gradient(penalty, weight).numpy()


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        weight = tf.constant(1.0)
        return session.run(tf.gradients(tf.nn.l2_loss(weight), weight)[0])


def keras():
    import keras

    layer = keras.layers.Dense(
        1, use_bias=False, kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(1)
    )
    model = keras.Sequential([layer])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda target, output: 0 * output)
    model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
    return 1 - layer.get_weights()[0].item()


def keras_theano():
    import keras

    options = {"kernel_initializer": "ones", "kernel_regularizer": keras.regularizers.l2(1), "input_shape": (1,)}
    layer = keras.layers.Dense(1, use_bias=False, **options)
    model = keras.Sequential([layer])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda target, output: 0 * output)
    model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
    return 1 - layer.get_weights()[0].item()


def pytorch():
    import torch

    weight = torch.ones((), requires_grad=True)
    weight.grad = torch.zeros(())
    torch.optim.SGD([weight], lr=1.0, weight_decay=1.0).step()
    return 1 - weight.item()
