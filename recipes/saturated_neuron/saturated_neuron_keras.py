# %% [markdown]
# # A saturated neuron, in Keras
# One neuron with one input learns to answer 0 where the input is 1. Started far off, it hardly moves at first with the
# quadratic cost, and at once with cross-entropy. Keras takes the cost as a function and finds its slope.

# %% Init
import keras
import numpy as np
from keras import ops


# %% The neuron
class Neuron(keras.layers.Layer):
    def __init__(self, weight, bias):
        super().__init__()
        self.weight = self.add_weight(shape=(), initializer=keras.initializers.Constant(weight))
        self.bias = self.add_weight(shape=(), initializer=keras.initializers.Constant(bias))

    def call(self, x):
        return self.weight * x + self.bias


# %% [markdown]
# Both costs get the weighted input z, before the sigmoid: Keras calls these logits and wants to be told, because the
# logarithm of a sigmoid can be had without rounding the sigmoid to 1 first.

# %% Two costs
COSTS = {
    "quadratic": lambda target, z: (ops.sigmoid(z) - target) ** 2 / 2,
    "cross-entropy": keras.losses.BinaryCrossentropy(from_logits=True),
}


# %% Learning
def outputs(weight, bias, rate, steps, cost):
    """The output before the first step and after each: (steps + 1,)."""
    x, target = np.ones((1, 1), keras.config.floatx()), np.zeros((1, 1), keras.config.floatx())
    model = keras.Sequential([keras.Input((1,)), Neuron(weight, bias)])
    model.compile(optimizer=keras.optimizers.SGD(float(rate)), loss=COSTS[cost])
    found = []
    for _ in range(steps + 1):
        found.append(ops.convert_to_numpy(ops.sigmoid(model(x)))[0, 0])
        model.train_on_batch(x, target)
    return np.array(found)


# %% Run
if __name__ == "__main__":
    for cost in ("quadratic", "cross-entropy"):
        found = outputs(weight=2.0, bias=2.0, rate=0.15, steps=300, cost=cost)
        print(f"{cost}: {found[0]:.3f}, after 50 steps {found[50]:.3f}, below 0.5 at step {np.argmax(found < 0.5)}")
