# %% [markdown]
# # L2 regularisation, in NumPy
# The loss gets a penalty: half of λ times the sum of all squared weights. Its gradient is λ times the weight, so each
# step also draws every weight a little towards 0.

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
# The half is there so that no 2 stays in the gradient. Only kernels pay: a bias makes no function steeper.


# %% Penalty
def with_penalty(gradients, model, l2):
    """The gradients of the loss with its penalty."""
    return {
        name: gradient + l2 * model[name] if name.endswith("_kernel") else gradient
        for name, gradient in gradients.items()
    }


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
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    l2=0.01,
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            for name, gradient in with_penalty(gradients, model, l2).items():
                model[name] -= learning_rate * gradient
            total += loss * len(batch)  # without the penalty: comparable with the loss of other images
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
    images, labels = mnist["x_train"][:1_000, ..., None] / np.float32(255), mnist["y_train"][:1_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
