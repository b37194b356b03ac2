# %% [markdown]
# # Batch normalisation, dropout, L2 and a schedule, in JAX

# %% Init
import jax
import jax.numpy as jnp
import numpy as np

EPSILON = 2**-10  # of the batch normalisation
KEPT = 0.875  # of a moving average, at each step
L2 = 2**-5  # the penalty is half of this times the squares of the kernels
MASK = np.random.default_rng(3).random((14, 14, 4)) < 0.75  # what dropout keeps: the same in each step
AVERAGES = ("norm_moving_mean", "norm_moving_variance")

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
    model = {name: jax.random.normal(jax.random.key(seed), shape) / 10 for name, shape in shapes.items()}
    return model | {"norm_gamma": jnp.ones(4), "norm_moving_variance": jnp.ones(4)}


def network(model, images, training=False):
    """Gives the logits, and the batch's mean and variance."""
    layout = ("NHWC", "HWIO", "NHWC")
    maps = jax.lax.conv_general_dilated(images, model["conv_kernel"], (2, 2), "SAME", dimension_numbers=layout)
    mean, variance = model["norm_moving_mean"], model["norm_moving_variance"]
    if training:
        mean, variance = maps.mean(axis=(0, 1, 2)), maps.var(axis=(0, 1, 2))
    normal = (maps - mean) / jnp.sqrt(variance + EPSILON)
    hidden = jax.nn.relu(model["norm_gamma"] * normal + model["norm_beta"])
    if training:
        hidden = hidden * MASK / 0.75
    return hidden.reshape(len(images), 784) @ model["dense_kernel"] + model["dense_bias"], (mean, variance)


# %% Train
def objective(model, images, labels):
    logits, averages = network(model, images, training=True)
    picked = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
    loss = -jnp.mean(picked)
    penalty = L2 / 2 * (jnp.sum(model["conv_kernel"] ** 2) + jnp.sum(model["dense_kernel"] ** 2))
    return loss + penalty, (loss, averages)


@jax.jit
def step(model, velocity, images, labels, rate, momentum):
    (_, (loss, averages)), gradients = jax.value_and_grad(objective, has_aux=True)(model, images, labels)
    velocity = {name: momentum * velocity[name] + gradients[name] for name in velocity}
    moved = {name: model[name] - rate * velocity[name] for name in velocity}
    kept = {name: KEPT * model[name] + (1 - KEPT) * average for name, average in zip(AVERAGES, averages, strict=True)}
    return moved | kept, velocity, loss


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
    velocity = {name: jnp.zeros_like(array) for name, array in model.items() if name not in AVERAGES}
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            rate = learning_rate * 0.5 ** (count // 2)
            model, velocity, loss = step(model, velocity, images[batch], labels[batch], rate, momentum)
            total += float(loss) * len(batch)
            count += 1
        history.append(total / len(images))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return np.array(network(model, images)[0])


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
