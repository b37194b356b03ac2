# %% [markdown]
# # A convolutional network for MNIST, in Keras
# The network is a list of layers. `compile` adds a loss and an optimiser, and `fit` is the training loop.
# The same file runs on TensorFlow, JAX and PyTorch: the environment variable `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Sequential, callbacks, datasets, layers, losses, optimizers, utils

# %% [markdown]
# Each layer makes and initialises its own variables, by default with Glorot's uniform kernels and zero biases.


# %% Network
def variables(seed=0):
    utils.set_random_seed(seed)
    network = [
        Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu", name="conv1"),  # (N, 26, 26, 32)
        layers.MaxPooling2D(),  # (N, 13, 13, 32)
        layers.Conv2D(64, 3, activation="relu", name="conv2"),  # (N, 11, 11, 64)
        layers.MaxPooling2D(),  # (N, 5, 5, 64)
        layers.Flatten(),  # (N, 1600)
        layers.Dense(128, activation="relu", name="dense1"),  # (N, 128)
        layers.Dense(10, name="dense2"),  # (N, 10)
    ]
    return Sequential(network)


# %% [markdown]
# The last layer gives logits: the loss contains the softmax.


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=1,
    batch_size=128,
    learning_rate=0.05,
    momentum=0.9,
    shuffle=True,
    seed=0,
    watch=None,
):
    utils.set_random_seed(seed)
    model.compile(optimizers.SGD(learning_rate, momentum), losses.SparseCategoricalCrossentropy(from_logits=True))
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    history = model.fit(images, labels, batch_size, epochs, verbose=2, callbacks=watching, shuffle=shuffle)
    return model, history.history["loss"]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=500, verbose=0)  # (N, 10)


def evaluate(model, images, labels):
    return float((predict(model, images).argmax(axis=1) == labels).mean())


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = datasets.mnist.load_data()
    model, history = train(variables(), images[..., None] / 255, labels)
    print(f"loss {history[-1]:.4f}, test accuracy {evaluate(model, test_images[..., None] / 255, test_labels):.4f}")
