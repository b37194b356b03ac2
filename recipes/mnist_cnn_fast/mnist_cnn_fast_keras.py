# %% [markdown]
# # A fast convolutional network for MNIST, in Keras
# ReLU comes after the pooling, on a quarter of the numbers, and two rows and columns that the pooling would drop are
# never computed. One call runs 20 steps; on JAX the pooling is a maximum of slices, and on TensorFlow the data set is
# its own.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import keras
import numpy as np
from keras import layers


# %% Variables
def variables(weights=None, seed=0):
    """The layers own their variables; by default Glorot-uniform kernels and zero biases, in keras.config.floatx()."""
    keras.utils.set_random_seed(seed)
    model = layered()
    if weights is not None:
        model.set_weights(list(weights.values()))
    return model


def weights(model):
    return {
        f"{layer.name}_{variable.name}": keras.ops.convert_to_numpy(variable)
        for layer in model.layers
        for variable in layer.weights
    }


# %% Network
class MaximumOfSlices(layers.Layer):
    """Max-pooling without JAX's reduce_window, whose gradient is slow."""

    def call(self, maps):
        rows = keras.ops.maximum(maps[:, ::2], maps[:, 1::2])
        return keras.ops.maximum(rows[:, :, ::2], rows[:, :, 1::2])


pooling = MaximumOfSlices if keras.config.backend() == "jax" else layers.MaxPooling2D


def layered():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Cropping2D(((0, 2), (0, 2))),  # the last two rows and columns only reach what the pooling leaves out
            layers.Conv2D(32, 3, name="conv1"),  # (N, 24, 24, 32)
            pooling(),  # (N, 12, 12, 32)
            layers.ReLU(),
            layers.Conv2D(64, 3, name="conv2"),  # (N, 10, 10, 64)
            pooling(),  # (N, 5, 5, 64)
            layers.ReLU(),
            layers.Flatten(),  # (N, 1600)
            layers.Dense(128, activation="relu", name="dense1"),  # (N, 128)
            layers.Dense(10, name="dense2"),  # (N, 10)
        ]
    )


def network(model, images):
    return model(images)  # logits: the loss contains the softmax


# %% Train
def batches(images, labels, batch_size, shuffle):
    """What `fit` makes of arrays on TensorFlow, but without the thread that tunes it and holds up some epochs' end."""
    import tensorflow as tf

    images, labels = tf.constant(images), tf.constant(labels)
    order = tf.data.Dataset.range(len(images))
    if shuffle:
        order = order.shuffle(len(images))  # anew in each epoch
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = order.batch(batch_size).map(lambda batch: (tf.gather(images, batch), tf.gather(labels, batch)))
    return dataset.with_options(options)


def train(model, images, labels, *, epochs=1, batch_size=128, learning_rate=0.05, momentum=0.9, shuffle=True, seed=0):
    keras.utils.set_random_seed(seed)
    model.compile(
        # np.float64: TensorFlow's cast takes a plain Python float through float32, even on its way to float64.
        optimizer=keras.optimizers.SGD(learning_rate, np.float64(momentum)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # The loops of TensorFlow and JAX are compiled, 20 steps in one call; PyTorch has only single ones.
        steps_per_execution=1 if keras.config.backend() == "torch" else 20,
    )
    if keras.config.backend() == "tensorflow":
        history = model.fit(batches(images, labels, batch_size, shuffle), epochs=epochs, verbose=2)
    else:
        history = model.fit(images, labels, batch_size=batch_size, epochs=epochs, shuffle=shuffle, verbose=2)
    return model, history.history["loss"]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=500, verbose=0)  # (N, 10)


def evaluate(model, images, labels):
    return model.evaluate(images, labels, batch_size=500, verbose=0, return_dict=True)["accuracy"]


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
