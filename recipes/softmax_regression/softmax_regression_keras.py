# %% [markdown]
# # Softmax regression, in Keras
# One dense layer gives the logits, and the loss contains the softmax. `fit` does the rest. The same file runs on
# TensorFlow, JAX and PyTorch: the environment variable `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Sequential, callbacks, datasets, layers, losses, optimizers, utils

# %% [markdown]
# The layer owns its variables: by default a Glorot-uniform kernel and a zero bias.


# %% Network
def variables(seed=0):
    utils.set_random_seed(seed)
    return Sequential([Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, name="dense")])  # (N, 784) to (N, 10)


# %% Train
def train(model, images, labels, *, epochs=2, batch_size=100, learning_rate=0.5, shuffle=True, seed=0, watch=None):
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
    model, history = train(variables(), images[:50_000, ..., None] / 255, labels[:50_000])
    accuracy = evaluate(model, test_images[..., None] / 255, test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
