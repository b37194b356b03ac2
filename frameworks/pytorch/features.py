"""PyTorch: layers, losses and optimisers are there; the training loop is one's own."""

import torch
from torch import nn
from torch.nn import functional

# ---- Layers


def _channels_first(x):
    """PyTorch has the channels right after the batch."""
    return torch.from_numpy(x).movedim(-1, 1)


def _kernel(kernel):
    """PyTorch's kernels are (out, in, height, width)."""
    return torch.from_numpy(kernel).movedim((-1, -2), (0, 1))


def dense(x, kernel, bias):
    """`torch.nn.functional.linear`: the weight is (out, in); torch.nn.Linear owns one."""
    x, kernel, bias = map(torch.from_numpy, (x, kernel, bias))
    return functional.linear(x, kernel.mT, bias)


def conv_1d(x, kernel, bias):
    """`torch.nn.functional.conv1d`: x is (N, channels, width), the kernel (out, in, width)."""
    return functional.conv1d(_channels_first(x), _kernel(kernel), torch.from_numpy(bias)).movedim(1, -1)


def conv_2d(x, kernel, bias):
    """`torch.nn.functional.conv2d`: x is (N, channels, height, width), the kernel (out, in, height, width)."""
    return functional.conv2d(_channels_first(x), _kernel(kernel), torch.from_numpy(bias)).movedim(1, -1)


def conv_3d(x, kernel, bias):
    """`torch.nn.functional.conv3d`: x is (N, channels, depth, height, width)."""
    return functional.conv3d(_channels_first(x), _kernel(kernel), torch.from_numpy(bias)).movedim(1, -1)


def conv_transposed(x, kernel, stride):
    """`torch.nn.functional.conv_transpose2d`: the kernel is (in, out, height, width) here."""
    kernel = torch.from_numpy(kernel).movedim((-2, -1), (0, 1))
    return functional.conv_transpose2d(_channels_first(x), kernel, stride=stride).movedim(1, -1)


def conv_depthwise(x, kernel):
    """`torch.nn.functional.conv2d(groups=)`: as many groups as channels."""
    kernel = _kernel(kernel[:, :, None])
    return functional.conv2d(_channels_first(x), kernel, groups=len(kernel)).movedim(1, -1)


def conv_separable(x, depthwise, pointwise):
    """Two convolutions, the first in groups; no layer holds both."""
    depthwise, pointwise = _kernel(depthwise[:, :, None]), _kernel(pointwise[None, None])
    hidden = functional.conv2d(_channels_first(x), depthwise, groups=len(depthwise))
    return functional.conv2d(hidden, pointwise).movedim(1, -1)


def conv_dilated(x, kernel, dilation):
    """`torch.nn.functional.conv2d(dilation=)`: an option of every convolution."""
    return functional.conv2d(_channels_first(x), _kernel(kernel), dilation=dilation).movedim(1, -1)


def conv_grouped(x, kernel, groups):
    """`torch.nn.functional.conv2d(groups=)`: an option of every convolution."""
    return functional.conv2d(_channels_first(x), _kernel(kernel), groups=groups).movedim(1, -1)


def max_pooling(x, size):
    """`torch.nn.functional.max_pool2d`: the stride is the window's size unless it is given."""
    return functional.max_pool2d(_channels_first(x), size).movedim(1, -1)


def average_pooling(x, size):
    """`torch.nn.functional.avg_pool2d`: padding counts as zeros unless count_include_pad=False."""
    return functional.avg_pool2d(_channels_first(x), size).movedim(1, -1)


def global_pooling(x):
    """`torch.nn.functional.adaptive_avg_pool2d`: to one pixel; or plainly x.mean((2, 3))."""
    return functional.adaptive_avg_pool2d(_channels_first(x), 1).flatten(1)


def adaptive_pooling(x, size):
    """`torch.nn.functional.adaptive_avg_pool2d`: the windows overlap where the sizes don't divide."""
    return functional.adaptive_avg_pool2d(_channels_first(x), size).movedim(1, -1)


