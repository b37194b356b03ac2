# %% [markdown]
# # Adam with decoupled weight decay, in NumPy

# %% Init
import numpy as np

BETA1, BETA2, EPSILON, DECAY = 0.875, 0.96875, 2**-10, 2**-4


# %% Network
def variables(seed=0):
    return {"dense_kernel": np.random.default_rng(seed).normal(0, 0.1, (784, 10)), "dense_bias": np.zeros(10)}


def network(model, images):
    return images.reshape(len(images), 784) @ model["dense_kernel"] + model["dense_bias"]


# %% Train
def step(model, moments, images, labels, rate, count):
    logits = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()
    d_logits = np.exp(log_probabilities)
    d_logits[range(len(labels)), labels] -= 1
    d_logits /= len(labels)
    gradients = {
        "dense_kernel": images.reshape(len(images), 784).T @ d_logits,
        "dense_bias": d_logits.sum(axis=0),
    }
    for name, gradient in gradients.items():
        first, second = moments[name]
        first = BETA1 * first + (1 - BETA1) * gradient
        second = BETA2 * second + (1 - BETA2) * gradient**2
        moments[name] = first, second
        model[name] *= 1 - rate * DECAY
        corrected, square = first / (1 - BETA1**count), second / (1 - BETA2**count)
        model[name] -= rate * corrected / (np.sqrt(square) + EPSILON)
    return loss


def train(model, images, labels, *, epochs=1, batch_size=64, learning_rate=0.0078125, shuffle=True, seed=0, watch=None):
    random, history, count = np.random.default_rng(seed), [], 0
    moments = dict.fromkeys(model, (0.0, 0.0))
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            count += 1
            total += step(model, moments, images[batch], labels[batch], learning_rate, count) * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
