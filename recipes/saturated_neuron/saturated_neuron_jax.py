# %% [markdown]
# # A saturated neuron, in JAX
# One neuron with one input learns to answer 0 where the input is 1. Started far off, it hardly moves at first with the
# quadratic cost, and at once with cross-entropy. `jax.grad` finds both slopes; nothing else differs.

# %% Init
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np


# %% The neuron
def weighted_input(weight, bias, x=1):
    return weight * x + bias


# %% [markdown]
# Both costs are functions of the weighted input z, before the sigmoid: -log(1 - sigmoid(z)) is the softplus of z, which
# no sigmoid rounded to 1 can make infinite.


# %% Two costs
def cost_of(neuron, cost):
    """The cost for the target 0."""
    z = weighted_input(*neuron)
    return jax.nn.sigmoid(z) ** 2 / 2 if cost == "quadratic" else jax.nn.softplus(z)


# %% [markdown]
# A function that gives its new state and what it saw on the way is all that `jax.lax.scan` needs to loop: the 300 steps
# are compiled as one.


# %% Learning
@partial(jax.jit, static_argnames=("steps", "cost"))
def learn(neuron, rate, steps, cost):
    def step(neuron, _):
        slopes = jax.grad(cost_of)(neuron, cost)
        moved = jax.tree.map(lambda number, slope: number - rate * slope, neuron, slopes)
        return moved, jax.nn.sigmoid(weighted_input(*neuron))

    return jax.lax.scan(step, neuron, length=steps + 1)[1]


def outputs(weight, bias, rate, steps, cost):
    """The output before the first step and after each: (steps + 1,)."""
    return np.array(learn((jnp.asarray(weight), jnp.asarray(bias)), rate, steps, cost))


# %% Run
if __name__ == "__main__":
    for cost in ("quadratic", "cross-entropy"):
        found = outputs(2.0, 2.0, rate=0.15, steps=300, cost=cost)
        print(f"{cost}: {found[0]:.3f}, after 50 steps {found[50]:.3f}, below 0.5 at step {np.argmax(found < 0.5)}")
