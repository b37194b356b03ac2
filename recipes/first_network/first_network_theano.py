# %% [markdown]
# # The first network of the book, in Theano
# The cost is a formula over symbols. `grad` differentiates it, and `theano.function` compiles the result, together with
# the updates of the shared variables, to C. The book's own later program was written in Theano.

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
# As in the book, kernels and biases are normal with the standard deviation 1.


# %% Network
def network(parameters, images):
    hidden = images.flatten(2)  # (N, 784)
    for layer in ("dense1", "dense2"):
        hidden = tt.nnet.sigmoid(tt.dot(hidden, parameters[f"{layer}_kernel"]) + parameters[f"{layer}_bias"])
    return hidden  # (N, 10)


def variables(seed=0):
    """Shared variables, and the functions that are compiled for them."""
    random = np.random.default_rng(seed)
    shapes = {"dense1_kernel": (784, 30), "dense1_bias": 30, "dense2_kernel": (30, 10), "dense2_bias": 10}
    starts = {name: random.normal(0, 1, shape).astype(theano.config.floatX) for name, shape in shapes.items()}
    parameters = {name: theano.shared(start) for name, start in starts.items()}
    images = tt.tensor4("images")
    outputs = network(parameters, images)
    step = compiled_step(parameters, images, outputs)
    return SimpleNamespace(parameters=parameters, outputs=theano.function([images], outputs), step=step)


# %% [markdown]
# Half the squared distance between the outputs and the one-hot label, averaged over the batch.


# %% Cost
def quadratic_cost(outputs, labels):
    targets = tt.extra_ops.to_one_hot(labels, 10, dtype=outputs.dtype)
    return ((outputs - targets) ** 2).sum(axis=1).mean() / 2


# %% Train
def compiled_step(parameters, images, outputs):
    """One call is one step of gradient descent: it gives the mean cost and updates the variables."""
    labels, learning_rate = tt.lvector("labels"), tt.scalar("learning_rate")
    loss = quadratic_cost(outputs, labels)
    updates = [(weight, weight - learning_rate * tt.grad(loss, weight)) for weight in parameters.values()]
    inputs = [images, labels, theano.In(learning_rate, allow_downcast=True)]  # from Python's float
    return theano.function(inputs, loss, updates=updates)


def train(model, images, labels, *, epochs=1, batch_size=10, learning_rate=3.0, shuffle=True, seed=0, watch=None):
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
    return model.outputs(images)  # (N, 10)


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
