"""A maximum over an axis is not a pooling: with ties, most frameworks share the gradient out among the equal maxima.
In PyTorch it depends on how the maximum is written: `amax` shares, `max(dim)` names one index and gives it all.
"""

import numpy as np

TITLE = "Ties in a maximum over an axis"
QUESTION = "The gradient of the maximum of four equal numbers."
SHARED = [0.25, 0.25, 0.25, 0.25]
EXPECTED = {
    "tensorflow": SHARED,
    "tensorflow_v1": SHARED,
    "keras": SHARED,
    "keras_theano": [1, 1, 1, 1],
    "pytorch": {"amax(dim=0)": SHARED, "max()": SHARED, "max(dim=0)": [1, 0, 0, 0]},
    "jax": SHARED,
    "theano": [1, 1, 1, 1],
}
DOCUMENTED = {
    "pytorch": (
        {"amax(dim=0)": SHARED, "max()": SHARED},
        "https://docs.pytorch.org/docs/stable/generated/torch.amax.html",
    ),
}


def tensorflow():
    import tensorflow as tf

    x = tf.Variable(tf.ones(4))
    with tf.GradientTape() as tape:
        y = tf.reduce_max(x)
    return tape.gradient(y, x).numpy()


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.ones(4)
        return session.run(tf.gradients(tf.reduce_max(x), x)[0])


def keras():
    import keras

    layer = keras.layers.Dense(4, use_bias=False, kernel_initializer="ones")  # its weights are the four numbers
    model = keras.Sequential([layer])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda target, output: keras.ops.max(output, axis=-1))
    model.train_on_batch(np.ones((1, 1)), np.ones((1, 4)))
    return 1 - layer.get_weights()[0].ravel()


def keras_theano():
    import keras

    layer = keras.layers.Dense(4, use_bias=False, kernel_initializer="ones", input_shape=(1,))
    model = keras.Sequential([layer])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda target, output: keras.backend.max(output, axis=-1))
    model.train_on_batch(np.ones((1, 1)), np.ones((1, 4)))
    return 1 - layer.get_weights()[0].ravel()


def pytorch():
    import torch

    def gradient(function):
        x = torch.ones(4, requires_grad=True)
        function(x).backward()
        return x.grad

    return {
        "amax(dim=0)": gradient(lambda x: x.amax(dim=0)),
        "max()": gradient(lambda x: x.max()),
        "max(dim=0)": gradient(lambda x: x.max(dim=0).values),
    }


def jax():
    import jax
    import jax.numpy as jnp

    return jax.grad(jnp.max)(jnp.ones(4))


def theano():
    import theano.tensor as tt

    x = tt.dvector()
    return tt.grad(x.max(), x).eval({x: np.ones(4)})
