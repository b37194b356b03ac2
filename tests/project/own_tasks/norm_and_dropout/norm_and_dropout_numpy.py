# %% [markdown]
# # Batch normalisation and dropout, in NumPy

# %% Init
import numpy as np

EPSILON, KEPT = 1e-3, 0.9


# %% Network
def variables(seed=0):
    random = np.random.default_rng(seed)
    return {
        "dense1_kernel": random.normal(0, 0.05, (784, 16)),
        "norm_gamma": np.ones(16),
        "norm_beta": np.zeros(16),
        "norm_moving_mean": np.zeros(16),
        "norm_moving_variance": np.ones(16),
        "dense2_kernel": random.normal(0, 0.3, (16, 10)),
        "dense2_bias": np.zeros(10),
    }


def network(model, images, kept=1.0, statistics=None):
    """Gives the logits, and what the gradient needs; `kept` is what dropout leaves, scaled."""
    mean, variance = statistics or (model["norm_moving_mean"], model["norm_moving_variance"])
    deviation = np.sqrt(variance + EPSILON)
    normal = (images.reshape(len(images), -1) @ model["dense1_kernel"] - mean) / deviation
    hidden = np.maximum(model["norm_gamma"] * normal + model["norm_beta"], 0)
    return hidden * kept @ model["dense2_kernel"] + model["dense2_bias"], (normal, deviation, hidden)


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=1,
    batch_size=50,
    learning_rate=0.2,
    rate=0.25,
    shuffle=True,
    seed=0,
    watch=None,
    masks=None,
):
    random, history, step = np.random.default_rng(seed), [], 0
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            mask = random.random((len(batch), 16)) >= rate if masks is None else masks[step][: len(batch)]
            flat = images[batch].reshape(len(batch), -1)
            inputs, kept = flat @ model["dense1_kernel"], (mask / (1 - rate)).astype(images.dtype)
            statistics = inputs.mean(axis=0), inputs.var(axis=0)
            logits, (normal, deviation, hidden) = network(model, images[batch], kept, statistics)
            shifted = logits - logits.max(axis=1, keepdims=True)
            log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
            total -= log_probabilities[range(len(batch)), labels[batch]].sum()
            d_logits = (np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels[batch]]) / len(batch)
            d_scaled = d_logits @ model["dense2_kernel"].T * kept * (hidden > 0)
            d_normal = d_scaled * model["norm_gamma"]
            d_inputs = (d_normal - d_normal.mean(axis=0) - normal * (d_normal * normal).mean(axis=0)) / deviation
            gradients = {
                "dense1_kernel": flat.T @ d_inputs,
                "norm_gamma": (d_scaled * normal).sum(axis=0),
                "norm_beta": d_scaled.sum(axis=0),
                "dense2_kernel": (hidden * kept).T @ d_logits,
                "dense2_bias": d_logits.sum(axis=0),
            }
            for name, gradient in gradients.items():
                model[name] = model[name] - learning_rate * gradient
            for name, value in zip(("norm_moving_mean", "norm_moving_variance"), statistics, strict=True):
                model[name] = KEPT * model[name] + (1 - KEPT) * value
            step += 1
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images)[0]


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
