# %% [markdown]
# # Learned filters, in Keras 2 on Theano
# Sixteen filters slide over a digit. What they become is in `model.get_layer("conv").kernel`.

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
# By default filters are drawn with Glorot's deviation, here 0.05, which would hide what they learn: theirs is smaller.
# On Theano, "relu" has the slope 1/2 at 0, and `MaxPooling2D` gives the whole gradient to each of several equal pixels,
# which black places are. Of equal arguments `maximum` gives it to the first alone.


# %% Network
def pool_and_relu(maps):
    rows = keras.backend.maximum(maps[:, 0::2], maps[:, 1::2])
    return keras.backend.maximum(0.0, keras.backend.maximum(rows[:, :, 0::2], rows[:, :, 1::2]))


def variables(seed=0):
    np.random.seed(seed)  # Keras 2 draws from NumPy's global generator
    small = keras.initializers.RandomNormal(stddev=0.01)
    return keras.Sequential(
        [
            layers.InputLayer((28, 28, 1)),
            layers.Conv2D(16, 7, kernel_initializer=small, name="conv"),  # (N, 22, 22, 16)
            layers.Lambda(pool_and_relu, output_shape=(11, 11, 16)),  # (N, 11, 11, 16)
            layers.Flatten(),  # (N, 1936)
            layers.Dense(10, name="dense"),  # (N, 10)
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
    model, history = train(variables(), mnist["x_train"][..., None] / np.float32(255), mnist["y_train"])
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
