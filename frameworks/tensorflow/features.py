"""TensorFlow's core: operations, variables, tapes and graphs. What only Keras has, as tf.keras, counts as an add-on."""

import numpy as np
import tensorflow as tf

# ---- Layers


def dense(x, kernel, bias):
    """One product and one sum; the layer is Keras's."""
    return tf.matmul(x, kernel) + bias


def conv_1d(x, kernel, bias):
    """`tensorflow.nn.conv1d`: padding is "VALID", "SAME" or numbers; the bias is added apart."""
    return tf.nn.conv1d(x, kernel, stride=1, padding="VALID") + bias


def conv_2d(x, kernel, bias):
    """`tensorflow.nn.conv2d`: channels last; on processors nothing else."""
    return tf.nn.conv2d(x, kernel, strides=1, padding="VALID") + bias


def conv_3d(x, kernel, bias):
    """`tensorflow.nn.conv3d`: takes no single number for its strides."""
    return tf.nn.conv3d(x, kernel, strides=[1, 1, 1, 1, 1], padding="VALID") + bias


def conv_transposed(x, kernel, stride):
    """`tensorflow.nn.conv2d_transpose`: wants the output's shape; its kernel is (height, width, out, in)."""
    n, height, width, _ = x.shape
    rows, columns, _, out = kernel.shape
    shape = [n, (height - 1) * stride + rows, (width - 1) * stride + columns, out]
    return tf.nn.conv2d_transpose(x, tf.transpose(kernel, (0, 1, 3, 2)), shape, stride, padding="VALID")


def conv_depthwise(x, kernel):
    """`tensorflow.nn.depthwise_conv2d`: there may be several filters for each channel, as the kernel's last axis."""
    return tf.nn.depthwise_conv2d(x, kernel[..., None], strides=[1, 1, 1, 1], padding="VALID")


def conv_separable(x, depthwise, pointwise):
    """`tensorflow.nn.separable_conv2d`: both convolutions in one call."""
    return tf.nn.separable_conv2d(x, depthwise[..., None], pointwise[None, None], strides=[1, 1, 1, 1], padding="VALID")


def conv_dilated(x, kernel, dilation):
    """`tensorflow.nn.conv2d(dilations=)`: an option of every convolution."""
    return tf.nn.conv2d(x, kernel, strides=1, padding="VALID", dilations=dilation)


def conv_grouped(x, kernel, groups):
    """`tensorflow.nn.conv2d`: the number of groups follows from the kernel's shape; there is no option for it."""
    return tf.nn.conv2d(x, kernel, strides=1, padding="VALID")


def max_pooling(x, size):
    """`tensorflow.nn.max_pool2d`: the strides must be given."""
    return tf.nn.max_pool2d(x, ksize=size, strides=size, padding="VALID")


def average_pooling(x, size):
    """`tensorflow.nn.avg_pool2d`: with padding="SAME" the padding isn't counted."""
    return tf.nn.avg_pool2d(x, ksize=size, strides=size, padding="VALID")


def global_pooling(x):
    """A mean over two axes."""
    return tf.reduce_mean(x, axis=(1, 2))


