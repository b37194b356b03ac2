# %% [markdown]
# # Save and load, in Theano
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import os
import tempfile

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt

# %% [markdown]
# A network is its four shared variables.


# %% The network
def logits(network, images):
    conv_kernel, conv_bias, dense_kernel, dense_bias = network
    maps = tt.nnet.conv2d(tt.constant(images.transpose(0, 3, 1, 2)), conv_kernel, filter_flip=False)
    flat = tt.maximum(maps + conv_bias.dimshuffle("x", 0, "x", "x"), 0).flatten(2)
    return (tt.dot(flat, dense_kernel) + dense_bias).eval()


# %% [markdown]
# Convolution kernels are (out, in, height, width), dense ones (in, out). Maps are (channels, height, width), and are
# flattened like that: the dense kernel's rows are in another order.


# %% Weights in and out
def write(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    by_place = dense_kernel.reshape(*maps, len(conv_bias), -1)  # (height, width, channels, out)
    rows = by_place.transpose(2, 0, 1, 3).reshape(dense_kernel.shape)
    return [theano.shared(array) for array in (conv_kernel.transpose(3, 2, 0, 1), conv_bias, rows, dense_bias)]


def read(network, maps):
    kernel, conv_bias, rows, dense_bias = (variable.get_value() for variable in network)
    by_place = rows.reshape(len(conv_bias), *maps, -1)  # (channels, height, width, out)
    return kernel.transpose(2, 3, 1, 0), conv_bias, by_place.transpose(1, 2, 0, 3).reshape(rows.shape), dense_bias


# %% [markdown]
# Theano has no format of its own: shared variables can be pickled, but arrays outlive any version of a library. What
# comes back is a new network, read from the file of one with these weights.


# %% A file
def through_file(maps, weights):
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/weights.npz", *(variable.get_value() for variable in write(maps, *weights)))
        with np.load(f"{folder}/weights.npz") as arrays:
            return [theano.shared(arrays[name]) for name in arrays.files]


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(write(maps, conv_kernel, conv_bias, dense_kernel, dense_bias), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), maps)


# %% Run
if __name__ == "__main__":
    weights = [np.random.default_rng(1).random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    print("every bit came back:", all(map(np.array_equal, weights, round_trip((4, 3), *weights))))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
