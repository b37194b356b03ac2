# %% [markdown]
# # Softmax regression, in Theano
# Two shared variables and a formula. `grad` differentiates it, and `theano.function` compiles the result, together with
# the updates of the variables, to C.

# %% Init
import os
from pathlib import Path
from urllib.request import urlretrieve

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt


# %% Variables
class Model:
    """Shared variables, and the functions compiled for them."""

    def __init__(self, arrays):
        self.kernel = theano.shared(arrays["dense_kernel"], "kernel")  # (784, 10)
        self.bias = theano.shared(arrays["dense_bias"], "bias")  # (10,)
        self.step = compile_step(self)
        self.logits = compile_logits(self)


def variables(weights=None, seed=0):
    """The model starts from zeros, so the seed has nothing to do."""
    if weights is None:
        dtype = theano.config.floatX
        weights = {"dense_kernel": np.zeros((784, 10), dtype), "dense_bias": np.zeros(10, dtype)}
    return Model(weights)


def weights(model):
    return {"dense_kernel": model.kernel.get_value(), "dense_bias": model.bias.get_value()}


# %% Network
def network(model, images):
    flat = tt.as_tensor_variable(images).flatten(2)  # (N, 784)
    return tt.dot(flat, model.kernel) + model.bias  # (N, 10)


# %% Train
def compile_step(model):
    """One step of gradient descent: from a batch to its mean loss; it updates the shared variables."""
    dtype = model.kernel.dtype
    images, labels = tt.tensor4("images", dtype), tt.lvector("labels")
    learning_rate = tt.scalar("learning_rate", dtype)
    probabilities = tt.nnet.softmax(network(model, images))
    loss = tt.nnet.categorical_crossentropy(probabilities, labels).mean()  # Theano joins the two in a stable form
    d_kernel, d_bias = tt.grad(loss, [model.kernel, model.bias])
    return theano.function(
        [images, labels, theano.In(learning_rate, allow_downcast=True)],  # from Python's float
        loss,
        updates=[
            (model.kernel, model.kernel - learning_rate * d_kernel),
            (model.bias, model.bias - learning_rate * d_bias),
        ],
    )


def train(model, images, labels, *, epochs=2, batch_size=100, learning_rate=0.5, shuffle=True, seed=0):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            total += float(model.step(images[batch], labels[batch], learning_rate)) * len(batch)
        history.append(total / len(images))
    return model, history


# %% Evaluate
def compile_logits(model):
    images = tt.tensor4("images", model.kernel.dtype)
    return theano.function([images], network(model, images))


def predict(model, images):
    return model.logits(images)  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


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
    model, history = train(variables(), train_images[:50_000], train_labels[:50_000])
    print(f"loss {history[-1]:.4f}, test accuracy {evaluate(model, test_images, test_labels):.4f}")
