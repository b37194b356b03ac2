# %% [markdown]
# # Save and load, in PyTorch
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile

import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% The network
def network(weights):
    """A new one of these weights' sizes and precision, with start weights of its own."""
    filters, (flat, classes) = len(weights[1]), weights[2].shape
    layers = nn.Conv2d(1, filters, 3), nn.ReLU(), nn.Flatten(), nn.Linear(flat, classes)
    return nn.Sequential(*layers).to(device, torch.as_tensor(weights[1]).dtype)


@torch.no_grad()
def logits(network, images):
    return network(torch.as_tensor(images, device=device).permute(0, 3, 1, 2)).cpu().numpy()


# %% [markdown]
# Convolution kernels are (out, in, height, width), dense ones (out, in). Maps are (channels, height, width), and are
# flattened like that: the dense kernel's inputs are in another order.


# %% Weights in and out
def write(network, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    by_place = dense_kernel.reshape(*maps, len(conv_bias), -1)  # (height, width, channels, out)
    dense_weight = by_place.transpose(3, 2, 0, 1).reshape(len(dense_bias), -1)
    arrays = conv_kernel.transpose(3, 2, 0, 1), conv_bias, dense_weight, dense_bias
    network.load_state_dict(dict(zip(network.state_dict(), map(torch.tensor, arrays), strict=True)))
    return network


def read(network, maps):
    conv_weight, conv_bias, dense_weight, dense_bias = (t.cpu().numpy() for t in network.state_dict().values())
    by_place = dense_weight.reshape(len(dense_bias), len(conv_bias), *maps)  # (out, channels, height, width)
    dense_kernel = by_place.transpose(2, 3, 1, 0).reshape(-1, len(dense_bias))
    return conv_weight.transpose(2, 3, 1, 0), conv_bias, dense_kernel, dense_bias


# %% [markdown]
# The `state_dict` holds tensors by name: save that, not the network, which would need its code to be opened again.
# With `weights_only` a stranger's file can hold tensors only, no code.


# %% A file
def through_file(maps, weights):
    """A new network that has read the file of one with these weights."""
    first, second = write(network(weights), maps, *weights), network(weights)
    with tempfile.TemporaryDirectory() as folder:
        torch.save(first.state_dict(), f"{folder}/weights.pt")
        second.load_state_dict(torch.load(f"{folder}/weights.pt", weights_only=True, map_location=device))
    return second


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    return logits(write(network(weights), maps, *weights), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), maps)


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    shapes = {"conv_kernel": (3, 3, 1, 2), "conv_bias": (2,), "dense_kernel": (24, 5), "dense_bias": (5,)}
    weights = {name: random.random(shape, np.float32) for name, shape in shapes.items()}
    back = round_trip((4, 3), **weights)
    print("every bit came back:", all(np.array_equal(a, b) for a, b in zip(weights.values(), back, strict=True)))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), **weights))
