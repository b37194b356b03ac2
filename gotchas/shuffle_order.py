"""A training set should be shuffled anew in each epoch. A seed makes the orders repeatable from run to run; it must
not make them the same from epoch to epoch.
"""

import numpy as np

TITLE = "Shuffling with a seed"
QUESTION = "Whether the second epoch of a seeded training takes the images in another order than the first."
EXPECTED = {
    "tensorflow": True,
    "keras-tf": False,
    "keras-jax": True,
    "keras-torch": True,
    "keras_theano": True,
    "pytorch": True,
}
DOCUMENTED = {
    "keras": (True, "https://search.r-project.org/CRAN/refmans/keras3/html/fit.keras.src.models.model.Model.html")
}
NOTES = {"keras-tf": "After keras.utils.set_random_seed, every epoch takes the same order."}

inputs, labels = np.ones((20, 1)), np.arange(20.0).reshape(20, 1)


def tensorflow():
    import tensorflow as tf

    images = tf.data.Dataset.range(20).shuffle(20, seed=0)
    return list(images.as_numpy_iterator()) != list(images.as_numpy_iterator())


def keras():
    import keras

    keras.utils.set_random_seed(0)
    means = []  # of the labels seen so far in the epoch: the loss is the label, and Keras reports its running mean
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", loss=lambda label, output: label + 0 * output)
    record = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: means.append(logs["loss"]))
    model.fit(inputs, labels, batch_size=1, epochs=2, verbose=0, callbacks=[record])
    return means[:20] != means[20:]


def keras_theano():
    import keras

    np.random.seed(0)
    seen = []
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))])
    model.compile("sgd", loss=lambda label, output: label + 0 * output)
    record = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(float(logs["loss"])))
    model.fit(inputs, labels, batch_size=1, epochs=2, verbose=0, callbacks=[record])
    return seen[:20] != seen[20:]


def pytorch():
    import torch

    torch.manual_seed(0)
    images = torch.utils.data.DataLoader(range(20), shuffle=True)
    return torch.cat(list(images)).tolist() != torch.cat(list(images)).tolist()