def adaptive_pooling(x, size):
    """A mean for each window; tf.keras.layers.AdaptiveAveragePooling2D has it ready."""

    def pooled(x, axis):
        edges = [(i * x.shape[axis] // size, -(-(i + 1) * x.shape[axis] // size)) for i in range(size)]
        windows = [tf.gather(x, tf.range(begin, end), axis=axis) for begin, end in edges]
        return tf.stack([tf.reduce_mean(window, axis) for window in windows], axis)

    return pooled(pooled(x, 1), 2)


def batch_norm(x, scale, shift, epsilon):
    """`tensorflow.nn.batch_normalization`: takes mean and variance, those of the batch or one's own running ones."""
    mean, variance = tf.nn.moments(x, axes=[0, 1, 2])
    return tf.nn.batch_normalization(x, mean, variance, shift, scale, epsilon)


def layer_norm(x, scale, shift, epsilon):
    """Mean and variance of each example, then the formula of tf.nn.batch_normalization, which takes any."""
    mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, shift, scale, epsilon)


def group_norm(x, scale, shift, groups, epsilon):
    """Mean and variance of each group; tf.keras.layers.GroupNormalization has it ready."""
    n, height, width, channels = x.shape
    grouped = tf.reshape(x, (n, height, width, groups, channels // groups))
    mean, variance = tf.nn.moments(grouped, axes=[1, 2, 4], keepdims=True)
    return tf.reshape(tf.nn.batch_normalization(grouped, mean, variance, None, None, epsilon), x.shape) * scale + shift


def embedding(table, indices):
    """`tensorflow.nn.embedding_lookup`: its gradient is sparse: tf.IndexedSlices."""
    return tf.nn.embedding_lookup(table, indices)


def _apply(layer, x, *weights):
    """Builds a layer of Keras, gives it weights and calls it."""
    layer.build(x.shape)
    layer.set_weights(weights)
    return layer(x)


def lstm(x, kernel, recurrent, bias):
    """`tensorflow.keras.layers.LSTM`: the core has only bare kernels such as tf.raw_ops.BlockLSTMV2."""
    layer = tf.keras.layers.LSTM(kernel.shape[2], return_sequences=True)
    return _apply(layer, x, np.hstack(kernel), np.hstack(recurrent), np.hstack(bias))


def gru(x, kernel, recurrent, bias, recurrent_bias):
    """`tensorflow.keras.layers.GRU`: the gates lie side by side: update, reset, new."""
    order = [1, 0, 2]
    biases = np.stack([np.hstack(bias[order]), np.hstack(recurrent_bias[order])])
    layer = tf.keras.layers.GRU(kernel.shape[2], return_sequences=True)
    return _apply(layer, x, np.hstack(kernel[order]), np.hstack(recurrent[order]), biases)


def multi_head_attention(x, query, key, value, output, heads):
    """Two sums of products and a softmax; tf.keras.layers.MultiHeadAttention has it ready."""
    n, time, units = x.shape
    query, key, value = (tf.reshape(tf.matmul(x, kernel), (n, time, heads, -1)) for kernel in (query, key, value))
    scores = tf.einsum("nqhc,nkhc->nhqk", query, key) / (units // heads) ** 0.5
    mixed = tf.einsum("nhqk,nkhc->nqhc", tf.nn.softmax(scores), value)
    return tf.reshape(mixed, x.shape) @ output


def residual_block(x, first, second):
    """Two convolutions and an addition."""
    hidden = tf.nn.relu(tf.nn.conv2d(x, first, strides=1, padding="SAME"))
    return tf.nn.relu(x + tf.nn.conv2d(hidden, second, strides=1, padding="SAME"))


def inception_block(x, one, three, five):
    """Three convolutions and a pooling, joined along the channels."""
    branches = [tf.nn.conv2d(x, kernel, strides=1, padding="SAME") for kernel in (one, three, five)]
    branches.append(tf.nn.max_pool2d(x, ksize=3, strides=1, padding="SAME"))
    return tf.concat(branches, axis=-1)


def upsampling(x, factor):
    """`tensorflow.image.resize`: nearest, bilinear, bicubic and more."""
    return tf.image.resize(x, (factor * x.shape[1], factor * x.shape[2]), method="nearest")


# ---- Losses and activations


def cross_entropy_logits(logits, labels):
    """`tensorflow.nn.sparse_softmax_cross_entropy_with_logits`: a loss for each example; labels are int32 or int64."""
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def cross_entropy_probabilities(probabilities, labels):
    """One line; tf.losses, which is Keras's, has it ready."""
    return -tf.reduce_mean(tf.math.log(tf.gather(probabilities, labels, batch_dims=1)))


def label_smoothing(logits, labels, smoothing):
    """The smoothed labels are written by hand; the loss takes any distribution."""
    classes = logits.shape[1]
    targets = tf.one_hot(labels, classes, on_value=1 - smoothing + smoothing / classes, off_value=smoothing / classes)
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))


def binary_cross_entropy(logits, labels):
    """`tensorflow.nn.sigmoid_cross_entropy_with_logits`: another one weighs the positive examples."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))


def focal_loss(logits, labels, alpha, gamma):
    """From binary cross-entropy; tf.losses, which is Keras's, has it ready."""
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
    right = tf.exp(-losses)
    return tf.reduce_mean(tf.where(tf.equal(labels, 1), alpha, 1 - alpha) * (1 - right) ** gamma * losses)


def hinge_loss(scores, labels):
    """One line; tf.losses, which is Keras's, has it ready."""
    return tf.reduce_mean(tf.nn.relu(1 - tf.multiply(labels, scores)))


def huber_loss(predictions, targets):
    """Two formulas and a condition; tf.losses, which is Keras's, has it ready."""
    error = tf.abs(tf.subtract(predictions, targets))
    return tf.reduce_mean(tf.where(error <= 1, error**2 / 2, error - 1 / 2))


def kl_divergence(p, q):
    """One line; tf.losses, which is Keras's, has it ready."""
    return tf.reduce_mean(tf.reduce_sum(p * tf.math.log(tf.divide(p, q)), axis=1))


def ctc_loss(logits, labels):
    """`tensorflow.nn.ctc_loss`: takes logits and every length; the blank is the last class unless told otherwise."""
    lengths, times = (tf.fill([len(labels)], size) for size in (labels.shape[1], logits.shape[1]))
    labels = tf.cast(labels, tf.int32)
    return tf.nn.ctc_loss(labels, logits, lengths, times, logits_time_major=False, blank_index=0)


def triplet_loss(anchor, positive, negative, margin):
    """Two norms and their difference."""
    near, far = (tf.norm(tf.subtract(anchor, other), axis=1) for other in (positive, negative))
    return tf.reduce_mean(tf.nn.relu(near - far + margin))


def relu(x):
    """`tensorflow.nn.relu`: its slope at 0 is 0."""
    return tf.nn.relu(x)


def leaky_relu(x, slope):
    """`tensorflow.nn.leaky_relu`: the slope is 0.2 by default."""
    return tf.nn.leaky_relu(x, alpha=slope)


def elu(x):
    """`tensorflow.nn.elu`: alpha is 1, and no option."""
    return tf.nn.elu(x)


def selu(x):
    """`tensorflow.nn.selu`: its two constants are fixed."""
    return tf.nn.selu(x)


def gelu(x):
    """`tensorflow.nn.gelu`: exact by default; approximate=True is the one by tanh."""
    return tf.nn.gelu(x)


def silu(x):
    """`tensorflow.nn.silu`: swish is a second name for it; beta is an option."""
    return tf.nn.silu(x)


def softplus(x):
    """`tensorflow.nn.softplus`: tf.math.softplus is the same."""
    return tf.nn.softplus(x)


def mish(x):
    """One line; tf.keras.activations.mish is the same."""
    return x * tf.tanh(tf.nn.softplus(x))


@tf.custom_gradient
def _sign(x):
    return tf.sign(x), lambda upstream: tf.where(tf.abs(x) <= 1, upstream, 0)


def custom_activation(x):
    """`tensorflow.custom_gradient`: the function gives its value and the function for the gradient."""
    x = tf.Variable(x)
    with tf.GradientTape() as tape:
        value = _sign(x)
    return {"value": value, "gradient": tape.gradient(value, x)}
