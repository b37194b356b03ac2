# %% [markdown]
# # Sixteen bits, in NumPy
# Half the memory and often twice the speed: networks are trained in sixteen bits. float16 keeps 11 binary digits, but
# nothing above 65,504 and nothing much below 0.0000001; bfloat16 reaches as far as float32, and keeps 8 digits.

# %% Init
import numpy as np

# %% [markdown]
# NumPy has float16, but no bfloat16. That is the upper half of a float32: cut off the lower half, and round.


# %% Rounding
def rounded(x, kind):
    """The nearest number that the kind has, in the precision of x."""
    if kind == "float16":
        with np.errstate(over="ignore"):
            return x.astype(np.float16).astype(x.dtype)
    bits = x.astype(np.float32).view(np.uint32)
    bits = bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000  # up if above the middle, and in the middle if odd
    return bits.astype(np.uint32).view(np.float32).astype(x.dtype)


# %% [markdown]
# A weight, a gradient and a rate of sixteen bits. What a step takes away is often less than half of a weight's last
# digit: then the weight is rounded back to where it was, in every step.


# %% Weights in sixteen bits
def train(weights, gradients, rate, steps, kind):
    weights, update = rounded(weights, kind), rounded(rounded(gradients, kind) * rounded(rate, kind), kind)
    for _ in range(steps):
        weights = rounded(weights - update, kind)
    return weights


# %% [markdown]
# Two copies mend it: the network computes with sixteen bits, and the steps go to weights that keep all digits.


# %% A master copy
def train_with_master(weights, gradients, rate, steps, kind):
    for _ in range(steps):
        weights = weights - rate * rounded(gradients, kind)  # as computed with rounded(weights, kind)
    return weights


# %% [markdown]
# Gradients of 1e-8 are 0 in float16. Multiply the loss by 1,024, and all gradients are as much larger while they have
# sixteen bits; divide afterwards.


# %% A scaled loss
def scaled(gradients, scale, kind):
    return rounded(gradients * scale, kind) / scale


# %% Run
if __name__ == "__main__":
    weights, gradients = np.array([0.25, 1, 4], np.float32), np.ones(3, np.float32)
    rate = np.array(1 / 1024, np.float32)
    for kind in ("float16", "bfloat16"):
        print(f"{kind}: 64 steps lead to {train(weights, gradients, rate, 64, kind)},")
        print(f"with a master copy to {train_with_master(weights, gradients, rate, 64, kind)}")
