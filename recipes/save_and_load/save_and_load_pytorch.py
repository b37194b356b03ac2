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

# %% [markdown]
# A network of these weights' sizes and precision, with start weights of its own.


# %% The network
def network(weights):
    layers = nn.Conv2d(1, len(weights[1]), 3), nn.ReLU(), nn.Flatten(), nn.Linear(*weights[2].shape)
    return nn.Sequential(*layers).to(device, torch.as_tensor(weights[1]).dtype)


def logits(network, images):
    return network(torch.as_tensor(images, device=device).permute(0, 3, 1, 2)).detach().cpu().numpy()


# %% [markdown]
# Convolution kernels are (out, in, height, width), dense ones (out, in). Maps are (channels, height, width), and are
# flattened like that: the dense kernel's inputs are in another order. Its rows are (height, width, channels) here, and
# (channels, height, width) there.


# %% Weights in and out
def write(network, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    dense_weight = dense_kernel.reshape(*maps, len(conv_bias), -1).transpose(3, 2, 0, 1).reshape(len(dense_bias), -1)
    arrays = conv_kernel.transpose(3, 2, 0, 1), conv_bias, dense_weight, dense_bias
    network.load_state_dict(dict(zip(network.state_dict(), map(torch.tensor, arrays), strict=True)))
    return network


def read(network, maps):
    conv_weight, conv_bias, dense_weight, dense_bias = (t.cpu().numpy() for t in network.state_dict().values())
    dense_kernel = dense_weight.reshape(-1, len(conv_bias), *maps).transpose(2, 3, 1, 0).reshape(-1, len(dense_bias))
    return conv_weight.transpose(2, 3, 1, 0), conv_bias, dense_kernel, dense_bias


# %% [markdown]
# The `state_dict` holds tensors by name: save that, not the network, which would need its code to be opened again.
# With `weights_only` a stranger's file can hold tensors only, no code. What comes back is a new network, which has read
# the file of one with these weights.


# %% A file
def through_file(maps, weights):
    first, second = write(network(weights), maps, *weights), network(weights)
    with tempfile.TemporaryDirectory() as folder:
        torch.save(first.state_dict(), f"{folder}/weights.pt")
        second.load_state_dict(torch.load(f"{folder}/weights.pt", weights_only=True, map_location=device))
    return second


# %% Round trip
def answers(images, maps, *weights):
    return logits(write(network(weights), maps, *weights), images)


def reloaded(images, maps, *weights):
    return logits(through_file(maps, weights), images)


def round_trip(maps, *weights):
    return read(through_file(maps, weights), maps)


# %% Run
if __name__ == "__main__":
    weights = [np.random.default_rng(1).random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    print("every bit came back:", all(map(np.array_equal, weights, round_trip((4, 3), *weights))))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
