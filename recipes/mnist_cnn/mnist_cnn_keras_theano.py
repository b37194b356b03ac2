# %% [markdown]
# # A convolutional network for MNIST, in Keras 2 on Theano
# The network is a list of layers. `compile` adds a loss, an optimiser and metrics, and `fit` is the training loop:
# Theano turns each of them into C.

# %% Init
import os
from pathlib import Path
from urllib.request import urlretrieve

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: its products are too small to share out
import keras
import numpy as np
from keras import layers
from keras.utils import conv_utils


# %% Variables
def variables(weights=None, seed=0):
    """The layers own their variables; by default Glorot-uniform kernels and zero biases, in keras.backend.floatx()."""
    np.random.seed(seed)  # Keras 2 draws from NumPy's global generator
    model = layered()
    if weights is not None:
        model.set_weights(flipped(weights.values()))
    return model


def weights(model):
    arrays = {}
    for layer in model.layers:
        if layer.weights:
            arrays[f"{layer.name}_kernel"], arrays[f"{layer.name}_bias"] = flipped(layer.get_weights())
    return arrays


def flipped(arrays):
    """On Theano Keras flips the kernels of its convolutions, so they are the other backends' kernels flipped."""
    return [conv_utils.convert_kernel(array) if array.ndim == 4 else array for array in arrays]


# %% Network
def layered():
    return keras.Sequential(
        [
            layers.Conv2D(32, 3, activation="relu", name="conv1", input_shape=(28, 28, 1)),  # (N, 26, 26, 32)
            layers.MaxPooling2D(),  # (N, 13, 13, 32)
            layers.Conv2D(64, 3, activation="relu", name="conv2"),  # (N, 11, 11, 64)
            layers.MaxPooling2D(),  # (N, 5, 5, 64)
            layers.Flatten(),  # (N, 1600)
            layers.Dense(128, activation="relu", name="dense1"),  # (N, 128)
            layers.Dense(10, name="dense2"),  # (N, 10)
        ]
    )


def network(model, images):
    return model(keras.backend.variable(images))  # logits: the loss contains the softmax


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=128, learning_rate=0.05, momentum=0.9, shuffle=True, seed=0):
    np.random.seed(seed)
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate, momentum),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(images, labels, batch_size=batch_size, epochs=epochs, shuffle=shuffle, verbose=2)
    return model, [float(loss) for loss in history.history["loss"]]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=500)  # (N, 10)


def evaluate(model, images, labels):
    return float(model.evaluate(images, labels, batch_size=500, verbose=0)[1])  # after the loss


# %% Run
def load_mnist(path=Path("mnist.npz")):
    """Training and test set: images (N, 28, 28, 1) from 0 to 1, labels (N,). Downloads mnist.npz if it isn't here."""
    if not path.exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz.part")
        Path("mnist.npz.part").rename(path)
    with np.load(path) as file:
        return [(file[f"x_{part}"][..., None] / np.float32(255), file[f"y_{part}"]) for part in ("train", "test")]


if __name__ == "__main__":
    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    model, history = train(variables(), train_images, train_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {evaluate(model, test_images, test_labels):.4f}")
