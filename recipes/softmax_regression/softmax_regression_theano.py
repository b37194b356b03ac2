# %% [markdown]
# # Softmax regression, in Theano
# Two shared variables and a formula. `grad` differentiates it, and `theano.function` compiles the result, together with
# the updates of the variables, to C.

# %% Init
import os
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlretrieve

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt

# %% [markdown]
# The variables start from zeros, so the seed has nothing to do.


# %% Network
def network(kernel, bias, images):
    return tt.dot(images.flatten(2), kernel) + bias  # (N, 784) to (N, 10)


def variables(seed=0):
    """Shared variables, and the functions that are compiled for them."""
    kernel = theano.shared(np.zeros((784, 10), theano.config.floatX))
    bias = theano.shared(np.zeros(10, theano.config.floatX))
    images = tt.tensor4("images")
    return SimpleNamespace(
        parameters={"dense_kernel": kernel, "dense_bias": bias},
        logits=theano.function([images], network(kernel, bias, images)),
        step=compiled_step(kernel, bias),
    )


# %% [markdown]
# One call of the compiled function is one step of gradient descent: it gives the mean loss and updates the variables.


# %% Train
def compiled_step(kernel, bias):
    images, labels, learning_rate = tt.tensor4("images"), tt.lvector("labels"), tt.scalar("learning_rate")
    probabilities = tt.nnet.softmax(network(kernel, bias, images))
    loss = tt.nnet.categorical_crossentropy(probabilities, labels).mean()  # Theano joins the two in a stable form
    d_kernel, d_bias = tt.grad(loss, [kernel, bias])
    updates = [(kernel, kernel - learning_rate * d_kernel), (bias, bias - learning_rate * d_bias)]
    inputs = [images, labels, theano.In(learning_rate, allow_downcast=True)]  # from Python's float
    return theano.function(inputs, loss, updates=updates)


def train(model, images, labels, *, epochs=2, batch_size=100, learning_rate=0.5, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            total += float(model.step(images[batch], labels[batch], learning_rate)) * len(batch)
        history.append(total / len(images))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return model.logits(images)  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:50_000, ..., None] / np.float32(255), mnist["y_train"][:50_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
