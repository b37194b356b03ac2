"""A layer that is made without saying how starts from other numbers in each framework. Keras: Glorot's uniform kernel
and a bias of zeros. PyTorch: a uniform kernel that ignores the number of outputs, and a random bias too. Raw
TensorFlow 2, JAX and Theano have no layers, and so no default.
"""

import numpy as np

TITLE = "What a dense layer starts from"
QUESTION = "The distribution that its kernel and its bias can't be told from, by a Kolmogorov-Smirnov test."
GLOROT = "uniform ±sqrt(6 / (in + out))"
EXPECTED = {
    "tensorflow_v1": {"kernel": GLOROT},
    "keras": {"kernel": GLOROT, "bias": "zeros"},
    "keras_theano": {"kernel": GLOROT, "bias": "zeros"},
    "pytorch": {"kernel": "uniform ±sqrt(1 / in)", "bias": "uniform ±sqrt(1 / in)"},
}
DOCUMENTED = {
    "pytorch": (
        {"kernel": "uniform ±sqrt(1 / in)", "bias": "uniform ±sqrt(1 / in)"},
        "https://pytorch.org/docs/stable/generated/torch.nn.Linear",
    ),
}

INPUTS, OUTPUTS = 400, 250


def distribution(sample):
    """The name of the one candidate that a sample (any shape) doesn't contradict at the level of 0.001."""
    from scipy import stats

    sample = np.ravel(sample)
    if not sample.any():
        return "zeros"
    glorot, lecun, he = np.sqrt(6 / (INPUTS + OUTPUTS)), np.sqrt(3 / INPUTS), np.sqrt(6 / INPUTS)
    candidates = {
        "uniform ±sqrt(6 / (in + out))": stats.uniform(-glorot, 2 * glorot),
        "uniform ±sqrt(6 / in)": stats.uniform(-he, 2 * he),
        "uniform ±sqrt(3 / in)": stats.uniform(-lecun, 2 * lecun),
        "uniform ±sqrt(1 / in)": stats.uniform(-np.sqrt(1 / INPUTS), 2 * np.sqrt(1 / INPUTS)),
        "normal, variance 1 / in": stats.norm(0, np.sqrt(1 / INPUTS)),
        "normal, variance 2 / (in + out)": stats.norm(0, np.sqrt(2 / (INPUTS + OUTPUTS))),
    }
    fitting = [name for name, candidate in candidates.items() if stats.kstest(sample, candidate.cdf).pvalue > 0.001]
    return " or ".join(fitting) or "none of the candidates"


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        kernel = tf.get_variable("kernel", (INPUTS, OUTPUTS))
        session.run(tf.global_variables_initializer())
        return {"kernel": distribution(session.run(kernel))}


def keras():
    import keras

    keras.utils.set_random_seed(0)
    layer = keras.layers.Dense(OUTPUTS)
    layer.build((None, INPUTS))
    kernel, bias = layer.get_weights()
    return {"kernel": distribution(kernel), "bias": distribution(bias)}


def keras_theano():
    import keras

    np.random.seed(0)
    layer = keras.layers.Dense(OUTPUTS)
    layer.build((None, INPUTS))
    kernel, bias = layer.get_weights()
    return {"kernel": distribution(kernel), "bias": distribution(bias)}


def pytorch():
    import torch

    torch.manual_seed(0)
    layer = torch.nn.Linear(INPUTS, OUTPUTS)
    return {"kernel": distribution(layer.weight.detach().numpy()), "bias": distribution(layer.bias.detach().numpy())}
