# %% [markdown]
# # Early stopping, in NumPy
# After each epoch the network is asked about images that it doesn't learn from. When their loss hasn't fallen for some
# epochs, training stops, and the best network is given back.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np

# %% [markdown]
# The model is a dictionary of arrays, He-normal kernels and zero biases.


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


# %% Epoch
def loss_and_gradients(model, images, labels):
    """The mean cross-entropy, and its gradient for each array of the model."""
    logits, (inputs, hidden) = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()

    gradient = (np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels]) / len(labels)  # (N, 10)
    gradient_of_hidden = gradient @ model["dense2_kernel"].T * (hidden > 0)
    return loss, {
        "dense1_kernel": inputs.T @ gradient_of_hidden,
        "dense1_bias": gradient_of_hidden.sum(axis=0),
        "dense2_kernel": hidden.T @ gradient,
        "dense2_bias": gradient.sum(axis=0),
    }


def train_epoch(model, images, labels, batches, learning_rate):
    """Goes once through the images; gives the mean loss."""
    total = 0.0
    for batch in batches:
        loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
        for name, gradient in gradients.items():
            model[name] -= learning_rate * gradient
        total += loss * len(batch)
    return float(total / len(images))


# %% [markdown]
# The last fifth of the images is for validation, and it is set aside before anything is shuffled: an image that is
# sometimes learnt from says nothing. The best model is a *copy*: the updates change the arrays in place, and whoever
# only remembers the dictionary ends up with the last model.


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    patience=5,
    shuffle=True,
    seed=0,
    watch=None,
):
    count = len(images) * 4 // 5
    unseen, images = (images[count:], labels[count:]), images[:count]
    random, history = np.random.default_rng(seed), []
    lowest, best, waited = np.inf, model, 0
    for _ in range(epochs):
        order = random.permutation(count) if shuffle else np.arange(count)
        batches = np.split(order, range(batch_size, count, batch_size))
        history.append(train_epoch(model, images, labels, batches, learning_rate))
        validation_loss, _ = loss_and_gradients(model, *unseen)
        waited += 1
        if validation_loss < lowest:
            lowest, waited = validation_loss, 0
            best = {name: array.copy() for name, array in model.items()}
        if watch:
            watch(model)
        if waited == patience:
            break
    return best, history


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
    images, labels = mnist["x_train"][:1_250, ..., None] / np.float32(255), mnist["y_train"][:1_250]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"{len(history)} epochs, loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
