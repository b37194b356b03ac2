# %% [markdown]
# # Batch normalisation, dropout, L2 and a schedule, in NumPy

# %% Init
import numpy as np

EPSILON = 2**-10  # of the batch normalisation
KEPT = 0.875  # of a moving average, at each step
L2 = 2**-5  # the penalty is half of this times the squares of the kernels
MASK = np.random.default_rng(3).random((14, 14, 4)) < 0.75  # what dropout keeps: the same in each step

# %% Network
shapes = {
    "conv_kernel": (3, 3, 1, 4),
    "norm_gamma": (4,),
    "norm_beta": (4,),
    "norm_moving_mean": (4,),
    "norm_moving_variance": (4,),
    "dense_kernel": (784, 10),
    "dense_bias": (10,),
}


def variables(seed=0):
    random = np.random.default_rng(seed)
    model = {name: random.normal(0, 0.1, shape) for name, shape in shapes.items()}
    return model | {"norm_gamma": np.ones(4), "norm_moving_variance": np.ones(4)}


def windows(images):
    """SAME with stride 2: 28 pixels are padded by one, at the end. Each 3x3 window as a row, (N, 14, 14, 9)."""
    padded = np.pad(images[..., 0], ((0, 0), (0, 1), (0, 1)))
    return np.stack([padded[:, i : i + 27 : 2, j : j + 27 : 2] for i in range(3) for j in range(3)], axis=-1)


def network(model, images, training=False):
    """Gives the logits, and the intermediate results, which the gradient needs."""
    maps = windows(images) @ model["conv_kernel"].reshape(9, 4)  # (N, 14, 14, 4)
    mean, variance = model["norm_moving_mean"], model["norm_moving_variance"]
    if training:
        mean, variance = maps.mean(axis=(0, 1, 2)), maps.var(axis=(0, 1, 2))
    deviation = np.sqrt(variance + EPSILON)
    normal = (maps - mean) / deviation
    hidden = np.maximum(model["norm_gamma"] * normal + model["norm_beta"], 0)
    if training:
        hidden = hidden * MASK / 0.75
    flat = hidden.reshape(len(images), 784)
    return flat @ model["dense_kernel"] + model["dense_bias"], (mean, variance, deviation, normal, flat)


# %% Train
def step(model, velocity, images, labels, rate, momentum):
    logits, (mean, variance, deviation, normal, flat) = network(model, images, training=True)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()
    d_logits = np.exp(log_probabilities)
    d_logits[range(len(labels)), labels] -= 1
    d_logits /= len(labels)
    d_hidden = (d_logits @ model["dense_kernel"].T).reshape(normal.shape)
    d_hidden = d_hidden * MASK / 0.75 * (flat.reshape(normal.shape) > 0)
    d_normal = d_hidden * model["norm_gamma"]
    axes = (0, 1, 2)
    d_maps = d_normal - d_normal.mean(axis=axes) - normal * (d_normal * normal).mean(axis=axes)
    gradients = {
        "conv_kernel": (windows(images).reshape(-1, 9).T @ (d_maps / deviation).reshape(-1, 4)).reshape(3, 3, 1, 4),
        "norm_gamma": (d_hidden * normal).sum(axis=axes),
        "norm_beta": d_hidden.sum(axis=axes),
        "dense_kernel": flat.T @ d_logits,
        "dense_bias": d_logits.sum(axis=0),
    }
    for name, gradient in gradients.items():
        if name.endswith("kernel"):
            gradient = gradient + L2 * model[name]
        velocity[name] = momentum * velocity[name] + gradient
        model[name] -= rate * velocity[name]
    model["norm_moving_mean"] = KEPT * model["norm_moving_mean"] + (1 - KEPT) * mean
    model["norm_moving_variance"] = KEPT * model["norm_moving_variance"] + (1 - KEPT) * variance
    return loss


def train(
    model,
    images,
    labels,
    *,
    epochs=1,
    batch_size=64,
    learning_rate=0.125,
    momentum=0.75,
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history, count = np.random.default_rng(seed), [], 0
    velocity = dict.fromkeys(model, 0.0)
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            rate = learning_rate * 0.5 ** (count // 2)
            total += step(model, velocity, images[batch], labels[batch], rate, momentum) * len(batch)
            count += 1
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images)[0]


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
