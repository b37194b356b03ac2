# %% [markdown]
# # The first network of the book, in Keras
# Two dense layers with a sigmoid each. Keras's loss `mse` isn't the quadratic cost, but a loss may be any function. The
# same file runs on TensorFlow, JAX and PyTorch: the environment variable `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Sequential, callbacks, datasets, initializers, layers, ops, optimizers, utils

# %% [markdown]
# As in the book, kernels and biases are normal with the standard deviation 1.


# %% Network
def dense(size, name):
    normal = {
        f"{what}_initializer": initializers.RandomNormal(stddev=1.0) for what in ("kernel", "bias")
    }  # one each: an initialiser with a seed gives the same numbers again
    return layers.Dense(size, "sigmoid", name=name, **normal)


def variables(seed=0):
    utils.set_random_seed(seed)
    return Sequential([Input((28, 28, 1)), layers.Flatten(), dense(30, "dense1"), dense(10, "dense2")])  # (N, 10)


# %% [markdown]
# Keras averages over the images what the function gives for each. The `mse` of ten outputs is their mean, without the
# half: a fifth of this, and the learning rate would have to be 15.


# %% Cost
def quadratic_cost(labels, outputs):
    return ops.sum((outputs - labels) ** 2, axis=1) / 2  # (N,)


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=10, learning_rate=3.0, shuffle=True, seed=0, watch=None):
    utils.set_random_seed(seed)
    model.compile(optimizers.SGD(learning_rate), quadratic_cost)
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    targets = utils.to_categorical(labels, 10)  # (N, 10)
    history = model.fit(images, targets, batch_size, epochs, verbose=2, callbacks=watching, shuffle=shuffle)
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
