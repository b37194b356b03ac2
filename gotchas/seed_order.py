"""One seed gives one stream of numbers, but whether ten numbers and ten more are the same as twenty at once differs.
Where they are not, whoever draws the same weights in other portions gets other weights from the same seed.
"""

import numpy as np

TITLE = "Two draws or one"
QUESTION = (
    "With the same seed: are two draws of 20 normal numbers the same as one of 40, and is 20 the beginning of 40?"
)
EXPECTED = {
    "numpy": {"two are one": True, "same beginning": True},
    "tensorflow": {"two are one": False, "same beginning": True},
    "keras-tf": {"two are one": False, "same beginning": True},
    "keras-jax": {"two are one": False, "same beginning": True},
    "keras-torch": {"two are one": False, "same beginning": False},
    "keras_theano": {"two are one": False, "same beginning": False},
    "pytorch": {"two are one": False, "same beginning": False},
    "jax": {"two are one": False, "same beginning": True},
}
NOTES = {"pytorch": "It draws in blocks of 16, and the last block of a draw that isn't a multiple of it anew."}


def read_off(first, second, both):
    first, second, both = (np.asarray(numbers) for numbers in (first, second, both))
    together = np.append(first, second)
    return {"two are one": bool((together == both).all()), "same beginning": bool((first == both[:20]).all())}


def numpy():
    one, two = np.random.default_rng(0), np.random.default_rng(0)
    return read_off(one.normal(size=20), one.normal(size=20), two.normal(size=40))


def tensorflow():
    import tensorflow as tf

    tf.random.set_seed(0)
    first, second = tf.random.normal([20]), tf.random.normal([20])
    tf.random.set_seed(0)
    return read_off(first, second, tf.random.normal([40]))


def keras():
    import keras

    one, two = keras.random.SeedGenerator(0), keras.random.SeedGenerator(0)
    draws = (
        keras.random.normal((20,), seed=one),
        keras.random.normal((20,), seed=one),
        keras.random.normal((40,), seed=two),
    )
    return read_off(*map(keras.ops.convert_to_numpy, draws))


def keras_theano():
    import keras

    def draw(count):
        return keras.backend.eval(keras.initializers.RandomNormal()((count,)))

    np.random.seed(0)
    first, second = draw(20), draw(20)
    np.random.seed(0)
    return read_off(first, second, draw(40))


def pytorch():
    import torch

    torch.manual_seed(0)
    first, second = torch.randn(20), torch.randn(20)
    torch.manual_seed(0)
    return read_off(first, second, torch.randn(40))


def jax():
    import jax

    key = jax.random.key(0)
    second_key = jax.random.split(key)[1]  # there is no stream: who wants other numbers makes another key
    first, second = jax.random.normal(key, 20), jax.random.normal(second_key, 20)
    return read_off(first, second, jax.random.normal(key, 40))
