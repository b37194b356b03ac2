# %% [markdown]
# # Gradient clipping, in NumPy
# A recurrent network multiplies by the same kernel at each of 28 steps. Going back, so does the gradient: it may grow,
# and one step with such a gradient undoes all that was learnt. Clipping keeps its direction, and limits its length.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np

# %% [markdown]
# The model is a dictionary of arrays. Each row of the image changes the state, and the last state is asked for the
# digit.


# %% Network
def variables(seed=0):
    random = np.random.default_rng(seed)
    model = {"rnn_kernel": random.normal(0, np.sqrt(2 / (28 + 64)), (28, 64))}
    model["rnn_recurrent_kernel"] = np.linalg.qr(random.normal(size=(64, 64)))[0]  # orthogonal
    model["dense_kernel"] = random.normal(0, np.sqrt(2 / (64 + 10)), (64, 10))
    model |= {"rnn_bias": np.zeros(64), "dense_bias": np.zeros(10)}
    return {name: array.astype(np.float32) for name, array in model.items()}


def network(model, images):
    states = [np.zeros((len(images), 64), images.dtype)]
    for row in images[..., 0].swapaxes(0, 1):  # 28 times (N, 28)
        inputs = row @ model["rnn_kernel"] + states[-1] @ model["rnn_recurrent_kernel"] + model["rnn_bias"]
        states.append(np.tanh(inputs))  # (N, 64)
    return states[-1] @ model["dense_kernel"] + model["dense_bias"], states


# %% [markdown]
# The norm is that of all gradients together, so that clipping doesn't change their direction.


# %% Clipping
def clip(gradients, max_norm):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    return {name: gradient * min(1, max_norm / norm) for name, gradient in gradients.items()}


# %% [markdown]
# Back through time: the gradient goes from the last state to the first, and each step adds to that of the same kernels.


# %% Train
def loss_and_gradients(model, images, labels):
    """The mean cross-entropy, and its gradient for each array of the model."""
    logits, states = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()

    gradient = (np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels]) / len(labels)  # (N, 10)
    gradients = {name: np.zeros_like(array) for name, array in model.items()}
    gradients |= {"dense_kernel": states[-1].T @ gradient, "dense_bias": gradient.sum(axis=0)}
    gradient = gradient @ model["dense_kernel"].T  # (N, 64), of the last state
    for time in reversed(range(28)):
        gradient = gradient * (1 - states[time + 1] ** 2)  # through tanh
        gradients["rnn_kernel"] += images[:, time, :, 0].T @ gradient
        gradients["rnn_recurrent_kernel"] += states[time].T @ gradient
        gradients["rnn_bias"] += gradient.sum(axis=0)
        gradient = gradient @ model["rnn_recurrent_kernel"].T  # of the state before
    return loss, gradients


def train(
    model,
    images,
    labels,
    *,
    epochs=2,
    batch_size=100,
    learning_rate=0.03,
    momentum=0.9,
    max_norm=1.0,
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history = np.random.default_rng(seed), []
    velocity = {name: np.zeros_like(array) for name, array in model.items()}
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            gradients = gradients if max_norm is None else clip(gradients, max_norm)
            for name in model:
                velocity[name] = momentum * velocity[name] + gradients[name]
                model[name] -= learning_rate * velocity[name]
            total += loss * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


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
    images, labels = mnist["x_train"][:10_000, ..., None] / np.float32(255), mnist["y_train"][:10_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
