# %% [markdown]
# # A network with a hidden layer, in Keras
# The network is a list of layers. `compile` adds a loss and an optimiser, and `fit` is the training loop. The same file
# runs on TensorFlow, JAX and PyTorch: the environment variable `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Sequential, callbacks, datasets, layers, losses, ops, optimizers, utils

# %% [markdown]
# Each layer makes and initialises its own variables, by default with Glorot's uniform kernels and zero biases. The last
# one gives logits: the loss contains the softmax. Most activations have a name. Keras's `leaky_relu` has the slope 0.2
# below 0; and on TensorFlow that one and `gelu` keep their constants in float32 even for float64.

# %% Network
activations = {
    "leaky_relu": lambda inputs: ops.where(inputs > 0, inputs, 0.01 * inputs),
    "gelu": lambda inputs: 0.5 * inputs * (1 + ops.erf(inputs / 2**0.5)),
    "none": None,
}


def variables(seed=0, hidden=(100,), activation="relu"):
    utils.set_random_seed(seed)
    model = Sequential([Input((28, 28, 1)), layers.Flatten()])  # (N, 784)
    for number, size in enumerate(hidden, 1):
        model.add(layers.Dense(size, activations.get(activation, activation), name=f"dense{number}"))
    model.add(layers.Dense(10, name=f"dense{len(hidden) + 1}"))  # (N, 10)
    return model


# %% Train
def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    utils.set_random_seed(seed)
    model.compile(optimizers.SGD(learning_rate), losses.SparseCategoricalCrossentropy(from_logits=True))
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    history = model.fit(images, labels, batch_size, epochs, verbose=2, callbacks=watching, shuffle=shuffle)
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
