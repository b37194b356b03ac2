# %% [markdown]
# # Softmax regression, in Keras 2 on Theano
# One dense layer gives the logits, and the loss contains the softmax. `fit` does the rest: Theano turns it into C.

# %% Init
import os
from pathlib import Path
from urllib.request import urlretrieve

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import keras
import numpy as np
from keras import layers


# %% Variables
def variables(weights=None, seed=0):
    """The layer owns its variables; by default a Glorot-uniform kernel and a zero bias, in keras.backend.floatx()."""
    np.random.seed(seed)  # Keras 2 draws from NumPy's global generator
    model = layered()
    if weights is not None:
        model.set_weights(list(weights.values()))
    return model


def weights(model):
    kernel, bias = model.get_weights()
    return {"dense_kernel": kernel, "dense_bias": bias}


# %% Network
def layered():
    return keras.Sequential(
        [
            layers.Flatten(input_shape=(28, 28, 1)),  # (N, 784)
            layers.Dense(10),  # (N, 10)
        ]
    )


def network(model, images):
    return model(keras.backend.variable(images))  # logits: the loss contains the softmax


# %% Train
def train(model, images, labels, *, epochs=2, batch_size=100, learning_rate=0.5, shuffle=True, seed=0):
    np.random.seed(seed)
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(images, labels, batch_size=batch_size, epochs=epochs, shuffle=shuffle, verbose=2)
    return model, [float(loss) for loss in history.history["loss"]]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=1000)  # (N, 10)


def evaluate(model, images, labels):
    return float(model.evaluate(images, labels, batch_size=1000, verbose=0)[1])  # after the loss


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
    model, history = train(variables(), train_images[:50_000], train_labels[:50_000])
    print(f"loss {history[-1]:.4f}, test accuracy {evaluate(model, test_images, test_labels):.4f}")
