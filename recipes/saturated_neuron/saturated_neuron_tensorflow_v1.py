# %% [markdown]
# # A saturated neuron, in TensorFlow 1
# One neuron with one input learns to answer 0 where the input is 1. Started far off, it hardly moves at first with the
# quadratic cost, and at once with cross-entropy. The optimiser adds the slopes to the graph.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


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


# %% [markdown]
# The output is read in a run of its own. Asked for together with the step, it could be the one before or after.


# %% Learning
def outputs(weight, bias, rate, steps, cost):
    """The output before the first step and after each: (steps + 1,). A Python float as rate would become float32."""
    with tf.Graph().as_default(), tf.Session() as session:
        z = weighted_input(tf.Variable(weight), tf.Variable(bias))
        output, step = tf.sigmoid(z), tf.train.GradientDescentOptimizer(rate).minimize(cost_of(z, cost))
        session.run(tf.global_variables_initializer())
        found = []
        for _ in range(steps + 1):
            found.append(session.run(output))
            session.run(step)
    return np.array(found)


# %% Run
if __name__ == "__main__":
    for cost in ("quadratic", "cross-entropy"):
        found = outputs(weight=2.0, bias=2.0, rate=0.15, steps=300, cost=cost)
        print(f"{cost}: {found[0]:.3f}, after 50 steps {found[50]:.3f}, below 0.5 at step {np.argmax(found < 0.5)}")
