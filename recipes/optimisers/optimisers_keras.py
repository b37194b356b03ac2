# %% [markdown]
# # Optimisers, in Keras
# `compile` is given an optimiser, and `fit` calls it. The same file runs on TensorFlow, JAX and PyTorch: the
# environment variable `KERAS_BACKEND` chooses.

# %% Init
from functools import partial

import numpy as np
from keras import Input, Sequential, callbacks, datasets, layers, losses, ops, optimizers, utils


# %% Network
def variables(seed=0):
    utils.set_random_seed(seed)
    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Flatten(),  # (N, 784)
            layers.Dense(100, "relu", kernel_initializer="he_normal", name="dense1"),
            layers.Dense(10, name="dense2"),  # (N, 10)
        ]
    )


# %% [markdown]
# Keras has all six. But its Adagrad and RMSprop add epsilon under the root, and its Adam before the bias correction,
# where it weighs up to 32 times as much. No constant makes these equal to the others', so here they get a step of their
# own, with Keras's own memory. Keras's velocity holds the learning rate: as long as that stays the same, so does the
# step.


# %% Optimiser
class Adagrad(optimizers.Adagrad):
    def update_step(self, gradient, variable, learning_rate):
        squares = self._accumulators[self._get_variable_index(variable)]
        self.assign_add(squares, ops.square(gradient))
        self.assign_sub(variable, learning_rate * gradient / (ops.sqrt(squares) + self.epsilon))


class RMSprop(optimizers.RMSprop):
    def update_step(self, gradient, variable, learning_rate):
        squares = self._velocities[self._get_variable_index(variable)]
        self.assign(squares, self.rho * squares + (1 - self.rho) * ops.square(gradient))
        self.assign_sub(variable, learning_rate * gradient / (ops.sqrt(squares) + self.epsilon))


class Adam(optimizers.Adam):
    def update_step(self, gradient, variable, learning_rate):
        index, step = self._get_variable_index(variable), ops.cast(self.iterations + 1, variable.dtype)
        velocity, squares = self._momentums[index], self._velocities[index]
        self.assign(velocity, self.beta_1 * velocity + (1 - self.beta_1) * gradient)
        self.assign(squares, self.beta_2 * squares + (1 - self.beta_2) * ops.square(gradient))
        mean, mean_square = velocity / (1 - self.beta_1**step), squares / (1 - self.beta_2**step)
        self.assign_sub(variable, learning_rate * mean / (ops.sqrt(mean_square) + self.epsilon))


momentum = np.float64(0.9)  # a Python number would go through float32 on TensorFlow
available = {
    "sgd": optimizers.SGD,
    "momentum": partial(optimizers.SGD, momentum=momentum),
    "nesterov": partial(optimizers.SGD, momentum=momentum, nesterov=True),
    "adagrad": partial(Adagrad, initial_accumulator_value=0.0, epsilon=1e-7),
    "rmsprop": partial(RMSprop, rho=0.9, epsilon=1e-7),
    "adam": partial(Adam, beta_1=0.9, beta_2=0.999, epsilon=1e-7),
}


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=3,
    batch_size=50,
    learning_rate=0.1,
    optimizer="sgd",
    shuffle=True,
    seed=0,
    watch=None,
):
    utils.set_random_seed(seed)
    model.compile(available[optimizer](learning_rate), losses.SparseCategoricalCrossentropy(from_logits=True))
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    history = model.fit(images, labels, batch_size, epochs, verbose=2, callbacks=watching, shuffle=shuffle)
    return model, history.history["loss"]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=1000, verbose=0)  # (N, 10)


def evaluate(model, images, labels):
    return float((predict(model, images).argmax(axis=1) == labels).mean())


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = datasets.mnist.load_data()
    images, labels = images[:5_000, ..., None] / 255, labels[:5_000]
    model, history = train(variables(), images, labels, optimizer="adam", learning_rate=0.003)
    accuracy = evaluate(model, test_images[..., None] / 255, test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
