# %% [markdown]
# # A gradient of your own, in Keras 2 on Theano
# Automatic differentiation gives each operation the derivative of its value. Now and then another one is wanted:
# because the derivative is 0 and nothing would learn, or because a gradient has to be turned round or cut off.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend
from keras.backend import theano_backend

gradients = theano_backend.theano.gradient  # Keras 2 has no custom gradients: these are Theano's


def value_and_gradient(operation, x, upstream):
    symbol = backend.variable(x, x.dtype)
    y = operation(symbol)
    return backend.eval(y), backend.eval(backend.gradients(backend.sum(y * upstream), symbol))


# %% [markdown]
# A rounding's derivative is 0 almost everywhere. The straight-through estimator pretends that it is 1: this is how
# networks with rounded weights are trained.

# It is a sum: x, plus what is missing, which no gradient goes through.


# %% Rounding that lets gradients through
def round_through(x, upstream):
    return value_and_gradient(lambda x: x + backend.stop_gradient(backend.round(x) - x), x, upstream)  # halves to even


# %% [markdown]
# Forward nothing happens, backward the sign turns: what is below learns to make worse what is above. Domain-adversarial
# networks do it to forget where an image comes from.


# %% A reversed gradient
def reverse(x, upstream, factor):
    return value_and_gradient(lambda x: gradients.grad_scale(x, -factor), x, upstream)


# %% [markdown]
# Forward nothing happens, backward each number is cut off: one wild gradient can't ruin what is below.


# %% A clipped gradient
def clip_gradient(x, upstream, limit):
    return value_and_gradient(lambda x: gradients.grad_clip(x, -limit, limit), x, upstream)


# %% Run
if __name__ == "__main__":
    x, upstream = np.array([0.25, 0.5, 1.5, 2.75], np.float32), np.array([-3, -1, 1, 3], np.float32)
    print("round_through: value {}, gradient {}".format(*round_through(x, upstream)))
    print("reverse:       value {}, gradient {}".format(*reverse(x, upstream, factor=0.5)))
    print("clip_gradient: value {}, gradient {}".format(*clip_gradient(x, upstream, limit=2.0)))
