# %% [markdown]
# # A saturated neuron, in Theano
# One neuron with one input learns to answer 0 where the input is 1. Started far off, it hardly moves at first with the
# quadratic cost, and at once with cross-entropy. `tt.grad` finds both slopes; nothing else differs.

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt


# %% The neuron
def weighted_input(weight, bias, x=1):
    return weight * x + bias


# %% [markdown]
# Both costs are functions of the weighted input z, before the sigmoid: -log(1 - sigmoid(z)) is the softplus of z.
# Theano would find that out by itself, and put the one for the other when it compiles.


# %% Two costs
def cost_of(z, cost):
    """The cost for the target 0."""
    return tt.nnet.sigmoid(z) ** 2 / 2 if cost == "quadratic" else tt.nnet.softplus(z)


# %% [markdown]
# A step is one function: it gives the output and then, as its updates, moves the two shared variables.


# %% Learning
def outputs(weight, bias, rate, steps, cost):
    """The output before the first step and after each: (steps + 1,)."""
    neuron = [theano.shared(weight), theano.shared(bias)]
    z = weighted_input(*neuron)
    updates = [(number, number - rate * tt.grad(cost_of(z, cost), number)) for number in neuron]
    step = theano.function([], tt.nnet.sigmoid(z), updates=updates)
    return np.array([step() for _ in range(steps + 1)])


# %% Run
if __name__ == "__main__":
    for cost in ("quadratic", "cross-entropy"):
        found = outputs(np.array(2.0), np.array(2.0), rate=0.15, steps=300, cost=cost)
        print(f"{cost}: {found[0]:.3f}, after 50 steps {found[50]:.3f}, below 0.5 at step {np.argmax(found < 0.5)}")
