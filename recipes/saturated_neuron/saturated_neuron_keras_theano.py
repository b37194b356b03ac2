# %% [markdown]
# # A saturated neuron, in Keras 2 on Theano
# One neuron with one input learns to answer 0 where the input is 1. Started far off, it hardly moves at first with the
# quadratic cost, and at once with cross-entropy. Keras takes the cost as a function and finds its slope.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import SGD


# %% The neuron
def neuron(weight, bias):
    """A dense layer of one. Its weights are given as arrays, kernel first."""
    start = [np.reshape(weight, (1, 1)), np.reshape(bias, (1,))]
    return Sequential([Dense(1, activation="sigmoid", input_dim=1, weights=start)])


# %% [markdown]
# Both costs get the output, after the sigmoid. Keras keeps it 1e-7 away from 0 and 1 before it takes the logarithm.

# %% Two costs
COSTS = {
    "quadratic": lambda target, output: backend.square(output - target) / 2,
    "cross-entropy": "binary_crossentropy",
}


# %% Learning
def outputs(weight, bias, rate, steps, cost):
    """The output before the first step and after each: (steps + 1,)."""
    x, target = np.ones((1, 1)), np.zeros((1, 1))
    model = neuron(weight, bias)
    model.compile(optimizer=SGD(lr=float(rate)), loss=COSTS[cost])
    found = []
    for _ in range(steps + 1):
        found.append(model.predict_on_batch(x)[0, 0])
        model.train_on_batch(x, target)
    return np.array(found)


# %% Run
if __name__ == "__main__":
    for cost in ("quadratic", "cross-entropy"):
        found = outputs(weight=2.0, bias=2.0, rate=0.15, steps=300, cost=cost)
        print(f"{cost}: {found[0]:.3f}, after 50 steps {found[50]:.3f}, below 0.5 at step {np.argmax(found < 0.5)}")
