# %% [markdown]
# # Sixteen bits, in JAX
# Half the memory and often twice the speed: networks are trained in sixteen bits. float16 keeps 11 binary digits, but
# nothing above 65,504 and nothing much below 0.0000001; bfloat16 reaches as far as float32, and keeps 8 digits.

# %% Init
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# Both are types like any other: `jnp.bfloat16` comes with JAX.


# %% Rounding
def rounded(x, kind):
    """The nearest number that the kind has, in the precision of x."""
    return np.array(jnp.asarray(x).astype(kind).astype(x.dtype))


# %% [markdown]
# A weight, a gradient and a rate of sixteen bits. What a step takes away is often less than half of a weight's last
# digit: then the weight is rounded back to where it was, in every step.


# %% Weights in sixteen bits
def train(weights, gradients, rate, steps, kind):
    dtype = weights.dtype
    weights, gradients, rate = (jnp.asarray(part).astype(kind) for part in (weights, gradients, rate))
    for _ in range(steps):
        weights = weights - rate * gradients
    return np.array(weights.astype(dtype))


# %% [markdown]
# Two copies mend it: the network computes with sixteen bits, and the steps go to weights that keep all digits.


# %% A master copy
def train_with_master(weights, gradients, rate, steps, kind):
    master = jnp.asarray(weights)
    for _ in range(steps):
        short = jnp.asarray(gradients).astype(kind)  # as computed with master.astype(kind)
        master = master - rate * short.astype(master.dtype)
    return np.array(master)


# %% [markdown]
# Gradients of 1e-8 are 0 in float16. Multiply the loss by 1,024, and all gradients are as much larger while they have
# sixteen bits; divide afterwards.


# %% A scaled loss
def scaled(gradients, scale, kind):
    return np.array((jnp.asarray(gradients) * scale).astype(kind).astype(gradients.dtype) / scale)


# %% Run
if __name__ == "__main__":
    weights, gradients = np.array([0.25, 1, 4], np.float32), np.ones(3, np.float32)
    rate = np.array(1 / 1024, np.float32)
    for kind in ("float16", "bfloat16"):
        print(f"{kind}: 64 steps lead to {train(weights, gradients, rate, 64, kind)},")
        print(f"with a master copy to {train_with_master(weights, gradients, rate, 64, kind)}")
