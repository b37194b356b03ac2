# %% [markdown]
# # A fast convolutional network for MNIST, in Theano
# Two rows and columns that the pooling would drop are never computed, and freed memory is kept for the next step.

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

np.empty(2**25 - 2**16, np.uint8)  # freed at once: from it glibc learns to keep memory of up to that size for reuse

# %% [markdown]
# The last two rows and columns of the images only reach what the pooling leaves out. Bias and ReLU come after the
# pooling, as in the ordinary program.

# %% Network
shapes = {"conv1": (32, 1, 3, 3), "conv2": (64, 32, 3, 3), "dense1": (1600, 128), "dense2": (128, 10)}


def relu(inputs):
    return tt.maximum(0, inputs)


def max_pool(maps):
    rows = tt.maximum(maps[:, :, 0::2], maps[:, :, 1::2])
    return tt.maximum(rows[:, :, :, 0::2], rows[:, :, :, 1::2])


def convolution(parameters, layer, inputs):
    maps = tt.nnet.conv2d(inputs, parameters[f"{layer}_kernel"], filter_flip=False)
    bias = parameters[f"{layer}_bias"].dimshuffle("x", 0, "x", "x")  # (1, C, 1, 1)
    return relu(max_pool(maps) + bias)  # after the pooling, on a quarter of the numbers


def dense(parameters, layer, inputs):
    return tt.dot(inputs, parameters[f"{layer}_kernel"]) + parameters[f"{layer}_bias"]


def network(parameters, images):
    pool1 = convolution(parameters, "conv1", images[:, :26, :26].dimshuffle(0, 3, 1, 2))  # (N, 32, 12, 12)
    pool2 = convolution(parameters, "conv2", pool1)  # (N, 64, 5, 5)
    hidden = relu(dense(parameters, "dense1", pool2.flatten(2)))  # (N, 128)
    return dense(parameters, "dense2", hidden)  # (N, 10)


def variables(seed=0):
    """Shared variables, with He-normal kernels and zero biases, and the functions that are compiled for them."""
    random, parameters = np.random.default_rng(seed), {}
    for layer, shape in shapes.items():
        fan_in = np.prod(shape[1:]) if len(shape) == 4 else shape[0]
        kernel = random.normal(0, np.sqrt(2 / fan_in), shape).astype(theano.config.floatX)
        parameters[f"{layer}_kernel"] = theano.shared(kernel)
        parameters[f"{layer}_bias"] = theano.shared(np.zeros(shape[0 if len(shape) == 4 else 1], theano.config.floatX))
    images = tt.tensor4("images")
    logits = theano.function([images], network(parameters, images))
    return SimpleNamespace(parameters=parameters, logits=logits, **compiled_step(parameters))


# %% [markdown]
# One call of the compiled function is one step of gradient descent: it gives the mean loss and updates the variables.


# %% Train
def compiled_step(parameters):
    images, labels = tt.tensor4("images"), tt.lvector("labels")
    learning_rate, momentum = tt.scalar("learning_rate"), tt.scalar("momentum")
    velocities = {name: theano.shared(np.zeros_like(value.get_value())) for name, value in parameters.items()}
    probabilities = tt.nnet.softmax(network(parameters, images))
    loss = tt.nnet.categorical_crossentropy(probabilities, labels).mean()  # Theano joins the two in a stable form
    updates = []
    for name, parameter in parameters.items():
        velocity = momentum * velocities[name] + tt.grad(loss, parameter)
        updates += [(velocities[name], velocity), (parameter, parameter - learning_rate * velocity)]
    rates = [theano.In(rate, allow_downcast=True) for rate in (learning_rate, momentum)]  # from Python's floats
    return {"step": theano.function([images, labels, *rates], loss, updates=updates), "velocities": velocities}


def train(
    model,
    images,
    labels,
    *,
    epochs=1,
    batch_size=128,
    learning_rate=0.05,
    momentum=0.9,
    shuffle=True,
    seed=0,
    watch=None,
):
    for velocity in model.velocities.values():
        velocity.set_value(np.zeros_like(velocity.get_value()))
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            total += float(model.step(images[batch], labels[batch], learning_rate, momentum)) * len(batch)
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
