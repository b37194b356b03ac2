"""Batch normalisation has three defaults that differ. Epsilon is 1e-3 or 1e-5. The momentum is the share of the old
running value that is kept (Keras) or the share of the new one that is taken (PyTorch, Theano): 0.99 there is 0.01
here. And the running variance, which is used in evaluation, is that of the batch or the unbiased estimate, which is
larger.
"""

import numpy as np

TITLE = "Batch normalisation's defaults"
QUESTION = (
    "Epsilon, the share of the old running value that is kept, and the variance that is kept of the batch (0, 2)."
)
TOLERANCE = 1e-3  # some backends compute parts of it in float32
EXPECTED = {
    "tensorflow_v1": {"epsilon": 1e-3, "kept": 0, "variance": 2},
    "keras": {"epsilon": 1e-3, "kept": 0.99, "variance": 1},
    "keras_theano": {"epsilon": 1e-3, "kept": 0.99, "variance": 2.004},
    "pytorch": {"epsilon": 1e-5, "kept": 0.9, "variance": 2},
    "theano": {"epsilon": 1e-4, "kept": 0.9, "variance": 2},
}
DOCUMENTED = {
    "keras": (
        {"epsilon": 1e-3, "kept": 0.99},
        "https://keras.io/api/layers/normalization_layers/batch_normalization/",
    ),
    "pytorch": (
        {"epsilon": 1e-5, "kept": 0.9, "variance": 2},
        "https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html",
    ),
    "theano": ({"epsilon": 1e-4, "kept": 0.9}, "https://docs.huihoo.com/theano/0.9/library/tensor/nnet/bn.html"),
}
NOTES = {
    "tensorflow_v1": "fused_batch_norm keeps no running average: it gives the batch's own mean and unbiased variance.",
    "keras": "The running variance is that of the batch itself, 1.",
    "keras_theano": "The unbiased variance, 2, and a little more: epsilon gets into it.",
    "pytorch": "The argument is called momentum and is 0.1, the share of the new value.",
}

batch = np.array([[0.0], [2.0]])  # mean 1, variance 1, unbiased 2


def read_off(output, mean, variance):
    """From the normalised 2, and from the running mean and variance, which begin at 0 and 1."""
    kept = 1 - mean
    return {"epsilon": output**-2 - 1, "kept": kept, "variance": (variance - kept) / (1 - kept)}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        images, ones = tf.constant(batch.reshape(2, 1, 1, 1), tf.float32), tf.ones(1)
        output, mean, variance = session.run(tf.nn.fused_batch_norm(images, ones, 0 * ones))
        return read_off(output.ravel()[1].astype(float), mean[0], variance[0])


def keras():
    import keras

    layer = keras.layers.BatchNormalization()
    output = keras.ops.convert_to_numpy(layer(batch, training=True))
    return read_off(output[1, 0], *(keras.ops.convert_to_numpy(weight)[0] for weight in layer.non_trainable_variables))


def keras_theano():
    import keras

    layer = keras.layers.BatchNormalization(input_shape=(1,))
    model = keras.Sequential([layer])
    model.compile("sgd", "mse")
    outputs = keras.backend.function(
        [model.input, keras.backend.learning_phase()], [model.output], updates=model.updates
    )
    output = outputs([batch, 1])[0]
    return read_off(output[1, 0], *(weight[0] for weight in layer.get_weights()[2:]))


def pytorch():
    import torch

    layer = torch.nn.BatchNorm1d(1, dtype=torch.float64)
    output = layer(torch.tensor(batch)).detach()
    return read_off(output[1, 0].item(), layer.running_mean.item(), layer.running_var.item())


def theano():
    import theano
    from theano.tensor.nnet.bn import batch_normalization_train

    x, mean, variance = (theano.shared(values) for values in (batch, np.zeros((1, 1)), np.ones((1, 1))))
    results = batch_normalization_train(x, np.ones((1, 1)), np.zeros((1, 1)), running_mean=mean, running_var=variance)
    output, _, _, new_mean, new_variance = theano.function([], list(results))()
    return read_off(output[1, 0], new_mean[0, 0], new_variance[0, 0])
