"""A smaller image can be sampled, or first be blurred so that nothing falls between the samples. JAX blurs by default;
TensorFlow, Keras and PyTorch sample. A network that was trained on one kind of small image sees another.
"""

import numpy as np

TITLE = "Shrinking an image: sampled or blurred"
QUESTION = "A row of 8 pixels with ink in the fourth alone becomes 2, bilinearly; and a row of 2 becomes 4."
SAMPLED = {"shrunk": [0.0, 0.0], "enlarged": [0.0, 0.25, 0.75, 1.0]}
EXPECTED = {
    "tensorflow": SAMPLED,
    "keras": SAMPLED,
    "pytorch": SAMPLED,
    "jax": {"shrunk": [0.1786, 0.1071], "enlarged": [0.0, 0.25, 0.75, 1.0]},
}
NOTES = {
    "jax": "antialias=False samples.",
    "pytorch": "antialias=True blurs; torchvision's Resize does so by default.",
    "tensorflow": "antialias=True blurs.",
    "keras": "antialias=True blurs.",
}
PRECISION = "float32"

long = np.eye(8, dtype=np.float32)[3].reshape(1, 8, 1)  # one row, one channel
short = np.array([0, 1], np.float32).reshape(1, 2, 1)


def read_off(shrunk, enlarged):
    found = {"shrunk": shrunk, "enlarged": enlarged}
    return {name: [round(float(value), 4) for value in np.asarray(row).ravel()] for name, row in found.items()}


def tensorflow():
    import tensorflow as tf

    return read_off(tf.image.resize(long, (1, 2)), tf.image.resize(short, (1, 4)))


def keras():
    import keras

    found = (keras.ops.image.resize(row, (1, width)) for row, width in ((long, 2), (short, 4)))
    return read_off(*map(keras.ops.convert_to_numpy, found))


def pytorch():
    import torch

    def resize(row, width):
        row = torch.tensor(row).permute(2, 0, 1)[np.newaxis]
        return torch.nn.functional.interpolate(row, (1, width), mode="bilinear")

    return read_off(resize(long, 2), resize(short, 4))


def jax():
    import jax

    return read_off(jax.image.resize(long, (1, 2, 1), "bilinear"), jax.image.resize(short, (1, 4, 1), "bilinear"))
