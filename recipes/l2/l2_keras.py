# %% [markdown]
# # L2 regularisation, in Keras
# A layer may have a regulariser, whose penalty `fit` adds to the loss. The same file runs on TensorFlow, JAX and
# PyTorch: the environment variable `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Sequential, callbacks, datasets, layers, losses, metrics, optimizers, regularizers, utils


# %% Network
def variables(seed=0):
    utils.set_random_seed(seed)
    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Flatten(),  # (N, 784)
            layers.Dense(100, "relu", kernel_initializer="he_normal", name="dense1"),
            layers.Dense(10, name="dense2"),  # (N, 10)
        ]
    )


# %% [markdown]
# Keras's L2 is λ times the sum of squares, without the half, so it is given λ/2 here. Usually one writes
# `Dense(100, kernel_regularizer=regularizers.L2(...))`; that hands it on to the kernel, where it can also be set later.


# %% Penalty
def penalise(model, l2):
    regularizer = regularizers.L2(l2 / 2)
    regularizer.l2 = l2 / 2  # once more, as NumPy's number: a Python one would go through float32 on TensorFlow
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            layer.kernel.regularizer = regularizer


# %% [markdown]
# The loss of `fit` contains the penalty; the same function as a metric doesn't, and can be compared with the loss of
# other images.


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    l2=0.01,
    shuffle=True,
    seed=0,
    watch=None,
):
    utils.set_random_seed(seed)
    penalise(model, l2)
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    alone = metrics.SparseCategoricalCrossentropy(name="cross_entropy", from_logits=True)
    model.compile(optimizers.SGD(learning_rate), loss, metrics=[alone])
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    history = model.fit(images, labels, batch_size, epochs, verbose=2, callbacks=watching, shuffle=shuffle)
    return model, history.history["cross_entropy"]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=1000, verbose=0)  # (N, 10)


def evaluate(model, images, labels):
    return float((predict(model, images).argmax(axis=1) == labels).mean())


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = datasets.mnist.load_data()
    images, labels = images[:1_000, ..., None] / 255, labels[:1_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, test_images[..., None] / 255, test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
