# %% [markdown]
# # Learned filters, in Theano
# Sixteen filters slide over a digit. What they become is in the shared variable `model.parameters["conv_kernel"]`.

# %% Init
import os
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlretrieve

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: its products are too small to share out
import numpy as np
import theano
import theano.tensor as tt

# %% [markdown]
# Channels come before height and width, in the kernels too. Of equal arguments `tt.maximum` gives the gradient to the
# first alone; Theano's own `relu` has the slope 1/2 at 0, and its `pool_2d` gives the whole gradient to each of several
# equal pixels.

# %% Network
shapes = {"conv_kernel": (16, 1, 7, 7), "conv_bias": (16,), "dense_kernel": (1936, 10), "dense_bias": (10,)}
deviations = {"conv_kernel": 0.01, "dense_kernel": 1936**-0.5}  # small filters: what they learn shows


def relu(inputs):
    return tt.maximum(0, inputs)


def max_pool(maps):
    rows = tt.maximum(maps[:, :, 0::2], maps[:, :, 1::2])
    return tt.maximum(rows[:, :, :, 0::2], rows[:, :, :, 1::2])


def network(parameters, images):
    maps = tt.nnet.conv2d(images.dimshuffle(0, 3, 1, 2), parameters["conv_kernel"], filter_flip=False)
    bias = parameters["conv_bias"].dimshuffle("x", 0, "x", "x")  # (1, 16, 1, 1)
    pooled = relu(max_pool(maps) + bias)  # (N, 16, 11, 11); the bias after the pooling, on a quarter of the numbers
    return tt.dot(pooled.flatten(2), parameters["dense_kernel"]) + parameters["dense_bias"]  # (N, 10)


def variables(seed=0):
    """Shared variables, and the functions that are compiled for them."""
    random, parameters = np.random.default_rng(seed), {}
    for name, shape in shapes.items():
        start = random.normal(0, deviations.get(name, 0), shape)
        parameters[name] = theano.shared(start.astype(theano.config.floatX))
    images = tt.tensor4("images")
    logits = theano.function([images], network(parameters, images))
    return SimpleNamespace(parameters=parameters, logits=logits, step=compiled_step(parameters))


# %% [markdown]
# One call of the compiled function is one step of gradient descent: it gives the mean loss and updates the variables.


# %% Train
def compiled_step(parameters):
    images, labels = tt.tensor4("images"), tt.lvector("labels")
    learning_rate = tt.scalar("learning_rate")
    probabilities = tt.nnet.softmax(network(parameters, images))
    loss = tt.nnet.categorical_crossentropy(probabilities, labels).mean()  # Theano joins the two in a stable form
    updates = [(weight, weight - learning_rate * tt.grad(loss, weight)) for weight in parameters.values()]
    inputs = [images, labels, theano.In(learning_rate, allow_downcast=True)]  # from Python's float
    return theano.function(inputs, loss, updates=updates)


def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
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
    return np.concatenate([model.logits(batch) for batch in np.split(images, range(500, len(images), 500))])  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    model, history = train(variables(), mnist["x_train"][..., None] / np.float32(255), mnist["y_train"])
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
