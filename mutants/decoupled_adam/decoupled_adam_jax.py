# %% [markdown]
# # Adam with decoupled weight decay, in JAX

# %% Init
import jax
import jax.numpy as jnp
import numpy as np

BETA1, BETA2, EPSILON, DECAY = 0.875, 0.96875, 2**-10, 2**-4


# %% Network
def variables(seed=0):
    return {"dense_kernel": 0.1 * jax.random.normal(jax.random.key(seed), (784, 10)), "dense_bias": jnp.zeros(10)}


def network(model, images):
    return images.reshape(len(images), 784) @ model["dense_kernel"] + model["dense_bias"]


# %% Train
def cross_entropy(model, images, labels):
    log_probabilities = jax.nn.log_softmax(network(model, images))
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


@jax.jit
def step(model, firsts, seconds, images, labels, rate, count):
    loss, gradients = jax.value_and_grad(cross_entropy)(model, images, labels)
    firsts = jax.tree.map(lambda first, gradient: BETA1 * first + (1 - BETA1) * gradient, firsts, gradients)
    seconds = jax.tree.map(lambda second, gradient: BETA2 * second + (1 - BETA2) * gradient**2, seconds, gradients)

    def update(weight, first, second):
        corrected, square = first / (1 - BETA1**count), second / (1 - BETA2**count)
        return weight * (1 - rate * DECAY) - rate * corrected / (jnp.sqrt(square) + EPSILON)

    return jax.tree.map(update, model, firsts, seconds), firsts, seconds, loss


def train(model, images, labels, *, epochs=1, batch_size=64, learning_rate=0.0078125, shuffle=True, seed=0, watch=None):
    random, history, count = np.random.default_rng(seed), [], 0
    firsts = seconds = jax.tree.map(jnp.zeros_like, model)
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            count += 1
            model, firsts, seconds, loss = step(
                model, firsts, seconds, images[batch], labels[batch], learning_rate, count
            )
            total += float(loss) * len(batch)
        history.append(total / len(images))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return np.array(network(model, images))


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
