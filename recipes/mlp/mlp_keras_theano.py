# %% [markdown]
# # A network with a hidden layer, in Keras 2 on Theano
# The network is a list of layers. `compile` adds a loss and an optimiser, and `fit` is the training loop: Theano turns
# it into C.

# %% Init
import os
from pathlib import Path
from urllib.request import urlretrieve

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import Sequential, backend, callbacks, layers, losses, optimizers
from keras.backend import theano_backend

# %% [markdown]
# Each layer makes and initialises its own variables, by default with Glorot's uniform kernels and zero biases. The last
# one gives logits: the loss contains the softmax. Most activations have a name. GELU is younger than Keras 2.3, which
# has neither erf nor expm1: those are Theano's. Its own `elu` has the slope NaN where exp(x) is infinite.

# %% Network
theano = theano_backend.T


def elu(inputs, alpha=1.0):
    return backend.switch(inputs > 0, inputs, alpha * theano.expm1(backend.minimum(inputs, 0)))


activations = {
    "leaky_relu": lambda inputs: backend.switch(inputs > 0, inputs, 0.01 * inputs),
    "elu": elu,
    "selu": lambda inputs: 1.0507009873554805 * elu(inputs, 1.6732632423543772),
    "gelu": lambda inputs: 0.5 * inputs * (1 + theano.erf(inputs / 2**0.5)),
    "none": None,
}


def variables(seed=0, hidden=(100,), activation="relu"):
    np.random.seed(seed)  # Keras 2 draws from NumPy's global generator
    model = Sequential([layers.Flatten(input_shape=(28, 28, 1))])  # (N, 784)
    for number, size in enumerate(hidden, 1):
        model.add(layers.Dense(size, activation=activations.get(activation, activation), name=f"dense{number}"))
    model.add(layers.Dense(10, name=f"dense{len(hidden) + 1}"))  # (N, 10)
    return model


# %% Train
def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    np.random.seed(seed)
    model.compile(optimizers.SGD(learning_rate), losses.SparseCategoricalCrossentropy(from_logits=True))
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    history = model.fit(images, labels, batch_size, epochs, verbose=2, callbacks=watching, shuffle=shuffle)
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
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
