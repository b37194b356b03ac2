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
NAMES = "0.weight", "0.bias", "3.weight", "3.bias"  # by the layer's place

# %% [markdown]
# A new network is made for the sizes and the precision of these tensors, and loads them into its own.


# %% The network
def network(state):
    layers = nn.Conv2d(1, len(state["0.bias"]), 3), nn.ReLU(), nn.Flatten(), nn.Linear(*state["3.weight"].T.shape)
    made = nn.Sequential(*layers).to(state["0.bias"])
    made.load_state_dict(state)
    return made


def logits(network, images):
    return network(torch.as_tensor(images, device=device).permute(0, 3, 1, 2)).detach().cpu().numpy()


# %% [markdown]
# Convolution kernels are (out, in, height, width), dense ones (out, in). Maps are (channels, height, width), and are
# flattened like that: the dense kernel's inputs are in another order. Its rows are (height, width, channels) here, and
# (channels, height, width) there.


# %% Weights in and out
def write(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    dense_weight = dense_kernel.reshape(*maps, len(conv_bias), -1).transpose(3, 2, 0, 1).reshape(len(dense_bias), -1)
    arrays = conv_kernel.transpose(3, 2, 0, 1), conv_bias, dense_weight, dense_bias
    return {name: torch.tensor(array, device=device) for name, array in zip(NAMES, arrays, strict=True)}


def read(network, maps):
    conv_weight, conv_bias, dense_weight, dense_bias = (t.cpu().numpy() for t in network.state_dict().values())
    dense_kernel = dense_weight.reshape(-1, len(conv_bias), *maps).transpose(2, 3, 1, 0).reshape(-1, len(dense_bias))
    return conv_weight.transpose(2, 3, 1, 0), conv_bias, dense_kernel, dense_bias


# %% [markdown]
# The `state_dict` holds tensors by name: save that, not the network, which would need its code to be opened again.
# With `weights_only` a stranger's file can hold tensors only, no code. What comes back is a new network, which has read
# the file of one with these weights.


# %% A file
def through_file(state):
    with tempfile.TemporaryDirectory() as folder:
        torch.save(network(state).state_dict(), f"{folder}/weights.pt")
        return network(torch.load(f"{folder}/weights.pt", weights_only=True, map_location=device))


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(network(write(maps, conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file(write(maps, conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file(write(maps, conv_kernel, conv_bias, dense_kernel, dense_bias)), maps)


# %% Run
if __name__ == "__main__":
    weights = [np.random.default_rng(1).random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    print("every bit came back:", all(map(np.array_equal, weights, round_trip((4, 3), *weights))))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
