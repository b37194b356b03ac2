"""At the border an average pooling sees zeros that were padded. PyTorch counts them among the values and divides by the
whole window; Keras and TensorFlow divide by what is really there. The inside is the same, every border isn't.
"""

import numpy as np

TITLE = "Average pooling at the border"
QUESTION = "Ones, averaged by a padded 3×3 window: 1 in the corner leaves the padding out, 4/9 counts it."
LEFT_OUT = {"corner": 1.0, "inside": 1.0}
EXPECTED = {
    "tensorflow": LEFT_OUT,
    "tensorflow_v1": LEFT_OUT,
    "keras": LEFT_OUT,
    "keras_theano": LEFT_OUT,
    "pytorch": {"corner": 0.4444, "inside": 1.0},
}
DOCUMENTED = {
    "pytorch": ({"corner": 0.4444}, "https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html"),
}
NOTES = {"pytorch": "count_include_pad=False leaves the padding out."}

ones = np.ones((1, 5, 5, 1), np.float32)


def read_off(maps):
    maps = np.asarray(maps).reshape(5, 5)
    return {"corner": round(float(maps[0, 0]), 4), "inside": round(float(maps[2, 2]), 4)}


def tensorflow():
    import tensorflow as tf

    return read_off(tf.nn.avg_pool2d(ones, 3, 1, "SAME"))


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        return read_off(session.run(tf.nn.avg_pool2d(ones, 3, 1, "SAME")))


def keras():
    import keras

    return read_off(keras.ops.convert_to_numpy(keras.layers.AveragePooling2D(3, 1, padding="same")(ones)))


def keras_theano():
    import keras

    layer = keras.layers.AveragePooling2D(3, 1, padding="same", input_shape=(5, 5, 1), data_format="channels_last")
    return read_off(keras.Sequential([layer]).predict(ones))


def pytorch():
    import torch

    return read_off(torch.nn.AvgPool2d(3, 1, padding=1)(torch.tensor(ones).permute(0, 3, 1, 2)))
