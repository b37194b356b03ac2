# %% [markdown]
# # Does pooling forgive a shift? In Keras 2 on Theano
# A pooling layer puts one number in the place of four. Which one decides what the network notices of a small movement.
# In Keras each kind is a layer, and no pooling is a layer that changes nothing.

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
# Without pooling the maps stay large, and the dense layer has 23 times as many inputs: each layer finds out by itself.

# %% Network
pools = {
    "max": layers.MaxPooling2D,
    "average": layers.AveragePooling2D,
    "none": lambda: layers.Activation("linear"),
}


def variables(seed=0, pooling="max"):
    np.random.seed(seed)  # Keras 2 draws from NumPy's global generator
    return keras.Sequential(
        [
            layers.Conv2D(8, 3, activation="relu", name="conv1", input_shape=(28, 28, 1)),  # (N, 26, 26, 8)
            pools[pooling](),  # (N, 13, 13, 8)
            layers.Conv2D(16, 3, activation="relu", name="conv2"),  # (N, 11, 11, 16)
            pools[pooling](),  # (N, 5, 5, 16)
            layers.Flatten(),  # (N, 400)
            layers.Dense(10, name="dense1"),  # (N, 10)
        ]
    )


# %% [markdown]
# The last layer gives logits: the loss contains the softmax.


# %% Train
def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    np.random.seed(seed)
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate),
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
    model, history = train(variables(), mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000])
    for shift in range(5):
        moved = np.pad(mnist["x_test"] / np.float32(255), ((0, 0), (0, 0), (shift, 0)))[:, :, :28, None]
        print(f"moved by {shift} pixels: test accuracy {evaluate(model, moved, mnist['y_test']):.4f}")
