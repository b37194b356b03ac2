# %% [markdown]
# # Adam with decoupled weight decay, in Keras

# %% Init
import keras
import numpy as np
from keras import layers, ops

BETA1, BETA2, EPSILON, DECAY = 0.875, 0.96875, 2**-10, 2**-4


class CorrectedAdam(keras.optimizers.AdamW):
    """Keras's own adds epsilon to the root of the second moment before it is corrected."""

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        first, second = self._momentums[index], self._velocities[index]
        count = ops.cast(self.iterations + 1, variable.dtype)
        self.assign(first, BETA1 * first + (1 - BETA1) * gradient)
        self.assign(second, BETA2 * second + (1 - BETA2) * ops.square(gradient))
        corrected = first / (1 - ops.power(ops.cast(BETA1, variable.dtype), count))
        square = second / (1 - ops.power(ops.cast(BETA2, variable.dtype), count))
        self.assign_sub(variable, learning_rate * corrected / (ops.sqrt(square) + EPSILON))


# %% Network
def variables(seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, name="dense")])


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=64, learning_rate=0.0078125, shuffle=True, seed=0, watch=None):
    keras.utils.set_random_seed(seed)
    model.compile(
        optimizer=CorrectedAdam(learning_rate, weight_decay=DECAY, beta_1=BETA1, beta_2=BETA2, epsilon=EPSILON),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    watching = [keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    history = model.fit(images, labels, batch_size, epochs, verbose=0, callbacks=watching, shuffle=shuffle)
    return model, history.history["loss"]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=500, verbose=0)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
