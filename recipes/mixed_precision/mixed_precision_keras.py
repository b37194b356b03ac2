# %% [markdown]
# # Sixteen bits, in Keras
# Half the memory and often twice the speed: networks are trained in sixteen bits. float16 keeps 11 binary digits, but
# nothing above 65,504 and nothing much below 0.0000001; bfloat16 reaches as far as float32, and keeps 8 digits.

# %% Init
import numpy as np
from keras import ops

# %% [markdown]
# Both are types like any other. The policy "mixed_bfloat16" lets every layer compute in sixteen bits and keep a master
# copy of its weights; here every conversion is written down.


# %% Rounding
def rounded(x, kind):
    """The nearest number that the kind has, in the precision of x."""
    return ops.convert_to_numpy(ops.cast(ops.cast(ops.convert_to_tensor(x), kind), str(x.dtype)))


# %% [markdown]
# A weight, a gradient and a rate of sixteen bits. What a step takes away is often less than half of a weight's last
# digit: then the weight is rounded back to where it was, in every step.


# %% Weights in sixteen bits
def train(weights, gradients, rate, steps, kind):
    dtype = str(weights.dtype)
    weights, gradients, rate = (ops.cast(ops.convert_to_tensor(part), kind) for part in (weights, gradients, rate))
    for _ in range(steps):
        weights = weights - rate * gradients
    return ops.convert_to_numpy(ops.cast(weights, dtype))


# %% [markdown]
# Two copies mend it: the network computes with sixteen bits, and the steps go to weights that keep all digits.


# %% A master copy
def train_with_master(weights, gradients, rate, steps, kind):
    master, gradients, rate = (ops.convert_to_tensor(part) for part in (weights, gradients, rate))
    for _ in range(steps):
        short = ops.cast(gradients, kind)  # as computed with ops.cast(master, kind)
        master = master - rate * ops.cast(short, str(weights.dtype))
    return ops.convert_to_numpy(master)


# %% [markdown]
# Gradients of 1e-8 are 0 in float16. Multiply the loss by 1,024, and all gradients are as much larger while they have
# sixteen bits; divide afterwards.

# `keras.optimizers.LossScaleOptimizer` does it, and looks for a scale.


# %% A scaled loss
def scaled(gradients, scale, kind):
    large = ops.convert_to_tensor(gradients) * ops.convert_to_tensor(scale)
    return ops.convert_to_numpy(ops.cast(ops.cast(large, kind), str(gradients.dtype)) / ops.convert_to_tensor(scale))


# %% Run
if __name__ == "__main__":
    weights, gradients = np.array([0.25, 1, 4], np.float32), np.ones(3, np.float32)
    rate = np.array(1 / 1024, np.float32)
    for kind in ("float16", "bfloat16"):
        print(f"{kind}: 64 steps lead to {train(weights, gradients, rate, 64, kind)},")
        print(f"with a master copy to {train_with_master(weights, gradients, rate, 64, kind)}")
