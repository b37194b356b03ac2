# %% [markdown]
# # Batch normalisation, dropout, L2 and a schedule, in Keras

# %% Init
import keras
import numpy as np
from keras import layers, ops

EPSILON = 2**-10  # of the batch normalisation
KEPT = 0.875  # of a moving average, at each step
L2 = 2**-5  # the penalty is half of this times the squares of the kernels
MASK = np.random.default_rng(3).random((14, 14, 4)) < 0.75  # what dropout keeps: the same in each step


class FixedDropout(layers.Layer):
    def call(self, inputs, training=False):
        return inputs * ops.cast(MASK, inputs.dtype) / 0.75 if training else inputs


class Momentum(keras.optimizers.SGD):
    """The velocity without the learning rate in it: Keras's own is another program where the rate changes."""

    def update_step(self, gradient, variable, learning_rate):
        velocity = self.momentums[self._get_variable_index(variable)]
        self.assign(velocity, ops.add(ops.multiply(velocity, self.momentum), gradient))
        self.assign_sub(variable, ops.multiply(learning_rate, velocity))


# %% Variables
ORDER = ("conv_kernel", "norm_scale", "norm_shift", "norm_mean", "norm_variance", "dense_kernel", "dense_bias")


def variables(weights, seed=0):
    penalty = keras.regularizers.L2(L2 / 2)  # without the half that other frameworks have
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, kernel_regularizer=penalty),
            layers.BatchNormalization(momentum=KEPT, epsilon=EPSILON),
            layers.ReLU(),
            FixedDropout(),
            layers.Flatten(),
            layers.Dense(10, kernel_regularizer=penalty),
        ]
    )
    model.set_weights(list(weights.values()))
    return model


def weights(model):
    return dict(zip(ORDER, model.get_weights(), strict=True))


# %% Network
def network(model, images):
    return model(images)


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=64, learning_rate=0.125, momentum=0.75, shuffle=True, seed=0):
    keras.utils.set_random_seed(seed)
    rate = keras.optimizers.schedules.ExponentialDecay(learning_rate, 2, 0.5, staircase=True)
    model.compile(
        optimizer=Momentum(rate, momentum=momentum or 1e-30),  # without any, Keras would make no velocity
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")],
    )
    history = model.fit(images, labels, batch_size=batch_size, epochs=epochs, shuffle=shuffle, verbose=0)
    return model, history.history["cross_entropy"]  # the loss has the penalty in it


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=500, verbose=0)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
