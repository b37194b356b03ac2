# %% [markdown]
# # Sixteen bits, in TensorFlow 1
# Half the memory and often twice the speed: networks are trained in sixteen bits. float16 keeps 11 binary digits, but
# nothing above 65,504 and nothing much below 0.0000001; bfloat16 reaches as far as float32, and keeps 8 digits.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


def run(build, *arrays):
    with tf.Graph().as_default(), tf.Session() as session:
        placeholders = [tf.placeholder(array.dtype, array.shape) for array in arrays]
        return session.run(build(*placeholders), dict(zip(placeholders, arrays, strict=True)))


# %% [markdown]
# Both are types like any other, and nothing is converted but by `tf.cast`.


# %% Rounding
def rounded(x, kind):
    """The nearest number that the kind has, in the precision of x."""
    return run(lambda x: tf.cast(tf.cast(x, kind), x.dtype), x)


# %% [markdown]
# A weight, a gradient and a rate of sixteen bits. What a step takes away is often less than half of a weight's last
# digit: then the weight is rounded back to where it was, in every step.


# %% Weights in sixteen bits
def train(weights, gradients, rate, steps, kind):
    def build(weights, gradients, rate):
        short, rate, gradients = tf.cast(weights, kind), tf.cast(rate, kind), tf.cast(gradients, kind)
        for _ in range(steps):
            short = short - rate * gradients
        return tf.cast(short, weights.dtype)

    return run(build, weights, gradients, rate)


# %% [markdown]
# Two copies mend it: the network computes with sixteen bits, and the steps go to weights that keep all digits.


# %% A master copy
def train_with_master(weights, gradients, rate, steps, kind):
    def build(weights, gradients, rate):
        for _ in range(steps):
            short = tf.cast(gradients, kind)  # as computed with tf.cast(weights, kind)
            weights = weights - rate * tf.cast(short, weights.dtype)
        return weights

    return run(build, weights, gradients, rate)


# %% [markdown]
# Gradients of 1e-8 are 0 in float16. Multiply the loss by 1,024, and all gradients are as much larger while they have
# sixteen bits; divide afterwards.


# %% A scaled loss
def scaled(gradients, scale, kind):
    return run(lambda g, scale: tf.cast(tf.cast(g * scale, kind), g.dtype) / scale, gradients, scale)


# %% Run
if __name__ == "__main__":
    weights, gradients = np.array([0.25, 1, 4], np.float32), np.ones(3, np.float32)
    rate = np.array(1 / 1024, np.float32)
    for kind in ("float16", "bfloat16"):
        print(f"{kind}: 64 steps lead to {train(weights, gradients, rate, 64, kind)},")
        print(f"with a master copy to {train_with_master(weights, gradients, rate, 64, kind)}")
