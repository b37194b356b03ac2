# %% [markdown]
# # A fast convolutional network for MNIST, in Theano
# Two rows and columns that the pooling would drop are never computed, and freed memory is kept. Bias and ReLU come
# after the pooling, as in the ordinary program.

# %% Init
import os
from pathlib import Path
from urllib.request import urlretrieve

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: its products are too small to share out
import numpy as np
import theano
import theano.tensor as tt

np.empty(2**25 - 2**16, np.uint8)  # freed at once: from it glibc learns to keep memory of up to that size for reuse


# %% Variables
class Model:
    """Shared variables, and the functions compiled for them. Kernels are (out, in, h, w), dense kernels (in, out)."""

    def __init__(self, arrays):
        self.parameters = {name: theano.shared(array, name) for name, array in arrays.items()}
        self.velocities = {name: theano.shared(np.zeros_like(array), name) for name, array in arrays.items()}
        self.step = compile_step(self)
        self.logits = compile_logits(self)


def variables(weights=None, seed=0):
    """Theano has no default initialiser: He-normal kernels and zero biases."""
    if weights is None:
        random, weights = np.random.default_rng(seed), {}
        shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense1": (1600, 128), "dense2": (128, 10)}
        for layer, shape in shapes.items():
            kernel = random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
            weights[f"{layer}_kernel"] = kernel.astype(theano.config.floatX)
            weights[f"{layer}_bias"] = np.zeros(shape[-1], theano.config.floatX)
    arrays = dict(weights)
    for layer in ("conv1", "conv2"):
        arrays[f"{layer}_kernel"] = np.ascontiguousarray(arrays[f"{layer}_kernel"].transpose(3, 2, 0, 1))
    dense1 = arrays["dense1_kernel"].reshape(5, 5, 64, 128)  # Theano flattens channel, height, width
    arrays["dense1_kernel"] = dense1.transpose(2, 0, 1, 3).reshape(1600, 128)
    return Model(arrays)


def weights(model):
    arrays = {name: variable.get_value() for name, variable in model.parameters.items()}
    for layer in ("conv1", "conv2"):
        arrays[f"{layer}_kernel"] = arrays[f"{layer}_kernel"].transpose(2, 3, 1, 0)
    dense1 = arrays["dense1_kernel"].reshape(64, 5, 5, 128)
    arrays["dense1_kernel"] = dense1.transpose(1, 2, 0, 3).reshape(1600, 128)
    return arrays


# %% Network
# Of equal arguments, tt.maximum gives the gradient to the first alone. tt.nnet.relu has the slope 1/2 at 0, and pool_2d
# gives the whole gradient to each of several equal pixels.
def relu(inputs):
    return tt.maximum(0, inputs)


def max_pool(maps):
    rows = tt.maximum(maps[:, :, 0::2], maps[:, :, 1::2])
    return tt.maximum(rows[:, :, :, 0::2], rows[:, :, :, 1::2])


def convolution(model, layer, inputs):
    maps = tt.nnet.conv2d(inputs, model.parameters[f"{layer}_kernel"], filter_flip=False)
    bias = model.parameters[f"{layer}_bias"].dimshuffle("x", 0, "x", "x")  # (1, C, 1, 1)
    return relu(max_pool(maps) + bias)  # after the pooling, on a quarter of the numbers


def dense(model, layer, inputs):
    return tt.dot(inputs, model.parameters[f"{layer}_kernel"]) + model.parameters[f"{layer}_bias"]


def network(model, images):
    # The last two rows and columns only reach what the pooling leaves out.
    images = tt.as_tensor_variable(images)[:, :26, :26].dimshuffle(0, 3, 1, 2)  # (N, 1, 26, 26)
    pool1 = convolution(model, "conv1", images)  # (N, 32, 12, 12)
    pool2 = convolution(model, "conv2", pool1)  # (N, 64, 5, 5)
    hidden = relu(dense(model, "dense1", pool2.flatten(2)))  # (N, 128)
    return dense(model, "dense2", hidden)  # (N, 10)


# %% Train
def compile_step(model):
    """One step of gradient descent: from a batch and the rates to its mean loss; it updates the shared variables."""
    dtype = model.parameters["conv1_kernel"].dtype
    images, labels = tt.tensor4("images", dtype), tt.lvector("labels")
    learning_rate, momentum = tt.scalar("learning_rate", dtype), tt.scalar("momentum", dtype)
    probabilities = tt.nnet.softmax(network(model, images))
    loss = tt.nnet.categorical_crossentropy(probabilities, labels).mean()  # Theano joins the two in a stable form
    updates = []
    for name, parameter in model.parameters.items():
        velocity = momentum * model.velocities[name] + tt.grad(loss, parameter)
        updates += [(model.velocities[name], velocity), (parameter, parameter - learning_rate * velocity)]
    rates = [theano.In(rate, allow_downcast=True) for rate in (learning_rate, momentum)]  # from Python's floats
    return theano.function([images, labels, *rates], loss, updates=updates)


def train(model, images, labels, *, epochs=1, batch_size=128, learning_rate=0.05, momentum=0.9, shuffle=True, seed=0):
    for velocity in model.velocities.values():
        velocity.set_value(np.zeros_like(velocity.get_value()))
    random, history = np.random.default_rng(seed), []
    for epoch in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            total += float(model.step(images[batch], labels[batch], learning_rate, momentum)) * len(batch)
        history.append(total / len(images))
        print(f"epoch {epoch + 1}: loss {history[-1]:.4f}")
    return model, history


# %% Evaluate
def compile_logits(model):
    images = tt.tensor4("images", model.parameters["conv1_kernel"].dtype)
    return theano.function([images], network(model, images))


def predict(model, images):
    return np.concatenate([model.logits(batch) for batch in np.split(images, range(500, len(images), 500))])  # (N, 10)


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
    model, history = train(variables(), train_images, train_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {evaluate(model, test_images, test_labels):.4f}")
