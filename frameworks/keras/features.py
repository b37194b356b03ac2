"""Keras 3: one column for TensorFlow, JAX and PyTorch. Only where the backends differ has a variant its own function."""

import keras
import numpy as np
from keras import layers, ops

# ---- Layers


def _apply(layer, x, *weights):
    """A layer makes its weights once it knows its input's shape; from then on they can be set."""
    layer.build(x.shape)
    layer.set_weights(weights)
    return layer(x)


def dense(x, kernel, bias):
    """`keras.layers.Dense`: the number of inputs is found at the first call."""
    return _apply(layers.Dense(len(bias)), x, kernel, bias)


def conv_1d(x, kernel, bias):
    """`keras.layers.Conv1D`: channels last unless one asks for channels first."""
    return _apply(layers.Conv1D(len(bias), len(kernel)), x, kernel, bias)


def conv_2d(x, kernel, bias):
    """`keras.layers.Conv2D`: channels last on every backend."""
    return _apply(layers.Conv2D(len(bias), kernel.shape[:2]), x, kernel, bias)


def conv_3d(x, kernel, bias):
    """`keras.layers.Conv3D`: as the others, with a depth."""
    return _apply(layers.Conv3D(len(bias), kernel.shape[:3]), x, kernel, bias)


def conv_transposed(x, kernel, stride):
    """`keras.layers.Conv2DTranspose`: its kernel is (height, width, out, in)."""
    kernel = kernel.transpose(0, 1, 3, 2)
    return _apply(layers.Conv2DTranspose(kernel.shape[2], kernel.shape[:2], stride, use_bias=False), x, kernel)


def conv_depthwise(x, kernel):
    """`keras.layers.DepthwiseConv2D`: there may be several filters for each channel, as the kernel's last axis."""
    return _apply(layers.DepthwiseConv2D(kernel.shape[:2], use_bias=False), x, kernel[..., None])


def conv_separable(x, depthwise, pointwise):
    """`keras.layers.SeparableConv2D`: both convolutions are one layer."""
    layer = layers.SeparableConv2D(pointwise.shape[1], depthwise.shape[:2], use_bias=False)
    return _apply(layer, x, depthwise[..., None], pointwise[None, None])


def conv_dilated(x, kernel, dilation):
    """`keras.layers.Conv2D(dilation_rate=)`: not together with strides."""
    return _apply(layers.Conv2D(kernel.shape[3], 3, dilation_rate=dilation, use_bias=False), x, kernel)


def conv_grouped(x, kernel, groups):
    """`keras.layers.Conv2D(groups=)`: each group sees its share of the channels."""
    return _apply(layers.Conv2D(kernel.shape[3], 3, groups=groups, use_bias=False), x, kernel)


def max_pooling(x, size):
    """`keras.layers.MaxPooling2D`: the strides are the size unless they are given."""
    return layers.MaxPooling2D(size)(x)


def average_pooling(x, size):
    """`keras.layers.AveragePooling2D`: the strides are the size unless they are given."""
    return layers.AveragePooling2D(size)(x)


def global_pooling(x):
    """`keras.layers.GlobalAveragePooling2D`: keepdims=True keeps the two axes."""
    return layers.GlobalAveragePooling2D()(x)


def adaptive_pooling(x, size):
    """`keras.layers.AdaptiveAveragePooling2D`: for 1, 2 and 3 dimensions, and as a maximum too."""
    return layers.AdaptiveAveragePooling2D(size)(x)


def batch_norm(x, scale, shift, epsilon):
    """`keras.layers.BatchNormalization`: only training=True takes the batch's own statistics; fit says so by itself."""
    layer = layers.BatchNormalization(epsilon=epsilon)
    layer.build(x.shape)
    layer.set_weights([scale, shift, *layer.get_weights()[2:]])  # the rest: the running mean and variance
    return layer(x, training=True)


def layer_norm(x, scale, shift, epsilon):
    """`keras.layers.LayerNormalization`: over the last axis unless others are named."""
    return _apply(layers.LayerNormalization(epsilon=epsilon), x, scale, shift)


def group_norm(x, scale, shift, groups, epsilon):
    """`keras.layers.GroupNormalization`: 32 groups unless told otherwise, -1 for one to each channel."""
    return _apply(layers.GroupNormalization(groups, epsilon=epsilon), x, scale, shift)


def embedding(table, indices):
    """`keras.layers.Embedding`: can also mask padding, and be quantised."""
    return layers.Embedding(*table.shape, weights=[table])(indices)


def lstm(x, kernel, recurrent, bias):
    """`keras.layers.LSTM`: the gates' weights lie side by side: input, forget, cell, output."""
    layer = layers.LSTM(kernel.shape[2], return_sequences=True)
    return _apply(layer, x, np.hstack(kernel), np.hstack(recurrent), np.hstack(bias))


def gru(x, kernel, recurrent, bias, recurrent_bias):
    """`keras.layers.GRU`: as in cuDNN; the gates' weights lie side by side: update, reset, new."""
    order = [1, 0, 2]
    biases = np.stack([np.hstack(bias[order]), np.hstack(recurrent_bias[order])])
    layer = layers.GRU(kernel.shape[2], return_sequences=True)
    return _apply(layer, x, np.hstack(kernel[order]), np.hstack(recurrent[order]), biases)


def multi_head_attention(x, query, key, value, output, heads):
    """`keras.layers.MultiHeadAttention`: the weights have an axis for the heads."""
    size = x.shape[-1] // heads
    layer = layers.MultiHeadAttention(heads, size, use_bias=False)
    layer.build(x.shape, x.shape)
    inputs = [kernel.reshape(-1, heads, size) for kernel in (query, key, value)]
    layer.set_weights([*inputs, output.reshape(heads, size, -1)])
    return layer(x, x)


def _same_conv(x, kernel, activation=None):
    """A convolution that keeps the size; without a bias."""
    *size, _, filters = kernel.shape
    return _apply(layers.Conv2D(filters, size, padding="same", activation=activation, use_bias=False), x, kernel)


def residual_block(x, first, second):
    """Two layers and a sum; in a functional model just the same."""
    return layers.ReLU()(layers.Add()([x, _same_conv(_same_conv(x, first, "relu"), second)]))


def inception_block(x, one, three, five):
    """Three convolutions and a pooling, joined along the channels; in a functional model just the same."""
    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    return layers.Concatenate()([*(_same_conv(x, kernel) for kernel in (one, three, five)), pooled])


def upsampling(x, factor):
    """`keras.layers.UpSampling2D`: repeats pixels unless told to interpolate."""
    return layers.UpSampling2D(factor)(x)
