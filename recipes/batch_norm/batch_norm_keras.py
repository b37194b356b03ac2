# %% [markdown]
# # Batch normalisation, in Keras
# `BatchNormalization` is a layer like any other. `fit` calls it for training, `predict` for evaluation, and nothing has
# to be switched. The same file runs on TensorFlow, JAX and PyTorch: the environment variable `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Sequential, callbacks, datasets, layers, losses, optimizers, utils

# %% [markdown]
# Keras's momentum is the share of the old average, by default 0.99, and its epsilon is 1e-3: both are stated here. With
# 300 steps, an average that keeps 0.99 would still hold a twentieth of what it began with.


# %% Normalise
def normalise(number):
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"norm{number}")


# %% [markdown]
# The hidden layers need no bias: the normalisation would take it away again.


# %% Network
def variables(seed=0, hidden=(100, 100, 100)):
    utils.set_random_seed(seed)
    model = Sequential([Input((28, 28, 1)), layers.Flatten()])  # (N, 784)
    for number, size in enumerate(hidden, 1):
        model.add(layers.Dense(size, use_bias=False, kernel_initializer="he_normal", name=f"dense{number}"))
        model.add(normalise(number))
        model.add(layers.ReLU())
    model.add(layers.Dense(10, name=f"dense{len(hidden) + 1}"))  # (N, 10)
    return model


# %% Train
def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    utils.set_random_seed(seed)
    model.compile(optimizers.SGD(learning_rate), losses.SparseCategoricalCrossentropy(from_logits=True))
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
    model, history = train(variables(), images[:5_000, ..., None] / 255, labels[:5_000])
    accuracy = evaluate(model, test_images[..., None] / 255, test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
