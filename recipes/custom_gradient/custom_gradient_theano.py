# %% [markdown]
# # A gradient of your own, in Theano
# Automatic differentiation gives each operation the derivative of its value. Now and then another one is wanted:
# because the derivative is 0 and nothing would learn, or because a gradient has to be turned round or cut off.

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt
from theano.gradient import disconnected_grad, grad_clip, grad_scale


def value_and_gradient(operation, x, upstream):
    symbol = tt.TensorType(x.dtype, (False,) * x.ndim)("x")
    y = operation(symbol)
    return tuple(theano.function([symbol], [y, tt.Lop(y, symbol, tt.constant(upstream))])(x))


# %% [markdown]
# A rounding's derivative is 0 almost everywhere. The straight-through estimator pretends that it is 1: this is how
# networks with rounded weights are trained.

# In Theano it is a sum: x, plus what is missing, which is disconnected from the gradient.


# %% Rounding that lets gradients through
def round_through(x, upstream):
    def straight(x):
        return x + disconnected_grad(tt.round(x, mode="half_to_even") - x)

    return value_and_gradient(straight, x, upstream)


# %% [markdown]
# Forward nothing happens, backward the sign turns: what is below learns to make worse what is above. Domain-adversarial
# networks do it to forget where an image comes from.

# Theano has this ready-made.


# %% A reversed gradient
def reverse(x, upstream, factor):
    return value_and_gradient(lambda x: grad_scale(x, -factor), x, upstream)


# %% [markdown]
# Forward nothing happens, backward each number is cut off: one wild gradient can't ruin what is below.

# This is ready-made too.


# %% A clipped gradient
def clip_gradient(x, upstream, limit):
    return value_and_gradient(lambda x: grad_clip(x, -limit, limit), x, upstream)


# %% Run
if __name__ == "__main__":
    x, upstream = np.array([0.25, 0.5, 1.5, 2.75], np.float32), np.array([-3, -1, 1, 3], np.float32)
    print("round_through: value {}, gradient {}".format(*round_through(x, upstream)))
    print("reverse:       value {}, gradient {}".format(*reverse(x, upstream, factor=0.5)))
    print("clip_gradient: value {}, gradient {}".format(*clip_gradient(x, upstream, limit=2.0)))
