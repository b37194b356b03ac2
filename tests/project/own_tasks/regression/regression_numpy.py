# %% [markdown]
# # The middle of a digit, in NumPy

# %% Init
import numpy as np


# %% Network
def variables(seed=0):
    random = np.random.default_rng(seed)
    return {"kernel": random.normal(0, 0.1, (49, 2)), "bias": np.zeros(2)}


# %% Train
def train(model, inputs, targets, *, epochs=5, batch_size=50, learning_rate=0.05, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(inputs)) if shuffle else np.arange(len(inputs))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            gradient = predict(model, inputs[batch]) - targets[batch]
            total += np.mean(gradient**2) * len(batch)
            gradient = 2 * gradient / gradient.size
            model["kernel"] -= learning_rate * inputs[batch].T @ gradient
            model["bias"] -= learning_rate * gradient.sum(axis=0)
        history.append(float(total / len(inputs)))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, inputs):
    return inputs @ model["kernel"] + model["bias"]


def evaluate(model, inputs, targets):
    return float(np.mean((predict(model, inputs) - targets) ** 2))
