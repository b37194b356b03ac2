# %% [markdown]
# # Learning rate schedules, in Keras
# A schedule is given to the optimiser in place of a number. The same file runs on TensorFlow, JAX and PyTorch: the
# environment variable `KERAS_BACKEND` chooses.

# %% Init
from math import ceil

import numpy as np
from keras import Input, Sequential, callbacks, datasets, layers, losses, optimizers, utils


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
# All six are Keras's. The optimiser calls its schedule with the number of the step, beginning with 0. The boundaries of
# `PiecewiseConstantDecay` are the last steps at the higher rate, where others have the first ones at the lower.


# %% Schedule
def piecewise(rate, steps):
    boundaries = [ceil(6 * steps / 10) - 1, ceil(8 * steps / 10) - 1]
    return optimizers.schedules.PiecewiseConstantDecay(boundaries, [rate, rate / 10, rate / 100])


def warmup(rate, steps):
    first = max(1, steps // 10)
    return optimizers.schedules.CosineDecay(rate / 10, steps - first, warmup_target=rate, warmup_steps=first)


schedules = {
    "constant": lambda rate, steps: rate,
    "step": piecewise,
    # NumPy's 0.01: a Python number would go through float32 on TensorFlow.
    "exponential": lambda rate, steps: optimizers.schedules.ExponentialDecay(rate, steps, np.float64(0.01)),
    "linear": lambda rate, steps: optimizers.schedules.PolynomialDecay(rate, steps, end_learning_rate=0.0),
    "cosine": lambda rate, steps: optimizers.schedules.CosineDecay(rate, steps),
    "warmup": warmup,
}


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=5,
    batch_size=50,
    learning_rate=0.4,
    schedule="constant",
    shuffle=True,
    seed=0,
    watch=None,
):
    utils.set_random_seed(seed)
    rate = schedules[schedule](learning_rate, epochs * ceil(len(images) / batch_size))
    model.compile(optimizers.SGD(rate), losses.SparseCategoricalCrossentropy(from_logits=True))
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
    model, history = train(variables(), images, labels, schedule="cosine")
    accuracy = evaluate(model, test_images[..., None] / 255, test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
