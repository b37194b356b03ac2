# %% [markdown]
# # Learned filters, in Keras
# Sixteen filters slide over a digit. What they become is in `model.get_layer("conv").kernel`.
# The same file runs on TensorFlow, JAX and PyTorch: the environment variable `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Sequential, callbacks, datasets, initializers, layers, losses, optimizers, utils

# %% [markdown]
# By default filters are drawn with Glorot's deviation, here 0.05, which would hide what they learn: theirs is smaller.


# %% Network
def variables(seed=0):
    utils.set_random_seed(seed)
    small = initializers.RandomNormal(stddev=0.01)
    network = [
        Input((28, 28, 1)),
        layers.Conv2D(16, 7, activation="relu", kernel_initializer=small, name="conv"),  # (N, 22, 22, 16)
        layers.MaxPooling2D(),  # (N, 11, 11, 16)
        layers.Flatten(),  # (N, 1936)
        layers.Dense(10, name="dense"),  # (N, 10)
    ]
    return Sequential(network)


# %% [markdown]
# The last layer gives logits: the loss contains the softmax.


# %% Train
def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    utils.set_random_seed(seed)
    model.compile(optimizers.SGD(learning_rate), losses.SparseCategoricalCrossentropy(from_logits=True))
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
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
