"""A network that ends in softmax, with a loss that expects logits, is the classic mistake: softmax is applied twice,
the network still learns, only badly. Keras on TensorFlow remembers the logits inside the softmax's result and repairs
it; the same program on JAX or PyTorch is not repaired.
"""

import numpy as np

TITLE = "Softmax applied twice"
QUESTION = (
    "The loss of the logits (0, 5) for class 1, if softmax comes before a loss that takes logits: 0.0067 is right."
)
TWICE, REPAIRED = 0.316879308, 0.00671534849
EXPECTED = {
    "tensorflow": TWICE,
    "keras-tf": REPAIRED,
    "keras-jax": TWICE,
    "keras-torch": TWICE,
    "keras_theano": TWICE,
    "pytorch": TWICE,
}

logits, target = np.array([[0.0, 5.0]]), np.array([[0.0, 1.0]])


def tensorflow():
    import tensorflow as tf

    return tf.nn.softmax_cross_entropy_with_logits(target, tf.nn.softmax(logits)).numpy().item()


def keras():
    import keras

    network = keras.Sequential([keras.layers.Softmax()])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    return keras.ops.convert_to_numpy(loss(target, network(logits)))


def keras_theano():
    import keras

    model = keras.Sequential([keras.layers.Softmax(input_shape=(2,))])
    model.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True))
    return model.test_on_batch(logits, target)


def pytorch():
    import torch

    outputs = torch.nn.Softmax(dim=1)(torch.tensor(logits))
    return torch.nn.CrossEntropyLoss()(outputs, torch.tensor([1]))
