"""When the batch size doesn't divide the number of images, the last batch is short. Data loaders hand it out by
default. Keras's `fit` weighs the batches by their size when it reports an epoch's loss; the usual mean of batch
losses in a loop of one's own counts the images of the short batch for more.
"""

import numpy as np

TITLE = "The short last batch"
QUESTION = "Three images in batches of two: the sizes; the epoch's loss of 1, 1 and 4 (by image 2, by batch 2.5)."
EXPECTED = {
    "tensorflow": {"sizes": [2, 1]},
    "keras": {"loss": 2},
    "keras_theano": {"loss": 2},
    "pytorch": {"sizes": [2, 1]},
}

inputs, targets = np.zeros((3, 1)), np.array([[1.0], [1.0], [2.0]])  # squared errors 1, 1 and 4


def tensorflow():
    import tensorflow as tf

    return {"sizes": [len(batch) for batch in tf.data.Dataset.from_tensor_slices(inputs).batch(2)]}


def keras():
    import keras

    model = keras.Sequential([keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.0), loss="mse")
    history = model.fit(inputs, targets, batch_size=2, shuffle=False, verbose=0)
    return {"loss": history.history["loss"][0]}


def keras_theano():
    import keras

    model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=(1,))])
    model.compile(keras.optimizers.SGD(0.0), loss="mse")
    history = model.fit(inputs, targets, batch_size=2, shuffle=False, verbose=0)
    return {"loss": history.history["loss"][0]}


def pytorch():
    import torch

    return {"sizes": [len(batch) for batch in torch.utils.data.DataLoader(inputs, batch_size=2)]}
