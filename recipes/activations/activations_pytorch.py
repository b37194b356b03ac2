# %% [markdown]
# # Activation functions, in PyTorch
# An activation function bends what a neuron has added up: without it, a stack of layers is one layer. On the way back,
# each gradient is multiplied by its slope.

# %% Init
import numpy as np
import torch
from torch.nn import functional

device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
# All of them are ready-made. GELU exists twice: exact by default, and the tanh form that GPT-2 was trained with.

# %% Activations
ACTIVATIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,  # 0.01 below 0
    "elu": functional.elu,
    "selu": functional.selu,
    "softplus": functional.softplus,
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
}

# %% [markdown]
# Each value depends on its own number alone, so the gradient of their sum holds each one's slope.


# %% Values and slopes
def values(name, x):
    return ACTIVATIONS[name](torch.as_tensor(x, device=device)).cpu().numpy()


def slopes(name, x):
    x = torch.as_tensor(x, device=device).requires_grad_()
    (gradient,) = torch.autograd.grad(ACTIVATIONS[name](x).sum(), x)
    return gradient.cpu().numpy()


# %% Run
if __name__ == "__main__":
    points = np.array([-3, -1, 1, 3], np.float32)
    for activation in ACTIVATIONS:
        print(f"{activation:10}", values(activation, points).round(4), "slopes", slopes(activation, points).round(4))
