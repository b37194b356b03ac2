"""Momentum is written in two ways. Either the velocity is a sum of gradients, and the learning rate is applied when
the weight moves; or the velocity already holds the learning rate. Both are the same as long as the rate stays the
same. When a schedule cuts it, the first slows down at once, the second goes on with the old speed until the momentum
has worn off.
"""

import numpy as np

TITLE = "Is the learning rate inside the velocity?"
QUESTION = "How far the second step goes: gradients of 1, momentum 0.9, rate 1, which stays or is cut to 0.1."
EXPECTED = {
    "tensorflow_v1": {"rate stays": 1.9, "rate is cut": 0.19},
    "keras": {"rate stays": 1.9, "rate is cut": 1},
    "keras_theano": {"rate stays": 1.9, "rate is cut": 1},
    "pytorch": {"rate stays": 1.9, "rate is cut": 0.19},
}
DOCUMENTED = {
    "pytorch": (
        {"rate stays": 1.9, "rate is cut": 0.19},
        "https://pytorch.org/docs/1.13/generated/torch.optim.SGD.html",
    ),
}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    def second_step(rate):
        with tf.Graph().as_default(), tf.Session() as session:
            weight, learning_rate = tf.Variable(0.0), tf.placeholder(tf.float32)
            step = tf.train.MomentumOptimizer(learning_rate, 0.9).minimize(weight)  # the loss is the weight itself
            session.run(tf.global_variables_initializer())
            session.run(step, {learning_rate: 1.0})
            session.run(step, {learning_rate: rate})
            return -1 - session.run(weight)

    return {"rate stays": second_step(1.0), "rate is cut": second_step(0.1)}


def keras():
    import keras

    def second_step(rate):
        weight = keras.Variable(np.zeros(()))
        optimizer = keras.optimizers.SGD(1.0, momentum=0.9)
        optimizer.apply([keras.ops.ones(())], [weight])
        optimizer.learning_rate = rate
        optimizer.apply([keras.ops.ones(())], [weight])
        return -1 - keras.ops.convert_to_numpy(weight)

    return {"rate stays": second_step(1.0), "rate is cut": second_step(0.1)}


def keras_theano():
    import keras

    def second_step(rate):
        layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", input_shape=(1,))
        model = keras.Sequential([layer])
        model.compile(keras.optimizers.SGD(1.0, momentum=0.9), loss=lambda target, output: output)
        model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
        keras.backend.set_value(model.optimizer.lr, rate)
        model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
        return -1 - layer.get_weights()[0].item()

    return {"rate stays": second_step(1.0), "rate is cut": second_step(0.1)}


def pytorch():
    import torch

    def second_step(rate):
        weight = torch.zeros((), requires_grad=True)
        weight.grad = torch.ones(())
        optimizer = torch.optim.SGD([weight], lr=1.0, momentum=0.9)
        optimizer.step()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        return -1 - weight.item()

    return {"rate stays": second_step(1.0), "rate is cut": second_step(0.1)}
