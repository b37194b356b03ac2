# %% [markdown]
# # A convolutional network for MNIST, in Keras 2 on Theano
# The network is a list of layers. `compile` adds a loss and an optimiser, and `fit` is the training loop: Theano turns
# each of them into C.

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

# %% [markdown]
# Each layer makes and initialises its own variables, by default with Glorot's uniform kernels and zero biases.


# %% Network
def variables(seed=0):
    np.random.seed(seed)  # Keras 2 draws from NumPy's global generator
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
    np.random.seed(seed)
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate, momentum),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    history = model.fit(images, labels, batch_size, epochs, verbose=2, callbacks=callbacks, shuffle=shuffle)
    return model, [float(loss) for loss in history.history["loss"]]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=500)  # (N, 10)


def evaluate(model, images, labels):
    return float((predict(model, images).argmax(axis=1) == labels).mean())


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    model, history = train(variables(), mnist["x_train"][..., None] / np.float32(255), mnist["y_train"])
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
