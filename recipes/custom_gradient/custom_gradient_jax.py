# %% [markdown]
# # A gradient of your own, in JAX
# Automatic differentiation gives each operation the derivative of its value. Now and then another one is wanted:
# because the derivative is 0 and nothing would learn, or because a gradient has to be turned round or cut off.

# %% Init
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# `custom_vjp` takes two functions. The first gives the value and what to remember, the second makes of that, and of the
# gradient from above, a gradient for each argument. Arguments that aren't differentiated come first in the second.


def value_and_gradient(operation, x, upstream):
    y, backward = jax.vjp(operation, x)
    return np.array(y), np.array(backward(jnp.asarray(upstream))[0])


# %% [markdown]
# A rounding's derivative is 0 almost everywhere. The straight-through estimator pretends that it is 1: this is how
# networks with rounded weights are trained.


# %% Rounding that lets gradients through
@jax.custom_vjp
def straight(x):
    return jnp.round(x)  # to the even neighbour where there are two


straight.defvjp(lambda x: (straight(x), None), lambda _, upstream: (upstream,))


def round_through(x, upstream):
    return value_and_gradient(straight, x, upstream)


# %% [markdown]
# Forward nothing happens, backward the sign turns: what is below learns to make worse what is above. Domain-adversarial
# networks do it to forget where an image comes from.


# %% A reversed gradient
@partial(jax.custom_vjp, nondiff_argnums=(1,))
def reversed_below(x, factor):
    return x


reversed_below.defvjp(lambda x, factor: (x, None), lambda factor, _, upstream: (-factor * upstream,))


def reverse(x, upstream, factor):
    return value_and_gradient(lambda x: reversed_below(x, factor), x, upstream)


# %% [markdown]
# Forward nothing happens, backward each number is cut off: one wild gradient can't ruin what is below.


# %% A clipped gradient
@partial(jax.custom_vjp, nondiff_argnums=(1,))
def clipped_below(x, limit):
    return x


clipped_below.defvjp(lambda x, limit: (x, None), lambda limit, _, upstream: (jnp.clip(upstream, -limit, limit),))


def clip_gradient(x, upstream, limit):
    return value_and_gradient(lambda x: clipped_below(x, limit), x, upstream)


# %% Run
if __name__ == "__main__":
    x, upstream = np.array([0.25, 0.5, 1.5, 2.75], np.float32), np.array([-3, -1, 1, 3], np.float32)
    print("round_through: value {}, gradient {}".format(*round_through(x, upstream)))
    print("reverse:       value {}, gradient {}".format(*reverse(x, upstream, factor=0.5)))
    print("clip_gradient: value {}, gradient {}".format(*clip_gradient(x, upstream, limit=2.0)))
