# %% [markdown]
# # A fast convolutional network for MNIST, in Keras
# One call runs 20 steps. On JAX the pooling is a maximum of slices, and on TensorFlow the data set is its own: what is
# slow differs from backend to backend.

# %% Init
from keras import Input, Sequential, callbacks, config, datasets, layers, losses, ops, optimizers, utils

# %% [markdown]
# A maximum commutes with ReLU, which therefore comes after the pooling, on a quarter of the numbers. The last two rows
# and columns of the images only reach what the pooling leaves out: they are never computed.


# %% Network
class MaximumOfSlices(layers.Layer):
    """Max-pooling without JAX's reduce_window, whose gradient is slow."""

    def call(self, maps):
        rows = ops.maximum(maps[:, ::2], maps[:, 1::2])
        return ops.maximum(rows[:, :, ::2], rows[:, :, 1::2])


pooling = MaximumOfSlices if config.backend() == "jax" else layers.MaxPooling2D


def variables(seed=0):
    utils.set_random_seed(seed)
    network = [
        Input((28, 28, 1)),
        layers.Cropping2D(((0, 2), (0, 2))),  # (N, 26, 26, 1)
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
    return Sequential(network)


# %% [markdown]
# On TensorFlow and JAX the loop over the steps is compiled; PyTorch runs single ones.


# %% Train
def batches(images, labels, batch_size, shuffle):
    """What `fit` makes of arrays on TensorFlow, but without the thread that tunes it and holds up some epochs' end."""
    import tensorflow as tf

    images, labels, options = tf.constant(images), tf.constant(labels), tf.data.Options()
    options.autotune.enabled = False
    order = tf.data.Dataset.range(len(images))
    order = order.shuffle(len(images)) if shuffle else order  # in another order each time
    data = order.batch(batch_size).map(lambda batch: (tf.gather(images, batch), tf.gather(labels, batch)))
    return data.with_options(options)


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
    optimizer, loss = optimizers.SGD(learning_rate, momentum), losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, steps_per_execution=1 if config.backend() == "torch" else 20)
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    if config.backend() == "tensorflow":
        images, labels, batch_size = batches(images, labels, batch_size, shuffle), None, None
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
