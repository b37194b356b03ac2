# %% [markdown]
# # A saturated neuron, in NumPy
# One neuron with one input learns to answer 0 where the input is 1. Started far off, it hardly moves at first: its
# sigmoid is flat there, and the quadratic cost multiplies the error with that flat slope. Cross-entropy doesn't.

# %% Init
import numpy as np


# %% The neuron
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# %% [markdown]
# Gradient descent needs the slope of the cost by z, the neuron's weighted input. The chain rule gives
# $a \cdot \sigma'(z)$ for $\frac{1}{2} a^2$, and $\sigma'(z) = a (1 - a)$ is tiny where $a$ is near 1. For
# $-\log(1 - a)$ it gives $\sigma'(z) / (1 - a) = a$: the flat slope is gone.


# %% Two costs
def slope(output, cost):
    """The derivative of the cost by z, for the target 0."""
    return output * output * (1 - output) if cost == "quadratic" else output


# %% Learning
def outputs(weight, bias, rate, steps, cost):
    """The output before the first step and after each: (steps + 1,)."""
    found = []
    for _ in range(steps + 1):
        output = sigmoid(weight * 1 + bias)
        found.append(output)
        step = rate * slope(output, cost)
        weight, bias = weight - step * 1, bias - step  # the weight's slope is multiplied with its input, 1
    return np.array(found)


# %% Run
if __name__ == "__main__":
    for cost in ("quadratic", "cross-entropy"):
        found = outputs(weight=2.0, bias=2.0, rate=0.15, steps=300, cost=cost)
        print(f"{cost}: {found[0]:.3f}, after 50 steps {found[50]:.3f}, below 0.5 at step {np.argmax(found < 0.5)}")
