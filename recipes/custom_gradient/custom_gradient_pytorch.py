# %% [markdown]
# # A gradient of your own, in PyTorch
# Automatic differentiation gives each operation the derivative of its value. Now and then another one is wanted:
# because the derivative is 0 and nothing would learn, or because a gradient has to be turned round or cut off.

# %% Init
import numpy as np
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


def value_and_gradient(operation, x, upstream):
    x = torch.as_tensor(x, device=device).requires_grad_()
    y = operation(x)
    (gradient,) = torch.autograd.grad(y, x, torch.as_tensor(upstream, device=device))
    return y.detach().cpu().numpy(), gradient.cpu().numpy()


# %% [markdown]
# A rounding's derivative is 0 almost everywhere. The straight-through estimator pretends that it is 1: this is how
# networks with rounded weights are trained.

# It is a sum: x, plus what is missing, which no gradient goes through.


# %% Rounding that lets gradients through
def round_through(x, upstream):
    return value_and_gradient(lambda x: x + (x.round() - x).detach(), x, upstream)  # halves to even


# %% [markdown]
# Forward nothing happens, backward the sign turns: what is below learns to make worse what is above. Domain-adversarial
# networks do it to forget where an image comes from.

# A `Function` has two static methods. `backward` gives one gradient for each argument of `forward`, `None` where there
# is none; `ctx` carries what it needs from one to the other.


# %% A reversed gradient
class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.view_as(x)  # not x itself: that would be taken for an operation that did nothing

    @staticmethod
    def backward(ctx, upstream):
        return -ctx.factor * upstream, None


def reverse(x, upstream, factor):
    return value_and_gradient(lambda x: Reverse.apply(x, factor), x, upstream)


# %% [markdown]
# Forward nothing happens, backward each number is cut off: one wild gradient can't ruin what is below.

# For so little a hook on the tensor is enough.


# %% A clipped gradient
def clip_gradient(x, upstream, limit):
    def clipped(x):
        y = x.view_as(x)
        y.register_hook(lambda gradient: gradient.clamp(-limit, limit))
        return y

    return value_and_gradient(clipped, x, upstream)


# %% Run
if __name__ == "__main__":
    x, upstream = np.array([0.25, 0.5, 1.5, 2.75], np.float32), np.array([-3, -1, 1, 3], np.float32)
    print("round_through: value {}, gradient {}".format(*round_through(x, upstream)))
    print("reverse:       value {}, gradient {}".format(*reverse(x, upstream, factor=0.5)))
    print("clip_gradient: value {}, gradient {}".format(*clip_gradient(x, upstream, limit=2.0)))
