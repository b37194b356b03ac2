# %% [markdown]
# # Three kinds of strokes, in NumPy

# %% Init
import numpy as np


# %% Network
def variables(seed=0):
    random = np.random.default_rng(seed)
    return {"kernel": random.normal(0, 0.1, (64, 3)), "bias": np.zeros(3)}


def network(model, images):
    return images.reshape(len(images), -1) @ model["kernel"] + model["bias"]


# %% Train
def train(model, images, labels, *, epochs=2, batch_size=20, learning_rate=0.5, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            logits = network(model, images[batch])
            shifted = logits - logits.max(axis=1, keepdims=True)
            log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
            total -= log_probabilities[range(len(batch)), labels[batch]].sum()
            gradient = (np.exp(log_probabilities) - np.eye(3, dtype=logits.dtype)[labels[batch]]) / len(batch)
            model["kernel"] -= learning_rate * images[batch].reshape(len(batch), -1).T @ gradient
            model["bias"] -= learning_rate * gradient.sum(axis=0)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
