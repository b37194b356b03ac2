"""Classes can be given weights, so that rare ones count. A mean of weighted losses is divided by the number of images,
or by the sum of their weights: with one the loss, and with it the step, grows with the weights, with the other it
doesn't.
"""

import numpy as np

TITLE = "The mean of weighted losses"
QUESTION = "Two images, whose losses are log 2 each, with weights 1 and 3: 0.693 divides by the weights, 1.386 by 2."
BY_IMAGES = {"loss": 1.386294}
EXPECTED = {
    "tensorflow_v1": BY_IMAGES,
    "keras": BY_IMAGES,
    "keras_theano": BY_IMAGES,
    "pytorch": {"loss": 0.693147},
}
DOCUMENTED = {
    "pytorch": ({"loss": 0.693147}, "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"),
}
NOTES = {
    "tensorflow_v1": "tf.losses divides by the number of weights that aren't zero.",
    "keras": "class_weight and sample_weight of fit do the same.",
}
PRECISION = "float32"


def read_off(loss):
    return {"loss": round(float(loss), 6)}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        return read_off(session.run(tf.losses.sparse_softmax_cross_entropy([0, 1], tf.zeros((2, 2)), [1.0, 3.0])))


def keras():
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    weights = np.array([1, 3], np.float32)
    return read_off(loss(np.array([0, 1]), np.zeros((2, 2), np.float32), sample_weight=weights))


def keras_theano():
    import keras

    model = keras.Sequential(
        [keras.layers.Dense(2, activation="softmax", input_shape=(1,), kernel_initializer="zeros")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return read_off(model.train_on_batch(np.ones((2, 1)), np.array([0, 1]), class_weight={0: 1.0, 1: 3.0}))


def pytorch():
    import torch

    weights = torch.tensor([1.0, 3.0])
    return read_off(torch.nn.functional.cross_entropy(torch.zeros(2, 2), torch.tensor([0, 1]), weights))
