# %% [markdown]
# # The vanishing gradient, in Theano
# Each step back through a layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's
# slope is at most 1/4. So the first layer of a deep network gets next to nothing of what the last one gets.

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt

# %% The network
# Theano's own ReLU is (x + |x|) / 2, whose slope at 0 is 1/2.
ACTIVATIONS = {"sigmoid": tt.nnet.sigmoid, "tanh": tt.tanh, "relu": lambda z: tt.switch(z > 0, z, 0)}


def forward(images, kernels, biases, activation):
    layer = images
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        layer = ACTIVATIONS[activation](tt.dot(layer, kernel) + bias)
    return tt.dot(layer, kernels[-1]) + biases[-1]  # logits (N, 10)


# %% [markdown]
# The cross-entropy of ten independent sigmoids, as in Nielsen's book: added up over the ten, the mean over the images.


# %% The cost
def cost(logits, labels):
    targets = tt.extra_ops.to_one_hot(labels, 10, dtype=logits.dtype)
    return tt.nnet.binary_crossentropy(tt.nnet.sigmoid(logits), targets).sum(axis=1).mean()


# %% [markdown]
# `tt.grad` takes a list and gives one: formulas, which `theano.function` compiles.


# %% Gradients
def norms(which, images, labels, first, rest, last, biases, last_bias, activation):
    """Of the gradients of the mean cost by the kernels (`which` is 0) or the biases (1), first layer first."""
    kernels = [theano.shared(kernel) for kernel in (first, *rest, last)]
    biases = [theano.shared(bias) for bias in (*biases, last_bias)]
    value = cost(forward(tt.constant(images), kernels, biases, activation), tt.constant(labels))
    found = [gradient.norm(2) for gradient in tt.grad(value, (kernels, biases)[which])]
    return np.array(theano.function([], found)())


# %% [markdown]
# A layer's speed: how long the gradient by its biases is, as a vector.


# %% Speeds
def speeds(images, labels, first, rest, last, biases, last_bias, activation):
    return norms(1, images, labels, first, rest, last, biases, last_bias, activation)


def kernel_norms(images, labels, first, rest, last, biases, last_bias, activation):
    return norms(0, images, labels, first, rest, last, biases, last_bias, activation)


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    images, labels = random.random((100, 784)), random.integers(0, 10, 100)
    for activation, gain in (("sigmoid", 1), ("relu", 2)):
        kernels = [random.normal(0, (gain / s[-2]) ** 0.5, s) for s in ((784, 100), (7, 100, 100), (100, 10))]
        print(activation, speeds(images, labels, *kernels, np.zeros((8, 100)), np.zeros(10), activation))
