# %% [markdown]
# # Checking a gradient, in JAX
# `jax.grad` is right unless somebody has written a backward pass by hand, as for `jax.custom_vjp`. Then move a weight a
# little to both sides, see how the cost changes, and compare.

# %% Init
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np


# %% The cost
def cost(x, labels, w1, w2, activation):
    hidden = getattr(jax.nn, activation)(x @ w1)  # jax.nn.tanh or jax.nn.relu, (N, hidden)
    logits = hidden @ w2
    return (jax.nn.logsumexp(logits, axis=1) - logits[jnp.arange(len(x)), labels]).mean()


# %% The gradient
def gradient(x, labels, w1, w2, activation):
    """Of the first layer, by automatic differentiation: what is to be checked."""
    return np.array(jax.jit(jax.grad(cost, argnums=2), static_argnames="activation")(x, labels, w1, w2, activation))


# %% [markdown]
# From both sides, so that the error shrinks with the square of the step; from one side it shrinks with the step alone.
# `jax.vmap` does it for all places at once. `jax.test_util.check_grads` does the same along one random direction.


# %% Central differences
@partial(jax.jit, static_argnames="activation")
def all_differences(x, labels, w1, w2, activation, places, steps):
    def difference(step, place):
        right, left = (w1.ravel().at[place].add(by).reshape(w1.shape) for by in (step, -step))
        return (cost(x, labels, right, w2, activation) - cost(x, labels, left, w2, activation)) / (2 * step)

    return jax.lax.map(lambda step: jax.vmap(partial(difference, step))(places), steps)  # (steps, places)


def differences(x, labels, w1, w2, activation, places, steps):
    return np.array(all_differences(x, labels, jnp.asarray(w1), w2, activation, places, steps))


# %% [markdown]
# The error relative to the size of both, as a number of digits. A large step is off because the cost is curved, a tiny
# one because two nearly equal costs are subtracted: there is a best step in between.


# %% The check
def digits(x, labels, w1, w2, activation, places, steps, precision=None):
    given = x.dtype
    x, w1, w2, steps = (array.astype(precision or given) for array in (x, w1, w2, steps))
    slopes = gradient(x, labels, w1, w2, activation).flat[places]
    found = differences(x, labels, w1, w2, activation, places, steps)  # (steps, places)
    errors = np.linalg.norm(found - slopes, axis=1) / np.linalg.norm(slopes)
    return -np.log10(errors.astype(given))


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(0)
    x, w1, w2 = random.random((20, 50)), random.normal(0, 0.2, (50, 30)), random.normal(0, 0.2, (30, 10))
    print("digits that are right, for steps of 1, 0.1, … 1e-13:")
    print(digits(x, np.arange(20) % 10, w1, w2, "tanh", np.arange(0, 1500, 50), 10.0 ** -np.arange(14)).round(1))
