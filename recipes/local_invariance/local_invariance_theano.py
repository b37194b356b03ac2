# %% [markdown]
# # Does pooling forgive a shift? In Theano
# A pooling layer puts one number in the place of four. Which one decides what the network notices of a small movement.
# In Theano it is a formula: the maximum of four slices of the maps, or their mean.

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
# equal pixels. Without pooling the maps stay large, and the dense layer has 23 times as many inputs.


# %% Network
def relu(inputs):
    return tt.maximum(0, inputs)


def pool(maps, pooling):
    if pooling == "none":
        return maps
    height, width = maps.shape[2] // 2 * 2, maps.shape[3] // 2 * 2  # an odd last row or column is left out
    a, b, c, d = (maps[:, :, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1))
    return tt.maximum(tt.maximum(a, b), tt.maximum(c, d)) if pooling == "max" else (a + b + c + d) / 4


def convolution(parameters, layer, inputs):
    maps = tt.nnet.conv2d(inputs, parameters[f"{layer}_kernel"], filter_flip=False)
    return relu(maps + parameters[f"{layer}_bias"].dimshuffle("x", 0, "x", "x"))  # (1, C, 1, 1)


def network(parameters, pooling, images):
    maps = pool(convolution(parameters, "conv1", images.dimshuffle(0, 3, 1, 2)), pooling)  # (N, 8, 13, 13)
    maps = pool(convolution(parameters, "conv2", maps), pooling)  # (N, 16, 5, 5)
    flat = maps.dimshuffle(0, 2, 3, 1).flatten(2)  # channels last again, as the other programs' dense layer has them
    return tt.dot(flat, parameters["dense1_kernel"]) + parameters["dense1_bias"]  # (N, 10)


def variables(seed=0, pooling="max"):
    """Shared variables, with He-normal kernels and zero biases, and the functions that are compiled for them."""
    random, parameters = np.random.default_rng(seed), {}
    flat = 24 * 24 * 16 if pooling == "none" else 5 * 5 * 16
    for layer, shape in {"conv1": (8, 1, 3, 3), "conv2": (16, 8, 3, 3), "dense1": (flat, 10)}.items():
        fan_in = np.prod(shape[1:]) if len(shape) == 4 else shape[0]
        kernel = random.normal(0, np.sqrt(2 / fan_in), shape).astype(theano.config.floatX)
        parameters[f"{layer}_kernel"] = theano.shared(kernel)
        parameters[f"{layer}_bias"] = theano.shared(np.zeros(shape[0 if len(shape) == 4 else 1], theano.config.floatX))
    images = tt.tensor4("images")
    logits = theano.function([images], network(parameters, pooling, images))
    return SimpleNamespace(parameters=parameters, logits=logits, step=compiled_step(parameters, pooling))


# %% [markdown]
# One call of the compiled function is one step of gradient descent: it gives the mean loss and updates the variables.


# %% Train
def compiled_step(parameters, pooling):
    images, labels, learning_rate = tt.tensor4("images"), tt.lvector("labels"), tt.scalar("learning_rate")
    probabilities = tt.nnet.softmax(network(parameters, pooling, images))
    loss = tt.nnet.categorical_crossentropy(probabilities, labels).mean()  # Theano joins the two in a stable form
    updates = [(each, each - learning_rate * tt.grad(loss, each)) for each in parameters.values()]
    rate = theano.In(learning_rate, allow_downcast=True)  # from Python's float
    return theano.function([images, labels, rate], loss, updates=updates)


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
    model, history = train(variables(), mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000])
    for shift in range(5):
        moved = np.pad(mnist["x_test"] / np.float32(255), ((0, 0), (0, 0), (shift, 0)))[:, :, :28, None]
        print(f"moved by {shift} pixels: test accuracy {evaluate(model, moved, mnist['y_test']):.4f}")
