"""Sigmoids at the end of a network, and categorical cross-entropy as its loss: the loss wants probabilities that add up
to 1. Keras divides them by their sum without a word; on TensorFlow the sigmoid's result remembers the logits, and Keras
takes the softmax of those. The same program has another loss there, and says nothing either.
"""

import numpy as np

TITLE = "Sigmoids under a categorical cross-entropy"
QUESTION = (
    "The loss of the logits log(1, 3, 7) for the second class, if a sigmoid comes before a loss that takes "
    "probabilities: 1.041 with the sigmoids divided by their sum, 1.299 with the softmax in their place."
)
DIVIDED, SOFTMAX = 1.04145387, 1.29928298
EXPECTED = {
    "keras-tf": SOFTMAX,
    "keras-jax": DIVIDED,
    "keras-torch": DIVIDED,
    "keras_theano": DIVIDED,
}

logits, target = np.log(np.array([[1.0, 3, 7]])), np.array([[0.0, 1, 0]])


def keras():
    import keras

    network = keras.Sequential([keras.Input((3,)), keras.layers.Activation("sigmoid")])
    network.compile(loss="categorical_crossentropy")
    return network.evaluate(logits, target, verbose=0)


def keras_theano():
    import keras

    network = keras.Sequential([keras.layers.Activation("sigmoid", input_shape=(3,))])
    network.compile("sgd", "categorical_crossentropy")
    return network.test_on_batch(logits, target)