def batch_norm(x, scale, shift, epsilon):
    """`torch.nn.functional.batch_norm`: torch.nn.BatchNorm2d keeps the running statistics too."""
    scale, shift = torch.from_numpy(scale), torch.from_numpy(shift)
    result = functional.batch_norm(_channels_first(x), None, None, scale, shift, training=True, eps=epsilon)
    return result.movedim(1, -1)


def layer_norm(x, scale, shift, epsilon):
    """`torch.nn.functional.layer_norm`: over the last axes, whose sizes are given."""
    x, scale, shift = map(torch.from_numpy, (x, scale, shift))
    return functional.layer_norm(x, scale.shape, scale, shift, epsilon)


def group_norm(x, scale, shift, groups, epsilon):
    """`torch.nn.functional.group_norm`: neighbouring channels form a group."""
    scale, shift = torch.from_numpy(scale), torch.from_numpy(shift)
    return functional.group_norm(_channels_first(x), groups, scale, shift, epsilon).movedim(1, -1)


def embedding(table, indices):
    """`torch.nn.functional.embedding`: with sparse=True its gradient is sparse."""
    return functional.embedding(torch.from_numpy(indices), torch.from_numpy(table))


def lstm(x, kernel, recurrent, bias):
    """`torch.nn.LSTM`: has two biases, which only add up; batches come second unless batch_first=True."""
    layer = nn.LSTM(kernel.shape[1], kernel.shape[2], batch_first=True)
    kernel, recurrent, bias = map(torch.from_numpy, (kernel, recurrent, bias))
    weights = {"weight_ih_l0": kernel.mT.flatten(0, 1), "weight_hh_l0": recurrent.mT.flatten(0, 1)}
    biases = {"bias_ih_l0": bias.flatten(), "bias_hh_l0": torch.zeros(bias.numel())}
    layer.load_state_dict(weights | biases)
    return layer(torch.from_numpy(x))[0]


def gru(x, kernel, recurrent, bias, recurrent_bias):
    """`torch.nn.GRU`: as in cuDNN, the reset gate comes after the recurrent product."""
    layer = nn.GRU(kernel.shape[1], kernel.shape[2], batch_first=True)
    x, kernel, recurrent, bias, recurrent_bias = map(torch.from_numpy, (x, kernel, recurrent, bias, recurrent_bias))
    weights = {"weight_ih_l0": kernel.mT.flatten(0, 1), "weight_hh_l0": recurrent.mT.flatten(0, 1)}
    biases = {"bias_ih_l0": bias.flatten(), "bias_hh_l0": recurrent_bias.flatten()}
    layer.load_state_dict(weights | biases)
    return layer(x)[0]


def multi_head_attention(x, query, key, value, output, heads):
    """`torch.nn.MultiheadAttention`: batches come second unless batch_first=True."""
    x, query, key, value, output = map(torch.from_numpy, (x, query, key, value, output))
    layer = nn.MultiheadAttention(x.shape[-1], heads, bias=False, batch_first=True)
    layer.load_state_dict({"in_proj_weight": torch.hstack([query, key, value]).mT, "out_proj.weight": output.mT})
    return layer(x, x, x, need_weights=False)[0]


def residual_block(x, first, second):
    """Two convolutions and an addition."""
    x, first, second = _channels_first(x), _kernel(first), _kernel(second)
    hidden = functional.relu(functional.conv2d(x, first, padding="same"))
    return functional.relu(x + functional.conv2d(hidden, second, padding="same")).movedim(1, -1)


def inception_block(x, one, three, five):
    """Three convolutions and a pooling, joined along the channels."""
    x = _channels_first(x)
    branches = [functional.conv2d(x, _kernel(kernel), padding="same") for kernel in (one, three, five)]
    branches.append(functional.max_pool2d(x, 3, stride=1, padding=1))
    return torch.cat(branches, dim=1).movedim(1, -1)


def upsampling(x, factor):
    """`torch.nn.functional.interpolate`: nearest, bilinear, bicubic and more."""
    return functional.interpolate(_channels_first(x), scale_factor=factor, mode="nearest").movedim(1, -1)
