# %% [markdown]
# # Softmax regression, in NumPy
# One matrix product gives a score for each digit, the softmax turns scores into probabilities, and the gradient is
# short enough to write by hand.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np

# %% [markdown]
# The model is a dictionary of two arrays. It starts from zeros, so the seed has nothing to do.


# %% Network
def variables(seed=0):
    return {"dense_kernel": np.zeros((784, 10), np.float32), "dense_bias": np.zeros(10, np.float32)}


def network(model, images):
    flat = images.reshape(len(images), -1)  # (N, 784)
    return flat @ model["dense_kernel"] + model["dense_bias"]  # (N, 10)


# %% [markdown]
# Softmax and cross-entropy together have a simple derivative: probability minus truth.


# %% Train
def loss_and_gradients(model, images, labels):
    """The mean cross-entropy, and its gradient for each array of the model."""
    logits = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    truth = np.eye(10, dtype=logits.dtype)[labels]  # one-hot, (N, 10)
    loss = -log_probabilities[range(len(labels)), labels].mean()
    d_logits = (np.exp(log_probabilities) - truth) / len(labels)
    return loss, {"dense_kernel": images.reshape(len(images), -1).T @ d_logits, "dense_bias": d_logits.sum(axis=0)}


def train(model, images, labels, *, epochs=2, batch_size=100, learning_rate=0.5, shuffle=True, seed=0, watch=None):
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
# The highest score is the answer; it needs no softmax.


# %% Evaluate
def predict(model, images):
    return network(model, images)


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
