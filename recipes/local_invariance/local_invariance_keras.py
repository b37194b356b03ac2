# %% [markdown]
# # Does pooling forgive a shift? In Keras
# A pooling layer puts one number in the place of four. Which one decides what the network notices of a small movement.
# In Keras each kind is a layer. The same file runs on TensorFlow, JAX and PyTorch: `KERAS_BACKEND` chooses.

# %% Init
import numpy as np
from keras import Input, Sequential, callbacks, datasets, layers, losses, optimizers, utils

# %% [markdown]
# Without pooling the maps stay large, and the dense layer has 23 times as many inputs: each layer finds out by itself.

# %% Network
pools = {
    "max": lambda: layers.MaxPooling2D(2),
    "average": lambda: layers.AveragePooling2D(2),
    "none": layers.Identity,
}


def variables(seed=0, pooling="max"):
    utils.set_random_seed(seed)
    network = [
        Input((28, 28, 1)),
        layers.Conv2D(8, 3, activation="relu", name="conv1"),  # (N, 26, 26, 8)
        pools[pooling](),  # (N, 13, 13, 8)
        layers.Conv2D(16, 3, activation="relu", name="conv2"),  # (N, 11, 11, 16)
        pools[pooling](),  # (N, 5, 5, 16)
        layers.Flatten(),  # (N, 400)
        layers.Dense(10, name="dense1"),  # (N, 10)
    ]
    return Sequential(network)


# %% [markdown]
# The last layer gives logits: the loss contains the softmax.


# %% Train
def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    utils.set_random_seed(seed)
    model.compile(optimizers.SGD(learning_rate), losses.SparseCategoricalCrossentropy(from_logits=True))
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
    model, history = train(variables(), images[:5_000, ..., None] / 255, labels[:5_000])
    for shift in range(5):
        moved = np.pad(test_images / 255, ((0, 0), (0, 0), (shift, 0)))[:, :, :28, None]
        print(f"moved by {shift} pixels: test accuracy {evaluate(model, moved, test_labels):.4f}")
