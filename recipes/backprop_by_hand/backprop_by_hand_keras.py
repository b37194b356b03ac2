# %% [markdown]
# # Backpropagation by hand, in Keras
# Keras leaves gradients to its backend: `fit` asks TensorFlow, JAX or PyTorch for them. Whoever wants the gradient
# itself asks the backend, too. By hand, `keras.ops` does on all three.

# %% Init
import numpy as np
from keras import config, ops, tree


# %% Forward
def network(x, y, w1, b1, w2, b2):
    """x (N, in), y (N, out): the hidden layer (N, hidden), the output (N, out), the mean cost."""
    hidden = ops.sigmoid(x @ w1 + b1)
    output = ops.sigmoid(hidden @ w2 + b2)
    return hidden, output, ops.sum((output - y) ** 2) / 2 / len(x)


def forward(x, y, w1, b1, w2, b2):
    return tree.map_structure(ops.convert_to_numpy, network(*map(ops.convert_to_tensor, (x, y, w1, b1, w2, b2))))


# %% [markdown]
# A sigmoid's slope is a(1 - a): its own output is all it takes. A weight's derivative is what came in through it times
# the derivative by the neuron's input z, summed over the examples: a matrix product.


# %% Backward by hand
def gradients_by_hand(x, y, w1, b1, w2, b2):
    x, y, w1, b1, w2, b2 = tree.map_structure(ops.convert_to_tensor, (x, y, w1, b1, w2, b2))
    hidden, output, _ = network(x, y, w1, b1, w2, b2)
    by_z2 = (output - y) / len(x) * output * (1 - output)  # (N, out)
    by_z1 = by_z2 @ ops.transpose(w2) * hidden * (1 - hidden)  # (N, hidden)
    by_w1, by_w2 = ops.transpose(x) @ by_z1, ops.transpose(hidden) @ by_z2
    return tree.map_structure(ops.convert_to_numpy, (by_w1, ops.sum(by_z1, axis=0), by_w2, ops.sum(by_z2, axis=0)))


# %% Backward with the framework
def gradients_by_framework(x, y, w1, b1, w2, b2):
    x, y, *weights = tree.map_structure(ops.convert_to_tensor, (x, y, w1, b1, w2, b2))
    if config.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(weights)
            _, _, cost = network(x, y, *weights)
        return tuple(gradient.numpy() for gradient in tape.gradient(cost, weights))
    if config.backend() == "jax":
        from jax import grad
    else:
        from torch.func import grad
    gradients = grad(lambda weights: network(x, y, *weights)[2])(weights)
    return tuple(ops.convert_to_numpy(gradient) for gradient in gradients)


# %% Run
if __name__ == "__main__":
    x, y, b1, b2 = np.array([[0.05, 0.1]]), np.array([[0.01, 0.99]]), np.full(2, 0.35), np.full(2, 0.6)
    w1, w2 = np.array([[0.15, 0.25], [0.2, 0.3]]), np.array([[0.4, 0.5], [0.45, 0.55]])
    for by in (gradients_by_hand, gradients_by_framework):
        print(f"{by.__name__}, of w2:\n{by(x, y, w1, b1, w2, b2)[2]}")
