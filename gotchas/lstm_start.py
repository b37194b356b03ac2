"""An LSTM's forget gate should begin open, or nothing is remembered for long. Keras starts its bias at 1. PyTorch draws
all biases around 0, and has two of them, which are added: weights that move from one to the other need both, and their
gates lie in the same order, input, forget, cell, output.
"""

import numpy as np

TITLE = "How an LSTM's biases begin"
QUESTION = "How many bias vectors a layer of 8 units has, and the mean with which the forget gate's begin."
EXPECTED = {
    "keras": {"vectors": 1, "forget gate": 1.0, "other gates": 0.0},
    "keras_theano": {"vectors": 1, "forget gate": 1.0, "other gates": 0.0},
    "pytorch": {"vectors": 2, "forget gate": "drawn around 0", "other gates": "drawn around 0"},
}
DOCUMENTED = {
    "keras": ({"forget gate": 1.0}, "https://keras.io/api/layers/recurrent_layers/lstm/"),
    "pytorch": ({"vectors": 2}, "https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html"),
}
NOTES = {"pytorch": "bias_ih_l0 and bias_hh_l0: put the sum into one of them, and zeros into the other."}


def read_off(biases):
    forget = np.concatenate([bias[8:16] for bias in biases])
    others = np.concatenate([np.delete(bias, range(8, 16)) for bias in biases])
    told = [float(part[0]) if np.ptp(part) == 0 else "drawn around 0" for part in (forget, others)]
    return {"vectors": len(biases), "forget gate": told[0], "other gates": told[1]}


def keras():
    import keras

    layer = keras.layers.LSTM(8)
    layer.build((1, 5, 4))
    return read_off([keras.ops.convert_to_numpy(array) for array in layer.weights if len(array.shape) == 1])


def keras_theano():
    import keras

    model = keras.Sequential([keras.layers.LSTM(8, input_shape=(5, 4))])
    return read_off([array for array in model.get_weights() if array.ndim == 1])


def pytorch():
    import torch

    layer = torch.nn.LSTM(4, 8)
    return read_off([array.detach().numpy() for array in layer.parameters() if array.ndim == 1])
