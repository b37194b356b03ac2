# %% [markdown]
# # A gradient of your own, in NumPy
# Automatic differentiation gives each operation the derivative of its value. Now and then another one is wanted:
# because the derivative is 0 and nothing would learn, or because a gradient has to be turned round or cut off.

# %% Init
import numpy as np

# %% [markdown]
# NumPy has no gradients, so each is one's own anyway: a function gives its value, and what it makes of the gradient
# that comes from above.

# %% [markdown]
# A rounding's derivative is 0 almost everywhere. The straight-through estimator pretends that it is 1: this is how
# networks with rounded weights are trained.


# %% Rounding that lets gradients through
def round_through(x, upstream):
    """Gives the value, and the gradient by x."""
    return np.round(x), upstream  # to the even neighbour where there are two


# %% [markdown]
# Forward nothing happens, backward the sign turns: what is below learns to make worse what is above. Domain-adversarial
# networks do it to forget where an image comes from.


# %% A reversed gradient
def reverse(x, upstream, factor):
    return x, -factor * upstream


# %% [markdown]
# Forward nothing happens, backward each number is cut off: one wild gradient can't ruin what is below.


# %% A clipped gradient
def clip_gradient(x, upstream, limit):
    return x, np.clip(upstream, -limit, limit)


# %% Run
if __name__ == "__main__":
    x, upstream = np.array([0.25, 0.5, 1.5, 2.75], np.float32), np.array([-3, -1, 1, 3], np.float32)
    print("round_through: value {}, gradient {}".format(*round_through(x, upstream)))
    print("reverse:       value {}, gradient {}".format(*reverse(x, upstream, factor=0.5)))
    print("clip_gradient: value {}, gradient {}".format(*clip_gradient(x, upstream, limit=2.0)))
