# %% [markdown]
# # The first network of the book, in Keras 2 on Theano
# Two dense layers with a sigmoid each. Keras's loss `mse` isn't the quadratic cost, but a loss may be any function of
# symbols: Theano turns it into C.

# %% Init
import os
from pathlib import Path
from urllib.request import urlretrieve

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import Sequential, backend, callbacks, initializers, layers, optimizers, utils

# %% [markdown]
# As in the book, kernels and biases are normal with the standard deviation 1.


# %% Network
def variables(seed=0):
    np.random.seed(seed)  # Keras 2 draws from NumPy's global generator
    normal = {f"{what}_initializer": initializers.RandomNormal(stddev=1.0) for what in ("kernel", "bias")}
    return Sequential(
        [
            layers.Flatten(input_shape=(28, 28, 1)),  # (N, 784)
            layers.Dense(30, activation="sigmoid", name="dense1", **normal),
            layers.Dense(10, activation="sigmoid", name="dense2", **normal),  # (N, 10)
        ]
    )


# %% [markdown]
# Keras averages over the images what the function gives for each. The `mse` of ten outputs is their mean, without the
# half: a fifth of this, and the learning rate would have to be 15.


# %% Cost
def quadratic_cost(labels, outputs):
    return backend.sum(backend.square(outputs - labels), axis=1) / 2  # (N,)


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=10, learning_rate=3.0, shuffle=True, seed=0, watch=None):
    np.random.seed(seed)
    model.compile(optimizers.SGD(learning_rate), quadratic_cost)
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    targets = utils.to_categorical(labels, 10)  # (N, 10)
    history = model.fit(images, targets, batch_size, epochs, verbose=2, callbacks=watching, shuffle=shuffle)
    return model, [float(loss) for loss in history.history["loss"]]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=1000)  # (N, 10)


def evaluate(model, images, labels):
    return float((predict(model, images).argmax(axis=1) == labels).mean())


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:50_000, ..., None] / np.float32(255), mnist["y_train"][:50_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
