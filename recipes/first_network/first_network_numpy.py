# %% [markdown]
# # The first network of the book, in NumPy
# Two layers of sigmoid neurons, and the four equations of backpropagation written out.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np

# %% [markdown]
# As in the book, kernels and biases are normal with the standard deviation 1. Each neuron adds up 784 pixels, so many
# of them begin saturated, near 0 or 1.


# %% Network
def variables(seed=0):
    random = np.random.default_rng(seed)
    shapes = {"dense1_kernel": (784, 30), "dense1_bias": 30, "dense2_kernel": (30, 10), "dense2_bias": 10}
    return {name: random.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}


def sigmoid(inputs):
    return (1 + np.tanh(inputs / 2)) / 2  # the same as 1 / (1 + exp(-inputs)), and nothing overflows


def network(model, images):
    inputs = images.reshape(len(images), -1)  # (N, 784)
    hidden = sigmoid(inputs @ model["dense1_kernel"] + model["dense1_bias"])  # (N, 30)
    outputs = sigmoid(hidden @ model["dense2_kernel"] + model["dense2_bias"])  # (N, 10)
    return outputs, (inputs, hidden)


# %% [markdown]
# Half the squared distance between the outputs and the one-hot label, averaged over the batch. Its gradient holds the
# slope of the sigmoid, outputs (1 - outputs), which is nearly 0 where a neuron is saturated, wrong or right.


# %% Cost
def loss_and_gradients(model, images, labels):
    """The quadratic cost, and its gradient for each array of the model."""
    outputs, (inputs, hidden) = network(model, images)
    differences = outputs - np.eye(10, dtype=outputs.dtype)[labels]  # (N, 10)
    loss = (differences**2).sum(axis=1).mean() / 2
    error = differences * outputs * (1 - outputs) / len(labels)
    error_of_hidden = error @ model["dense2_kernel"].T * hidden * (1 - hidden)  # (N, 30)
    return loss, {
        "dense1_kernel": inputs.T @ error_of_hidden,
        "dense1_bias": error_of_hidden.sum(axis=0),
        "dense2_kernel": hidden.T @ error,
        "dense2_bias": error.sum(axis=0),
    }


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=10, learning_rate=3.0, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            for name, gradient in gradients.items():
                model[name] -= learning_rate * gradient
            total += loss * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# The neuron with the highest output names the digit.


# %% Evaluate
def predict(model, images):
    return network(model, images)[0]


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
