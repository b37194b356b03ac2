# %% [markdown]
# # Optimisers, in NumPy
# The gradient says in which direction the loss grows. An optimiser makes a step of it, and most remember something of
# the gradients before.

# %% Init
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
# Each optimiser is given one array's gradient and what it remembers of that array, a velocity and a sum of squares. It
# gives what the learning rate is multiplied with. The first three are as long as the gradient is; the others divide by
# its usual size, so that every weight moves at about the same speed. `EPSILON` keeps them from dividing by 0.

# %% Optimiser
EPSILON = 1e-7


def sgd(gradient, state, step):
    return gradient


def momentum(gradient, state, step):
    state["velocity"] = 0.9 * state["velocity"] + gradient
    return state["velocity"]


def nesterov(gradient, state, step):
    return gradient + 0.9 * momentum(gradient, state, step)


def adagrad(gradient, state, step):
    state["squares"] = state["squares"] + gradient**2
    return gradient / (np.sqrt(state["squares"]) + EPSILON)


def rmsprop(gradient, state, step):
    state["squares"] = 0.9 * state["squares"] + 0.1 * gradient**2
    return gradient / (np.sqrt(state["squares"]) + EPSILON)


def adam(gradient, state, step):  # both averages start as 0, and are too small by a known factor at first
    state["velocity"] = 0.9 * state["velocity"] + 0.1 * gradient
    state["squares"] = 0.999 * state["squares"] + 0.001 * gradient**2
    velocity, squares = state["velocity"] / (1 - 0.9**step), state["squares"] / (1 - 0.999**step)
    return velocity / (np.sqrt(squares) + EPSILON)


optimizers = {"sgd": sgd, "momentum": momentum, "nesterov": nesterov}
optimizers |= {"adagrad": adagrad, "rmsprop": rmsprop, "adam": adam}


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
    epochs=3,
    batch_size=50,
    learning_rate=0.1,
    optimizer="sgd",
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history, step = np.random.default_rng(seed), [], 0
    states = {name: dict.fromkeys(("velocity", "squares"), np.zeros_like(model[name])) for name in model}
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            step += 1
            for name, gradient in gradients.items():
                model[name] -= learning_rate * optimizers[optimizer](gradient, states[name], step)
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
    model, history = train(variables(), images, labels, optimizer="adam", learning_rate=0.003)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
