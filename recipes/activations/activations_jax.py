# %% [markdown]
# # Activation functions, in JAX
# An activation function bends what a neuron has added up: without it, a stack of layers is one layer. On the way back,
# each gradient is multiplied by its slope.

# %% Init
import jax
import jax.numpy as jnp
import numpy as np

# %% [markdown]
# All of them are ready-made in `jax.nn`. But GELU is the tanh form there by default: ask for the exact one.

# %% Activations
ACTIVATIONS = {
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,  # 0.01 below 0
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "softplus": jax.nn.softplus,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "gelu_tanh": jax.nn.gelu,
    "silu": jax.nn.silu,
}

# %% [markdown]
# `grad` differentiates a function of one number, and `vmap` does it for all of them.


# %% Values and slopes
def values(name, x):
    return np.array(ACTIVATIONS[name](x))


def slopes(name, x):
    return np.array(jax.vmap(jax.grad(ACTIVATIONS[name]))(x))


# %% Run
if __name__ == "__main__":
    points = np.array([-3, -1, 1, 3], np.float32)
    for activation in ACTIVATIONS:
        print(f"{activation:10}", values(activation, points).round(4), "slopes", slopes(activation, points).round(4))
