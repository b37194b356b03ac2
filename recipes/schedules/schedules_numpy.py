# %% [markdown]
# # Learning rate schedules, in NumPy
# A schedule says at which share of the learning rate each step is taken. Here it is a function of the step's number.

# %% Init
from math import cos, pi
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np


# %% Network
def variables(seed=0):
    random, model = np.random.default_rng(seed), {}
    for layer, shape in {"dense1": (784, 100), "dense2": (100, 10)}.items():
        model[f"{layer}_kernel"] = random.normal(0, np.sqrt(2 / shape[0]), shape).astype(np.float32)
        model[f"{layer}_bias"] = np.zeros(shape[1], np.float32)
    return model


def network(model, images):
    inputs = images.reshape(len(images), -1)  # (N, 784)
    hidden = np.maximum(inputs @ model["dense1_kernel"] + model["dense1_bias"], 0)  # (N, 100)
    return hidden @ model["dense2_kernel"] + model["dense2_bias"], (inputs, hidden)


# %% [markdown]
# Each schedule gives a share of the learning rate for a step, counted from 0, of so many steps. Large steps come far,
# small ones end in a good place.


# %% Schedule
def constant(step, steps):
    return 1.0


def stepwise(step, steps):
    return 0.1 ** ((10 * step >= 6 * steps) + (10 * step >= 8 * steps))


def exponential(step, steps):
    return 0.01 ** (step / steps)


def linear(step, steps):
    return 1 - step / steps


def cosine(step, steps):
    return (1 + cos(pi * step / steps)) / 2


def warmup(step, steps):
    first = max(1, steps // 10)
    return 0.1 + 0.9 * step / first if step < first else cosine(step - first, steps - first)


schedules = {"constant": constant, "step": stepwise, "exponential": exponential}
schedules |= {"linear": linear, "cosine": cosine, "warmup": warmup}


# %% Train
def loss_and_gradients(model, images, labels):
    """The mean cross-entropy, and its gradient for each array of the model."""
    logits, (inputs, hidden) = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()

    gradient = (np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels]) / len(labels)  # (N, 10)
    gradient_of_hidden = gradient @ model["dense2_kernel"].T * (hidden > 0)  # through ReLU
    return loss, {
        "dense1_kernel": inputs.T @ gradient_of_hidden,
        "dense1_bias": gradient_of_hidden.sum(axis=0),
        "dense2_kernel": hidden.T @ gradient,
        "dense2_bias": gradient.sum(axis=0),
    }


def train(
    model,
    images,
    labels,
    *,
    epochs=5,
    batch_size=50,
    learning_rate=0.4,
    schedule="constant",
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history, step = np.random.default_rng(seed), [], 0
    steps = epochs * -(-len(images) // batch_size)  # the last batch of an epoch may be shorter, and counts
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            rate = learning_rate * schedules[schedule](step, steps)
            for name, gradient in gradients.items():
                model[name] -= rate * gradient
            step += 1
            total += loss * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# The highest score is the answer; it needs no softmax.


# %% Evaluate
def predict(model, images):
    return network(model, images)[0]  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels, schedule="cosine")
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
