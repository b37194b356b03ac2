# %% [markdown]
# # A saturated neuron, in TensorFlow
# One neuron with one input learns to answer 0 where the input is 1. Started far off, it hardly moves at first with the
# quadratic cost, and at once with cross-entropy. The tape finds both slopes; nothing else differs.

# %% Init
import numpy as np
import tensorflow as tf


# %% The neuron
def weighted_input(weight, bias, x=1):
    return weight * x + bias


# %% [markdown]
# Both costs are written for the weighted input z, before the sigmoid: TensorFlow's cross-entropy wants these "logits",
# because the logarithm of a sigmoid can be had without rounding the sigmoid to 1 first.


# %% Two costs
def cost_of(z, cost):
    """The cost for the target 0."""
    if cost == "quadratic":
        return tf.sigmoid(z) ** 2 / 2
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.zeros_like(z), logits=z)


# %% Learning
def outputs(weight, bias, rate, steps, cost):
    """The output before the first step and after each: (steps + 1,)."""
    weight, bias = tf.Variable(weight), tf.Variable(bias)
    found = []
    for _ in range(steps + 1):
        with tf.GradientTape() as tape:
            z = weighted_input(weight, bias)
            value = cost_of(z, cost)
        found.append(tf.sigmoid(z))
        by_weight, by_bias = tape.gradient(value, [weight, bias])
        weight.assign_sub(by_weight * rate)
        bias.assign_sub(by_bias * rate)
    return tf.stack(found).numpy()


# %% Run
if __name__ == "__main__":
    for cost in ("quadratic", "cross-entropy"):
        found = outputs(np.array(2.0), np.array(2.0), rate=0.15, steps=300, cost=cost)
        print(f"{cost}: {found[0]:.3f}, after 50 steps {found[50]:.3f}, below 0.5 at step {np.argmax(found < 0.5)}")
