"""ReLU has no derivative at 0, and each framework picks one: 0, 1/2 or 1. On images with black borders and zero
biases, exact zeros are the rule, so the choice changes whole gradients. A ReLU that is written as a maximum follows
another rule than the framework's own, and in some frameworks it depends on the order of the arguments.
"""

import numpy as np

TITLE = "The slope of ReLU at 0"
QUESTION = "The derivative of each at x = 0."
EXPECTED = {
    "tensorflow": {"relu(x)": 0, "maximum(x, 0)": 1, "maximum(0, x)": 0},
    "tensorflow_v1": {"relu(x)": 0, "maximum(x, 0)": 1, "maximum(0, x)": 0},
    "keras-tf": {"relu(x)": 0, "maximum(x, 0)": 1, "maximum(0, x)": 0},
    "keras-jax": {"relu(x)": 0, "maximum(x, 0)": 0.5, "maximum(0, x)": 0.5},
    "keras-torch": {"relu(x)": 0, "maximum(x, 0)": 0.5, "maximum(0, x)": 0.5},
    "keras_theano": {"relu(x)": 0.5, "maximum(x, 0)": 1, "maximum(0, x)": 0},
    "pytorch": {"relu(x)": 0, "maximum(x, 0)": 0.5, "maximum(0, x)": 0.5, "clamp(x, min=0)": 1},
    "jax": {"relu(x)": 0, "maximum(x, 0)": 0.5, "maximum(0, x)": 0.5},
    "theano": {"relu(x)": 0.5, "maximum(x, 0)": 1, "maximum(0, x)": 0},
}
DOCUMENTED = {
    "jax": ({"relu(x)": 0}, "https://docs.jax.dev/en/latest/_autosummary/jax.nn.relu.html"),
}
NOTES = {
    "tensorflow": "Of two equal arguments, maximum gives the gradient to the first.",
    "theano": "Of two equal arguments, maximum gives the gradient to the first; relu is (x + |x|) / 2.",
}


def tensorflow():
    import tensorflow as tf

    def slope(function):
        x = tf.Variable(0.0)
        with tf.GradientTape() as tape:
            y = function(x)
        return tape.gradient(y, x).numpy()

    return {
        "relu(x)": slope(tf.nn.relu),
        "maximum(x, 0)": slope(lambda x: tf.maximum(x, 0)),
        "maximum(0, x)": slope(lambda x: tf.maximum(0, x)),
    }


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant(0.0)
        results = {
            "relu(x)": tf.nn.relu(x),
            "maximum(x, 0)": tf.maximum(x, 0),
            "maximum(0, x)": tf.maximum(0.0, x),
        }
        return {name: session.run(tf.gradients(result, x)[0]) for name, result in results.items()}


def keras():
    import keras

    def slope(function):  # the loss is the output, whose derivative is how far one step moves the weight
        layer = keras.layers.Dense(1, function, use_bias=False, kernel_initializer="zeros")
        model = keras.Sequential([layer])
        model.compile(keras.optimizers.SGD(1.0), loss=lambda target, output: output)
        model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
        return 0 - layer.get_weights()[0].item()

    return {
        "relu(x)": slope("relu"),
        "maximum(x, 0)": slope(lambda x: keras.ops.maximum(x, 0)),
        "maximum(0, x)": slope(lambda x: keras.ops.maximum(0, x)),
    }


def keras_theano():
    import keras

    def slope(function):
        layer = keras.layers.Dense(1, activation=function, use_bias=False, kernel_initializer="zeros", input_shape=(1,))
        model = keras.Sequential([layer])
        model.compile(keras.optimizers.SGD(1.0), loss=lambda target, output: output)
        model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
        return 0 - layer.get_weights()[0].item()

    return {
        "relu(x)": slope("relu"),
        "maximum(x, 0)": slope(lambda x: keras.backend.maximum(x, 0)),
        "maximum(0, x)": slope(lambda x: keras.backend.maximum(0, x)),
    }


def pytorch():
    import torch

    def slope(function):
        x = torch.zeros((), requires_grad=True)
        function(x).backward()
        return x.grad.item()

    return {
        "relu(x)": slope(torch.relu),
        "maximum(x, 0)": slope(lambda x: torch.maximum(x, torch.zeros(()))),
        "maximum(0, x)": slope(lambda x: torch.maximum(torch.zeros(()), x)),
        "clamp(x, min=0)": slope(lambda x: torch.clamp(x, min=0)),
    }


def jax():
    import jax
    import jax.numpy as jnp

    return {
        "relu(x)": jax.grad(jax.nn.relu)(0.0),
        "maximum(x, 0)": jax.grad(lambda x: jnp.maximum(x, 0))(0.0),
        "maximum(0, x)": jax.grad(lambda x: jnp.maximum(0, x))(0.0),
    }


def theano():
    import theano.tensor as tt

    x = tt.dscalar()
    results = {"relu(x)": tt.nnet.relu(x), "maximum(x, 0)": tt.maximum(x, 0), "maximum(0, x)": tt.maximum(0, x)}
    return {name: tt.grad(result, x).eval({x: 0.0}) for name, result in results.items()}
