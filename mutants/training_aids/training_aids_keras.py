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


# %% Network
def variables(seed=0):
    keras.utils.set_random_seed(seed)
    penalty = keras.regularizers.L2(L2 / 2)  # without the half that other frameworks have
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, kernel_regularizer=penalty, name="conv"),
            layers.BatchNormalization(momentum=KEPT, epsilon=EPSILON, name="norm"),
            layers.ReLU(),
            FixedDropout(),
            layers.Flatten(),
            layers.Dense(10, kernel_regularizer=penalty, name="dense"),
        ]
    )


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=1,
    batch_size=64,
    learning_rate=0.125,
    momentum=0.75,
    shuffle=True,
    seed=0,
    watch=None,
):
    keras.utils.set_random_seed(seed)
    rate = keras.optimizers.schedules.ExponentialDecay(learning_rate, 2, 0.5, staircase=True)
    model.compile(
        optimizer=Momentum(rate, momentum=momentum or 1e-30),  # without any, Keras would make no velocity
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")],
    )
    watching = [keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    history = model.fit(images, labels, batch_size, epochs, verbose=0, callbacks=watching, shuffle=shuffle)
    return model, history.history["cross_entropy"]  # the loss has the penalty in it


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=500, verbose=0)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
