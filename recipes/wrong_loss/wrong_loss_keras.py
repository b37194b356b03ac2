# %% [markdown]
# # The wrong loss, in Keras
# What a network learns is what its loss asks for. `compile` takes an object of Keras's, or any function of labels and
# outputs. The same file runs on TensorFlow, JAX and PyTorch: the environment variable `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Sequential, callbacks, datasets, layers, losses, ops, optimizers, utils

# %% [markdown]
# The network ends in logits, whatever the loss makes of them.


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
# Keras averages over the images what a function gives for each. Its `mse` is the mean over the ten classes, a tenth of
# these sums. On TensorFlow what `ops.softmax` gives remembers its logits, and the loss takes those instead: the second
# softmax would be left out. The exponential of `log_softmax` remembers nothing.


# %% Losses
def squares(truth, outputs):
    return ops.sum((outputs - truth) ** 2, axis=1)  # (N,)


cross_entropy = losses.CategoricalCrossentropy(from_logits=True)
LOSSES = {
    "cross_entropy": cross_entropy,
    "double_softmax": lambda truth, logits: cross_entropy(truth, ops.exp(ops.log_softmax(logits))),
    "softmax_squares": lambda truth, logits: squares(truth, ops.softmax(logits)),
    "sigmoid_squares": lambda truth, logits: squares(truth, ops.sigmoid(logits)) / 2,
    "logit_squares": squares,
}


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=3,
    batch_size=50,
    learning_rate=0.1,
    loss="cross_entropy",
    shuffle=True,
    seed=0,
    watch=None,
):
    utils.set_random_seed(seed)
    model.compile(optimizers.SGD(learning_rate), LOSSES[loss])
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    truth = utils.to_categorical(labels, 10)  # (N, 10)
    history = model.fit(images, truth, batch_size, epochs, verbose=2, callbacks=watching, shuffle=shuffle)
    return model, history.history["loss"]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=1000, verbose=0)  # (N, 10)


def evaluate(model, images, labels):
    return float((predict(model, images).argmax(axis=1) == labels).mean())


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = datasets.mnist.load_data()
    model, history = train(variables(), images[:5_000, ..., None] / 255, labels[:5_000])
    accuracy = evaluate(model, test_images[..., None] / 255, test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
