# %% [markdown]
# # A network with a hidden layer, in Theano
# The network is a formula over symbols. `grad` differentiates it, and `theano.function` compiles the result, together
# with the updates of the shared variables, to C.

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
# The shared variables start with He-normal kernels and zero biases. Of equal arguments `tt.maximum` gives the gradient
# to the first alone; Theano's own `relu` has the slope 1/2 at 0. Its `elu` and `selu` have the slope NaN where exp(x)
# is infinite, and GELU is younger than Theano: they are formulas here.


# %% Network
def elu(inputs, alpha=1.0):
    return tt.switch(inputs > 0, inputs, alpha * tt.expm1(tt.minimum(inputs, 0)))


activations = {
    "relu": lambda inputs: tt.maximum(0, inputs),
    "sigmoid": tt.nnet.sigmoid,
    "tanh": tt.tanh,
    "leaky_relu": lambda inputs: tt.switch(inputs > 0, inputs, 0.01 * inputs),
    "elu": elu,
    "selu": lambda inputs: 1.0507009873554805 * elu(inputs, 1.6732632423543772),
    "gelu": lambda inputs: 0.5 * inputs * (1 + tt.erf(inputs / 2**0.5)),
    "none": lambda inputs: inputs,
}


def network(parameters, activation, images):
    outputs, last = images.flatten(2), len(parameters) // 2  # (N, 784)
    for number in range(1, last + 1):
        outputs = tt.dot(outputs, parameters[f"dense{number}_kernel"]) + parameters[f"dense{number}_bias"]
        outputs = activations[activation](outputs) if number < last else outputs
    return outputs  # (N, 10)


def variables(seed=0, hidden=(100,), activation="relu"):
    """Shared variables, and the functions that are compiled for them."""
    random, parameters, fan_in = np.random.default_rng(seed), {}, 784
    for number, size in enumerate((*hidden, 10), 1):
        kernel = random.normal(0, np.sqrt(2 / fan_in), (fan_in, size)).astype(theano.config.floatX)
        parameters[f"dense{number}_kernel"] = theano.shared(kernel)
        parameters[f"dense{number}_bias"] = theano.shared(np.zeros(size, theano.config.floatX))
        fan_in = size
    images = tt.tensor4("images")
    logits = network(parameters, activation, images)
    step = compiled_step(parameters, images, logits)
    return SimpleNamespace(parameters=parameters, logits=theano.function([images], logits), step=step)


# %% [markdown]
# One call of the compiled function is one step of gradient descent: it gives the mean loss and updates the variables.


# %% Train
def compiled_step(parameters, images, logits):
    labels, learning_rate = tt.lvector("labels"), tt.scalar("learning_rate")
    # Theano joins softmax and cross-entropy in a stable form.
    loss = tt.nnet.categorical_crossentropy(tt.nnet.softmax(logits), labels).mean()
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
    return model.logits(images)  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
