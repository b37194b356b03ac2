"""Where several pixels of a pooling window share the maximum, somebody must get the gradient. Most frameworks give it
to the first of them; Theano gives the whole of it to each, so that the gradient grows with the number of ties. On
images with black borders, windows of equal pixels are the rule.
"""

import numpy as np

TITLE = "Ties in a pooling window"
QUESTION = "The gradient of max-pooling for a window of four equal pixels."
EXPECTED = {
    "tensorflow": [1, 0, 0, 0],
    "tensorflow_v1": [1, 0, 0, 0],
    "keras": [1, 0, 0, 0],
    "keras_theano": [1, 1, 1, 1],
    "pytorch": [1, 0, 0, 0],
    "jax": [1, 0, 0, 0],
    "theano": {"pool_2d": [1, 1, 1, 1], "maximum of slices": [1, 0, 0, 0]},
}


def tensorflow():
    import tensorflow as tf

    image = tf.Variable(tf.ones((1, 2, 2, 1)))
    with tf.GradientTape() as tape:
        pooled = tf.nn.max_pool2d(image, ksize=2, strides=2, padding="VALID")
    return tape.gradient(pooled, image).numpy().ravel()


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        image = tf.ones((1, 2, 2, 1))
        pooled = tf.nn.max_pool(image, ksize=2, strides=2, padding="VALID")
        return session.run(tf.gradients(pooled, image)[0]).ravel()


def keras():
    import keras

    image = keras.layers.Dense(4, use_bias=False, kernel_initializer="ones")  # its weights are the pixels
    model = keras.Sequential([image, keras.layers.Reshape((2, 2, 1)), keras.layers.MaxPooling2D()])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda target, output: output)
    model.train_on_batch(np.ones((1, 1)), np.ones((1, 1, 1, 1)))
    return 1 - image.get_weights()[0].ravel()


def keras_theano():
    import keras

    image = keras.layers.Dense(4, use_bias=False, kernel_initializer="ones", input_shape=(1,))
    model = keras.Sequential([image, keras.layers.Reshape((2, 2, 1)), keras.layers.MaxPooling2D()])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda target, output: output)
    model.train_on_batch(np.ones((1, 1)), np.ones((1, 1, 1, 1)))
    return 1 - image.get_weights()[0].ravel()


def pytorch():
    import torch

    image = torch.ones(1, 1, 2, 2, requires_grad=True)
    torch.nn.functional.max_pool2d(image, 2).sum().backward()
    return image.grad.ravel()


def jax():
    import jax
    import jax.numpy as jnp

    def pooled(image):
        return jax.lax.reduce_window(image, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID").sum()

    return jax.grad(pooled)(jnp.ones((1, 2, 2, 1))).ravel()


def theano():
    import theano.tensor as tt
    from theano.tensor.signal.pool import pool_2d

    image = tt.dtensor4()
    pooled = pool_2d(image, (2, 2), ignore_border=True)
    # The way round it: a chain of maxima, each of which gives the gradient to the first of two equals.
    rows = tt.maximum(image[:, :, 0], image[:, :, 1])
    chain = tt.maximum(rows[:, :, 0], rows[:, :, 1])
    return {
        "pool_2d": tt.grad(pooled.sum(), image).eval({image: np.ones((1, 1, 2, 2))}).ravel(),
        "maximum of slices": tt.grad(chain.sum(), image).eval({image: np.ones((1, 1, 2, 2))}).ravel(),
    }
