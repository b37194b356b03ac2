"""Theano: formulas, their gradients, and functions compiled to C; layers and training are one's own."""

import contextlib
import ctypes
import io
import multiprocessing
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import theano
from theano import tensor as tt
from theano.compile.builders import OpFromGraph
from theano.tensor import nnet
from theano.tensor.nnet import abstract_conv, bn
from theano.tensor.random.utils import RandomStream
from theano.tensor.signal.pool import pool_2d

# ---- Layers


def dense(x, kernel, bias):
    """One product and one sum."""
    x, kernel, bias = map(theano.shared, (x, kernel, bias))
    return (tt.dot(x, kernel) + bias).eval()


def _channels_first(x):
    """Theano has the channels right after the batch."""
    return theano.shared(x).dimshuffle(0, 3, 1, 2)


def _kernel(kernel):
    """Theano's kernels are (out, in, height, width)."""
    return theano.shared(kernel).dimshuffle(3, 2, 0, 1)


def _result(maps):
    """Computed, with the channels last."""
    return maps.dimshuffle(0, 2, 3, 1).eval()


def conv_1d(x, kernel, bias):
    """As conv2d of images with one row; nnet.conv has a causal one, which pads."""
    maps = nnet.conv2d(_channels_first(x[:, None]), _kernel(kernel[None]), filter_flip=False)
    return _result(maps)[:, 0] + bias


def conv_2d(x, kernel, bias):
    """`theano.tensor.nnet.conv2d`: turns the kernel round, as in mathematics, unless filter_flip=False."""
    return _result(nnet.conv2d(_channels_first(x), _kernel(kernel), filter_flip=False)) + bias


def conv_3d(x, kernel, bias):
    """`theano.tensor.nnet.conv3d`: channels come second; turns the kernel round unless filter_flip=False."""
    x, kernel = theano.shared(x).dimshuffle(0, 4, 1, 2, 3), theano.shared(kernel).dimshuffle(4, 3, 0, 1, 2)
    return nnet.conv3d(x, kernel, filter_flip=False).dimshuffle(0, 2, 3, 4, 1).eval() + bias


def conv_transposed(x, kernel, stride):
    """`theano.tensor.nnet.abstract_conv.conv2d_grad_wrt_inputs`: its name here, with the size of the result."""
    kernel_first = theano.shared(kernel).dimshuffle(2, 3, 0, 1)
    size = [(n - 1) * stride + k for n, k in ((x.shape[1], kernel.shape[0]), (x.shape[2], kernel.shape[1]))]
    maps = abstract_conv.conv2d_grad_wrt_inputs(
        _channels_first(x), kernel_first, (None, None, *size), subsample=(stride, stride), filter_flip=False
    )
    return _result(maps)


def conv_depthwise(x, kernel):
    """`theano.tensor.nnet.conv2d(num_groups=)`: as many groups as channels."""
    maps = nnet.conv2d(_channels_first(x), _kernel(kernel[:, :, None]), filter_flip=False, num_groups=x.shape[3])
    return _result(maps)


def conv_separable(x, depthwise, pointwise):
    """`theano.tensor.nnet.separable_conv2d`: turns the kernel round unless filter_flip=False."""
    depthwise, pointwise = _kernel(depthwise[:, :, None]), _kernel(pointwise[None, None])
    return _result(nnet.separable_conv2d(_channels_first(x), depthwise, pointwise, x.shape[3], filter_flip=False))


def conv_dilated(x, kernel, dilation):
    """`theano.tensor.nnet.conv2d(filter_dilation=)`: an option of every convolution."""
    spread = (dilation, dilation)
    return _result(nnet.conv2d(_channels_first(x), _kernel(kernel), filter_flip=False, filter_dilation=spread))


def conv_grouped(x, kernel, groups):
    """`theano.tensor.nnet.conv2d(num_groups=)`: an option of every convolution."""
    return _result(nnet.conv2d(_channels_first(x), _kernel(kernel), filter_flip=False, num_groups=groups))


def max_pooling(x, size):
    """`theano.tensor.signal.pool.pool_2d`: each of several equal pixels gets the whole gradient."""
    return _result(pool_2d(_channels_first(x), (size, size), ignore_border=True))


def average_pooling(x, size):
    """`theano.tensor.signal.pool.pool_2d(mode=)`: with or without the padding in the mean."""
    return _result(pool_2d(_channels_first(x), (size, size), ignore_border=True, mode="average_exc_pad"))


def global_pooling(x):
    """A mean over two axes."""
    return theano.shared(x).mean(axis=(1, 2)).eval()


def adaptive_pooling(x, size):
    """The windows may overlap, so it is a loop over them, with a larger formula."""

    def spans(length):
        return [slice(i * length // size, -(-(i + 1) * length // size)) for i in range(size)]

    images, rows, columns = theano.shared(x), spans(x.shape[1]), spans(x.shape[2])
    means = [tt.stack([images[:, row, column].mean(axis=(1, 2)) for column in columns], axis=1) for row in rows]
    return tt.stack(means, axis=1).eval()


def batch_norm(x, scale, shift, epsilon):
    """`theano.tensor.nnet.bn.batch_normalization_train`: over any axes; gives the running statistics too."""
    maps, *_ = bn.batch_normalization_train(_channels_first(x), scale, shift, axes="spatial", epsilon=epsilon)
    return _result(maps)


def layer_norm(x, scale, shift, epsilon):
    """Mean and variance of each row."""
    x = theano.shared(x)
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return ((x - mean) / tt.sqrt(variance + epsilon) * scale + shift).eval()


def group_norm(x, scale, shift, groups, epsilon):
    """The channels are split in two axes first."""
    split = theano.shared(x).reshape((*x.shape[:3], groups, -1))
    mean, variance = split.mean(axis=(1, 2, 4), keepdims=True), split.var(axis=(1, 2, 4), keepdims=True)
    return (((split - mean) / tt.sqrt(variance + epsilon)).reshape(x.shape) * scale + shift).eval()


def embedding(table, indices):
    """`theano.tensor.take`: or plainly table[indices]; its gradient can be sparse, by theano.sparse_grad."""
    return tt.take(theano.shared(table), theano.shared(indices), axis=0).eval()


def _looped(formula):
    """Computed by Python: the C of theano.scan in version 1.1.2 doesn't compile for Python 3.11."""
    return theano.function([], formula, mode="FAST_COMPILE")()


def lstm(x, kernel, recurrent, bias):
    """A step for theano.scan, which has a gradient; on Python 3.11 its loop isn't compiled."""
    x, kernel, recurrent, bias = map(theano.shared, (x, kernel, recurrent, bias))

    def step(now, hidden, cell):
        entry, forget, new, exit_ = [tt.dot(now, kernel[k]) + tt.dot(hidden, recurrent[k]) + bias[k] for k in range(4)]
        cell = nnet.sigmoid(forget) * cell + nnet.sigmoid(entry) * tt.tanh(new)
        return nnet.sigmoid(exit_) * tt.tanh(cell), cell

    start = tt.zeros((x.shape[0], kernel.shape[2]))
    (states, _), _ = theano.scan(step, x.swapaxes(0, 1), [start, start])
    return _looped(states.swapaxes(0, 1))


def gru(x, kernel, recurrent, bias, recurrent_bias):
    """A step for theano.scan, which has a gradient; on Python 3.11 its loop isn't compiled."""
    x, kernel, recurrent = map(theano.shared, (x, kernel, recurrent))

    def step(now, hidden):
        of_x = [tt.dot(now, kernel[k]) + bias[k] for k in range(3)]
        of_hidden = [tt.dot(hidden, recurrent[k]) + recurrent_bias[k] for k in range(3)]
        reset, update = (nnet.sigmoid(of_x[k] + of_hidden[k]) for k in range(2))
        return (1 - update) * tt.tanh(of_x[2] + reset * of_hidden[2]) + update * hidden

    states, _ = theano.scan(step, x.swapaxes(0, 1), tt.zeros((x.shape[0], kernel.shape[2])))
    return _looped(states.swapaxes(0, 1))


def multi_head_attention(x, query, key, value, output, heads):
    """Products of stacks of matrices, by tt.batched_dot; softmax takes matrices alone."""
    n, time, width = x.shape

    def split(kernel):  # (n · heads, time, width / heads)
        parts = tt.dot(theano.shared(x), kernel).reshape((n, time, heads, width // heads))
        return parts.dimshuffle(0, 2, 1, 3).reshape((n * heads, time, width // heads))

    scores = tt.batched_dot(split(query), split(key).dimshuffle(0, 2, 1)) / (width // heads) ** 0.5
    mixed = tt.batched_dot(nnet.softmax(scores.reshape((-1, time))).reshape(scores.shape), split(value))
    joined = mixed.reshape((n, heads, time, width // heads)).dimshuffle(0, 2, 1, 3).reshape((n, time, width))
    return tt.dot(joined, output).eval()


def residual_block(x, first, second):
    """Two convolutions and an addition; border_mode="half" keeps the size."""
    x, first, second = _channels_first(x), _kernel(first), _kernel(second)
    hidden = nnet.relu(nnet.conv2d(x, first, border_mode="half", filter_flip=False))
    return _result(nnet.relu(x + nnet.conv2d(hidden, second, border_mode="half", filter_flip=False)))


def inception_block(x, one, three, five):
    """Three convolutions and a pooling, joined along the channels."""
    x, kernels = _channels_first(x), map(_kernel, (one, three, five))
    branches = [nnet.conv2d(x, kernel, border_mode="half", filter_flip=False) for kernel in kernels]
    branches.append(pool_2d(x, (3, 3), ignore_border=True, stride=(1, 1), pad=(1, 1)))
    return _result(tt.concatenate(branches, axis=1))


def upsampling(x, factor):
    """Each pixel is repeated along both axes; nnet.abstract_conv has bilinear_upsampling."""
    return theano.shared(x).repeat(factor, axis=1).repeat(factor, axis=2).eval()


# ---- Losses and activations


def cross_entropy_logits(logits, labels):
    """`theano.tensor.nnet.crossentropy_softmax_1hot`: what categorical_crossentropy of a softmax is rewritten to."""
    losses, _ = nnet.crossentropy_softmax_1hot(theano.shared(logits), theano.shared(labels))
    return losses.mean().eval()


def cross_entropy_probabilities(probabilities, labels):
    """`theano.tensor.nnet.categorical_crossentropy`: the loss of each example; labels are indices or rows."""
    return nnet.categorical_crossentropy(theano.shared(probabilities), theano.shared(labels)).mean().eval()


def label_smoothing(logits, labels, smoothing):
    """The labels become rows of a matrix first."""
    classes = logits.shape[1]
    targets = (1 - smoothing) * tt.extra_ops.to_one_hot(theano.shared(labels), classes) + smoothing / classes
    return nnet.categorical_crossentropy(nnet.softmax(theano.shared(logits)), targets).mean().eval()


def binary_cross_entropy(logits, labels):
    """`theano.tensor.nnet.sigmoid_binary_crossentropy`: the loss of each element."""
    return nnet.sigmoid_binary_crossentropy(theano.shared(logits), theano.shared(labels)).mean().eval()


def focal_loss(logits, labels, alpha, gamma):
    """From binary cross-entropy."""
    labels = theano.shared(labels)
    losses = nnet.sigmoid_binary_crossentropy(theano.shared(logits), labels)
    balance = tt.switch(tt.eq(labels, 1), alpha, 1 - alpha)
    return (balance * (1 - tt.exp(-losses)) ** gamma * losses).mean().eval()


def hinge_loss(scores, labels):
    """One line."""
    return tt.maximum(0, 1 - theano.shared(labels) * theano.shared(scores)).mean().eval()


def huber_loss(predictions, targets):
    """A square below 1, a line above."""
    error = abs(theano.shared(predictions) - theano.shared(targets))
    return tt.switch(error < 1, error**2 / 2, error - 0.5).mean().eval()


def kl_divergence(p, q):
    """One line."""
    p, q = theano.shared(p), theano.shared(q)
    return (p * tt.log(p / q)).sum(axis=1).mean().eval()


def _logaddexp(a, b):
    return tt.maximum(a, b) + tt.log1p(tt.exp(-abs(a - b)))


def _forward(before, skip):
    """One step along the label: stay, move on by one, or skip a blank between two labels that differ."""
    after = tt.set_subtensor(before[:, 1:], _logaddexp(before[:, 1:], before[:, :-1]))
    return tt.set_subtensor(after[:, 2:], _logaddexp(after[:, 2:], before[:, :-2] + skip))


def ctc_loss(logits, labels):
    """The forward recursion by theano.scan; theano.tensor.nnet.ctc has it ready, if Baidu's warp-ctc is installed."""
    path = np.zeros((len(labels), 2 * labels.shape[1] + 1), "int64")  # with a blank before and after each label
    path[:, 1::2] = labels
    steps = nnet.logsoftmax(theano.shared(logits).reshape((-1, logits.shape[2]))).reshape(logits.shape)
    steps = tt.stack([steps[i, :, path[i]] for i in range(len(path))], axis=2).dimshuffle(1, 2, 0)  # (time, N, path)
    skip = np.where((path != 0) & (path != np.roll(path, 2, axis=1)), 0, -1e30)[:, 2:].astype("float32")
    start = tt.switch(np.arange(path.shape[1]) < 2, steps[0], np.float32(-1e30))
    forward, _ = theano.scan(lambda step, before: step + _forward(before, skip), steps[1:], start)
    return _looped(-_logaddexp(forward[-1, :, -1], forward[-1, :, -2]))


def triplet_loss(anchor, positive, negative, margin):
    """Two norms and their difference."""
    near, far = (tt.sqrt(((theano.shared(anchor) - other) ** 2).sum(axis=1)) for other in (positive, negative))
    return tt.maximum(0, near - far + margin).mean().eval()


def relu(x):
    """`theano.tensor.nnet.relu`: its slope at 0 is 1/2; that of tt.maximum(0, x) is 0."""
    return nnet.relu(theano.shared(x)).eval()


def leaky_relu(x, slope):
    """`theano.tensor.nnet.relu(alpha=)`: an option, a number or a formula."""
    return nnet.relu(theano.shared(x), alpha=slope).eval()


def elu(x):
    """`theano.tensor.nnet.elu`: alpha is an option, 1 by default."""
    return nnet.elu(theano.shared(x)).eval()


def selu(x):
    """`theano.tensor.nnet.selu`: with the paper's constants."""
    return nnet.selu(theano.shared(x)).eval()


def gelu(x):
    """One line, with the error function."""
    x = theano.shared(x)
    return (x * (1 + tt.erf(x / 2**0.5)) / 2).eval()


def silu(x):
    """One line."""
    x = theano.shared(x)
    return (x * nnet.sigmoid(x)).eval()


def softplus(x):
    """`theano.tensor.nnet.softplus`: doesn't overflow."""
    return nnet.softplus(theano.shared(x)).eval()


def mish(x):
    """One line."""
    x = theano.shared(x)
    return (x * tt.tanh(nnet.softplus(x))).eval()


def custom_activation(x):
    """`theano.compile.builders.OpFromGraph(grad_overrides=)`: a formula as an operation with its own gradient."""
    entry, x = tt.vector(), theano.shared(x)

    def gradient(inputs, upstream):
        return [tt.switch(abs(inputs[0]) <= 1, upstream[0], 0)]

    value = OpFromGraph([entry], [tt.sgn(entry)], grad_overrides=gradient)(x)
    return {"value": value.eval(), "gradient": theano.grad(value.sum(), x).eval()}


# ---- Training aids


def dropout(x, rate):
    """A random mask, scaled; outside of training it is left out of the formula."""
    x = theano.shared(x)

    def layer(training):
        keep = RandomStream(0).bernoulli(1 - rate, size=x.shape)
        return x * keep / (1 - rate) if training else x

    return {"training": layer(training=True).eval(), "evaluation": layer(training=False).eval()}


def spatial_dropout(x, rate):
    """A mask with one number for each channel of each image."""
    keep = RandomStream(0).bernoulli(1 - rate, size=(len(x), x.shape[-1])).dimshuffle(0, "x", "x", 1)
    return (theano.shared(x) * keep / (1 - rate)).eval()


def l1_l2(weights, l1, l2):
    """Two sums, added to the loss."""
    weights = theano.shared(weights)
    return (l1 * abs(weights).sum() + l2 * tt.sqr(weights).sum()).eval()


def _stepped(weights, gradients, rule, start=()):
    """The weights after a step along each gradient. The rule makes new weights and state of old, from `start`."""
    gradient, old = tt.vector(), [theano.shared(weights), *map(theano.shared, start)]
    updates = [(old[i], new) for i, new in enumerate(rule(gradient, *old))]
    step = theano.function([gradient], updates=updates)
    for each in gradients:
        step(each)
    return old[0].get_value()


def weight_decay(weights, gradients, learning_rate, decay):
    """One more term."""
    return _stepped(
        weights, gradients, lambda gradient, weights: [weights - learning_rate * (gradient + decay * weights)]
    )


def clip_by_norm(kernel, bias, limit):
    """The norm of all gradients together, then one factor."""
    gradients = [theano.shared(kernel), theano.shared(bias)]
    norm = tt.sqrt(sum(tt.sqr(gradient).sum() for gradient in gradients))
    return [(gradient * tt.minimum(1, limit / norm)).eval() for gradient in gradients]


def clip_by_value(gradient, limit):
    """`theano.tensor.clip`: any array; theano.gradient.grad_clip does it on the way back through a formula."""
    return tt.clip(theano.shared(gradient), -limit, limit).eval()


def step_schedule(rate, factor, every, steps):
    """A formula."""
    return (rate * factor ** (theano.shared(steps) // every)).eval()


def cosine_schedule(rate, total, steps):
    """A formula."""
    return (rate * (1 + tt.cos(np.pi * theano.shared(steps) / total)) / 2).eval()


def warm_up(rate, warm_up, steps):
    """A formula."""
    return (rate * tt.minimum(1, 0.1 + 0.9 * theano.shared(steps) / warm_up)).eval()


def momentum(weights, gradients, learning_rate, momentum):
    """Two updates for each step; the velocity is a shared variable too."""

    def rule(gradient, weights, velocity):
        velocity = momentum * velocity + gradient
        return [weights - learning_rate * velocity, velocity]

    return _stepped(weights, gradients, rule, [np.zeros_like(weights)])


def nesterov(weights, gradients, learning_rate, momentum):
    """Two updates for each step; the velocity is a shared variable too."""

    def rule(gradient, weights, velocity):
        velocity = momentum * velocity + gradient
        return [weights - learning_rate * (gradient + momentum * velocity), velocity]

    return _stepped(weights, gradients, rule, [np.zeros_like(weights)])


def _adam(gradient, weights, mean, square, step, learning_rate, decay):
    """As in the paper; and a decay that the averages don't see."""
    mean, square, step = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2, step + 1
    direction = mean / (1 - 0.9**step) / (tt.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return [weights - learning_rate * (direction + decay * weights), mean, square, step]


def adam(weights, gradients, learning_rate):
    """Four updates for each step, as in the paper."""
    start = [np.zeros_like(weights), np.zeros_like(weights), np.float32(0)]
    return _stepped(weights, gradients, lambda *state: _adam(*state, learning_rate, decay=0), start)


def adamw(weights, gradients, learning_rate, decay):
    """Adam with one more term."""
    start = [np.zeros_like(weights), np.zeros_like(weights), np.float32(0)]
    return _stepped(weights, gradients, lambda *state: _adam(*state, learning_rate, decay), start)


def rmsprop(weights, gradients, learning_rate, decay):
    """Two updates for each step."""

    def rule(gradient, weights, square):
        square = decay * square + (1 - decay) * gradient**2
        return [weights - learning_rate * gradient / (tt.sqrt(square) + 1e-8), square]

    return _stepped(weights, gradients, rule, [np.zeros_like(weights)])


def weight_average(weights, decay):
    """One more shared variable, and its update."""
    return _stepped(weights[0], weights[1:], lambda current, average: [decay * average + (1 - decay) * current])


def early_stopping(losses, patience):
    """A best value and a counter in one's own loop."""
    best, waited = np.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            return epoch
    return len(losses)


def _run(weights, velocity, learning_rate, momentum):
    """Two shared variables, and a compiled step of theirs."""
    weights, velocity, gradient = theano.shared(weights), theano.shared(velocity), tt.vector()
    new = momentum * velocity + gradient
    step = theano.function([gradient], updates=[(velocity, new), (weights, weights - learning_rate * new)])
    return weights, velocity, step


def checkpoint(weights, gradients, learning_rate, momentum, folder):
    """The values of all shared variables by numpy.savez; what belongs to the state, one must know oneself."""
    unbroken, velocity, step = _run(weights, np.zeros_like(weights), learning_rate, momentum)
    for number, gradient in enumerate(gradients):
        if number == 2:
            np.savez(folder + "/state.npz", weights=unbroken.get_value(), velocity=velocity.get_value())
        step(gradient)
    resumed, _, step = _run(**np.load(folder + "/state.npz"), learning_rate=learning_rate, momentum=momentum)
    list(map(step, gradients[2:]))
    return {"resumed": resumed.get_value(), "unbroken": unbroken.get_value()}


def mixed_precision(x, kernel):
    """Casts; on a processor float16 is NumPy's, and slow: it was made for GPUs."""
    kernel = theano.shared(kernel)
    product = tt.dot(theano.shared(x).astype("float16"), kernel.astype("float16"))
    return {"result": product.eval(), "weights": kernel.dtype}


def gradient_accumulation(weights, gradients, learning_rate, every):
    """A shared variable that adds up, until it is due."""
    total, weights = theano.shared(np.zeros_like(weights)), theano.shared(weights)
    gradient, due = tt.vector(), tt.scalar()
    added = total + gradient / every
    moved = weights - due * learning_rate * added
    step = theano.function([gradient, due], moved, updates=[(total, (1 - due) * added), (weights, moved)])
    return np.stack([step(each, number % every == 0) for number, each in enumerate(gradients, start=1)])


def mirror(images):
    """A slice: a view, without a copy."""
    return theano.shared(images)[:, :, ::-1].eval()


def crop(images, top, left, height, width):
    """A slice: a view, without a copy."""
    return theano.shared(images)[:, top : top + height, left : left + width].eval()


def _sampled(image, row, column):
    """The image at these places, bilinear; 0 outside."""
    height, width = image.shape
    image, result = theano.shared(np.pad(image, 1)), 0
    for i, j in np.ndindex(2, 2):
        y, x = tt.floor(row) + i, tt.floor(column) + j
        pixel = image[tt.clip(y + 1, 0, height + 1).astype("int64"), tt.clip(x + 1, 0, width + 1).astype("int64")]
        result += (1 - abs(row - y)) * (1 - abs(column - x)) * pixel
    return result.eval()


def shear(image):
    """By an index for each pixel, with gradients."""
    row, column = tt.mgrid[: image.shape[0], : image.shape[1]]
    return _sampled(image, row, column - (row - len(image) // 2))


def rotate(image, degrees):
    """By an index for each pixel, with gradients."""
    angle, middle = np.deg2rad(degrees), len(image) // 2
    row, column = tt.mgrid[-middle : middle + 1, -middle : middle + 1]
    from_row = tt.cos(angle) * row + tt.sin(angle) * column
    from_column = tt.cos(angle) * column - tt.sin(angle) * row
    return _sampled(image, from_row + middle, from_column + middle)


def class_weights(logits, labels, weights):
    """Each loss times the weight at its label."""
    labels = theano.shared(labels)
    losses, _ = nnet.crossentropy_softmax_1hot(theano.shared(logits), labels)
    return (losses * theano.shared(weights)[labels]).eval()


def seeds(seed, count):
    """`theano.tensor.random.utils.RandomStream(seed=)`: the generators' states are shared variables."""
    return [RandomStream(seed=number).uniform(size=(count,)).eval() for number in (seed, seed, seed + 1)]


# ---- Helper functions


def data_loading(rows, batch_size):
    """A thread of the standard library slices ahead."""
    loaders = []

    def load(start):
        loaders.extend([threading.get_ident()] * batch_size)
        return rows[start : start + batch_size]

    with ThreadPoolExecutor(max_workers=1) as pool:
        batches = list(pool.map(load, range(0, len(rows), batch_size)))
    return {"batches": batches, "loaders": loaders, "consumer": threading.get_ident()}


def progress(steps):
    """A print in one's own loop; theano.printing.Print shows values inside of a compiled function."""
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        for step in range(1, steps + 1):
            print(f"\rstep {step}/{steps}", end="")
    return shown.getvalue()


def metrics(labels, scores):
    """Counts over all batches, as one compiled function."""
    found, labels = tt.gt(theano.shared(scores), 0.5), tt.eq(theano.shared(labels), 1)
    right = (found & labels).sum()
    values = {"accuracy": tt.eq(found, labels).mean(), "precision": right / found.sum(), "recall": right / labels.sum()}
    return theano.function([], values)()


def model_summary(sizes):
    """The sizes of the shared variables; theano.printing.debugprint lists the operations."""
    layers = [_Dense(np.zeros(pair), np.zeros(pair[1])) for pair in np.stack([sizes[:-1], sizes[1:]], axis=1)]
    counts = [layer.kernel.get_value().size + layer.bias.get_value().size for layer in layers]
    lines = [f"dense {number}: {count} parameters" for number, count in enumerate(counts, start=1)]
    return "\n".join([*lines, f"in all: {sum(counts)} parameters"])


class _Dense:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = theano.shared(kernel), theano.shared(bias)

    def __call__(self, x):
        return tt.dot(x, self.kernel) + self.bias


def parameter_summary(kernel, bias):
    """`theano.compile.function.types.Function.get_shared`: all shared variables of a compiled function."""
    entry, kernel, bias = tt.matrix(), theano.shared(kernel, "kernel"), theano.shared(bias, "bias")
    model = theano.function([entry], tt.dot(entry, kernel) + bias)
    values = {variable.name: variable.get_value() for variable in model.get_shared()}
    return {name: [value.size, value.mean(), value.std()] for name, value in values.items()}


def profiling(a, b):
    """`theano.function(profile=)`: the time of each operation and of the compilation; the flag profile is for all."""
    function, text = theano.function([], tt.dot(theano.shared(a), theano.shared(b)), profile=True), io.StringIO()
    function()
    function.profile.summary(file=text)
    return text.getvalue()


def filter_images(kernel):
    """Two changes of the shape, and one scale for all."""
    height, width, _, count = kernel.shape
    filters = theano.shared(kernel).reshape((height, width, 2, count // 2)).dimshuffle(2, 0, 3, 1)
    picture = filters.reshape((2 * height, width * count // 2))
    return ((picture - picture.min()) / (picture.max() - picture.min())).eval()


def quantisation(x, kernel):
    """A scale for each unit; the product itself is computed in floats."""
    kernel = theano.shared(kernel)
    scale = abs(kernel).max(axis=0) / 127
    weights = tt.round(kernel / scale).astype("int8")
    return {"result": (tt.dot(x, weights) * scale).eval(), "weights": weights.dtype}


# ---- Abstraction


def traced_graph(x):
    """`theano.function`: a function of symbols gives a formula, which is compiled to C, once for any size."""
    calls, entry = [], tt.vector()

    def function(x):
        calls.append(x)
        return tt.tanh(x) ** 2

    compiled = theano.function([entry], function(entry))
    return {"results": [compiled(row) for row in x], "python_calls": len(calls)}


def static_graph(x):
    """`theano.function`: all there is in Theano: the formula can be printed, drawn, searched and changed before."""
    entry = tt.vector("x")
    graph = 2 * tt.tanh(entry)
    return {"graph": theano.pprint(graph), "result": theano.function([entry], graph)(x)}


def functional_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """Plain functions of symbols, called on each other."""
    x, first, second = theano.shared(x), _Dense(kernel_1, bias_1), _Dense(kernel_2, bias_2)
    return (second(nnet.relu(first(x))) + x).eval()


def sequential_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """A list of functions of symbols."""
    value = theano.shared(x)
    for layer in [_Dense(kernel_1, bias_1), nnet.relu, _Dense(kernel_2, bias_2)]:
        value = layer(value)
    return value.eval()


def subclassed_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """Any class will do; it compiles its own functions."""

    class Model:
        def __init__(self, first, second):
            entry = tt.matrix()
            self.predict = theano.function([entry], second(nnet.relu(first(entry))) + entry)

    return Model(_Dense(kernel_1, bias_1), _Dense(kernel_2, bias_2)).predict(x)


def training_loop(x, y, learning_rate, epochs):
    """Not provided: one's own loop over a compiled step, which updates the weights."""
    weights = theano.shared(np.zeros_like(x[0]))
    loss = tt.sqr(tt.dot(x, weights) - y).mean()
    step = theano.function([], loss, updates=[(weights, weights - learning_rate * theano.grad(loss, weights))])
    for _ in range(epochs):
        step()
    return weights.get_value()


# ---- Customisation


def custom_layer(x, scale):
    """A formula with a shared variable of its own."""
    x, scale = theano.shared(x), theano.shared(scale)
    output = x * scale
    return {"output": output.eval(), "gradient": theano.grad(output.sum(), scale).eval()}


def custom_loss(predictions, targets):
    """A formula; theano.grad finds its gradient."""
    predictions = theano.shared(predictions)
    loss = tt.log(tt.cosh(predictions - targets)).mean()
    return {"loss": loss.eval(), "gradient": theano.grad(loss, predictions).eval()}


def custom_optimiser(weights, gradients, learning_rate):
    """A formula for the update of each shared variable."""
    return _stepped(weights, gradients, lambda gradient, weights: [weights - learning_rate * tt.sgn(gradient)])


def custom_gradient(x, upstream):
    """`theano.compile.builders.OpFromGraph(grad_overrides=)`: a formula as an operation with its own gradient."""
    entry, x = tt.vector(), theano.shared(x)

    def gradient(inputs, upstream):
        return [-0.5 * upstream[0]]

    value = OpFromGraph([entry], [entry**2], grad_overrides=gradient)(x)
    return {"value": value.eval(), "gradient": theano.Lop(value, x, theano.shared(upstream)).eval()}


def custom_training_step(x, y, learning_rate, epochs):
    """The update is a formula of one's own, so anything goes."""
    weights = theano.shared(np.zeros_like(x[0]))
    gradient = theano.grad(tt.sqr(tt.dot(x, weights) - y).mean(), weights)
    direction = gradient / tt.sqrt(tt.sqr(gradient).sum())
    step = theano.function([], updates=[(weights, weights - learning_rate * direction)])
    for _ in range(epochs):
        step()
    return weights.get_value()


class _SquarePlusOne(theano.scalar.UnaryScalarOp):
    def impl(self, x):
        return x * x + 1

    def c_code(self, node, name, inputs, outputs, sub):
        return f"{outputs[0]} = {inputs[0]} * {inputs[0]} + 1;"


def custom_kernel(x, folder):
    """`theano.scalar.UnaryScalarOp`: C for one element, Theano writes the loop; theano.Op takes the loop too."""
    operation = tt.elemwise.Elemwise(_SquarePlusOne(theano.scalar.upgrade_to_float))
    return operation(theano.shared(x)).eval()


def forward_hook(x, kernel_1, bias_1, kernel_2, bias_2):
    """A finished formula can be searched, and each part of it computed."""
    hidden = nnet.relu(_Dense(kernel_1, bias_1)(theano.shared(x)))
    hidden.name = "hidden"
    output = _Dense(kernel_2, bias_2)(hidden)
    parts = {part.name: part for part in theano.graph.basic.ancestors([output])}
    return parts["hidden"].eval()


def second_derivative(x):
    """`theano.grad`: as often as one likes."""
    x = theano.shared(x)
    first = theano.grad((x**3 + tt.sin(x)).sum(), x)
    return theano.grad(first.sum(), x).eval()


def jacobian(matrix, x):
    """`theano.gradient.jacobian`: a loop over the rows, by theano.scan."""
    x = theano.shared(x)
    return _looped(theano.gradient.jacobian(tt.tanh(tt.dot(matrix, x)), x))


def hessian_vector_product(matrix, x, vector):
    """theano.Rop of theano.grad: forward mode over reverse mode."""
    x = theano.shared(x)
    gradient = theano.grad((tt.dot(matrix, x) ** 4).sum(), x)
    return theano.Rop(gradient, x, theano.shared(vector)).eval()


def per_example_gradients(x, y, weights):
    """The Jacobian of all losses: a loop with a backward pass for each example."""
    weights = theano.shared(weights)
    return _looped(theano.gradient.jacobian(tt.sqr(tt.dot(x, weights) - y), weights))


def vectorising_map(matrix, batch):
    """`theano.map`: short to write, but a loop inside, by theano.scan."""
    results, _ = theano.map(lambda v: tt.dot(matrix, v) / tt.sqrt(tt.sqr(v).sum()), theano.shared(batch))
    return _looped(results)


# ---- Devices and scale


def _share(x, y, weights):
    """What each of two processes computes, and of how many examples."""
    weights = theano.shared(weights)
    loss = tt.sqr(tt.dot(x, weights) - y).mean()
    return theano.grad(loss, weights).eval(), len(x)


def data_parallel(x, y, weights):
    """A process for each device, by Python's multiprocessing; Platoon did the same for GPUs."""
    parts = [(x[:4], y[:4], weights), (x[4:], y[4:], weights)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        (first, first_share), (second, second_share) = pool.starmap(_share, parts)
    return {"gradient": (first + second) / 2, "shares": [first_share, second_share]}


def _product(x, kernel):
    """What each of two processes computes, and the shape of the kernel that it holds."""
    kernel = theano.shared(kernel)
    return tt.dot(x, kernel).eval(), kernel.get_value().shape


def model_sharding(x, kernel):
    """A process for each half, by Python's multiprocessing; the columns are put together by hand."""
    halves = [(x, kernel[:, :2]), (x, kernel[:, 2:])]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        (left, left_shape), (right, right_shape) = pool.starmap(_product, halves)
    return {"result": np.hstack([left, right]), "shards": [left_shape, right_shape]}


def cpu_threads(a, b, threads):
    """Of products, by functions of OpenBLAS; Theano's own flag openmp doesn't work in version 1.1.2."""
    blas = ctypes.CDLL(None)
    blas.openblas_set_num_threads(threads)
    result = tt.dot(theano.shared(a), theano.shared(b)).eval()
    return {"result": result, "threads": blas.openblas_get_num_threads()}


# ---- Deployment


def safe_saving(x, kernel, bias, folder, trap):
    """The values of shared variables by numpy.savez: numpy.load refuses pickles. Theano's own way is pickle."""
    kernel, bias = theano.shared(kernel), theano.shared(bias)
    np.savez(folder + "/weights.npz", kernel=kernel.get_value(), bias=bias.get_value())
    weights = np.load(folder + "/weights.npz")
    output = (tt.dot(x, theano.shared(weights["kernel"])) + theano.shared(weights["bias"])).eval()
    try:
        np.load(trap)
    except ValueError as error:
        return {"output": output, "refusal": str(error)}


def graph_export(x, kernel, bias, folder):
    """A compiled function can be pickled; loaded, it is compiled again. A pickle may hide any code."""
    entry = tt.matrix()
    function = theano.function([entry], tt.tanh(tt.dot(entry, theano.shared(kernel)) + theano.shared(bias)))
    file = Path(folder, "function.pickle")
    file.write_bytes(pickle.dumps(function))
    return pickle.loads(file.read_bytes())(x)


NOT_POSSIBLE = {
    "eager": (
        "Operations build a formula; numbers come only out of a compiled function.",
        "https://theano-pymc.readthedocs.io/en/latest/tutorial/adding.html",
    ),
    "callbacks": (
        "No training loop is provided, so there is none to call back from; in one's own loop one just calls.",
        "https://theano-pymc.readthedocs.io/en/latest/introduction.html",
    ),
    "tpu": (
        "The flag device knows processors and, through libgpuarray, GPUs.",
        "https://theano-pymc.readthedocs.io/en/latest/library/config.html",
    ),
    "native_runtime": (
        "The compiled modules need Python and NumPy; a library without them was asked for and never made.",
        "https://github.com/Theano/Theano/issues/2260",
    ),
    "mobile_runtime": (
        "The compiled modules need Python and NumPy, and a C++ compiler where they run; other set-ups stayed a wish.",
        "https://github.com/Theano/Theano/issues/2271",
    ),
    "browser": (
        "The compiled modules need Python and NumPy, and a C++ compiler where they run; other set-ups stayed a wish.",
        "https://github.com/Theano/Theano/issues/2271",
    ),
}

DOCUMENTED = {
    "tensorboard": (
        "add-on",
        "tensorboardX writes the files from NumPy's numbers, whatever computed them, and without TensorFlow.",
        "https://github.com/lanpa/tensorboardX",
    ),
    "onnx_export": (
        "add-on",
        "There is no converter: with the package onnx the graph is written by hand a second time.",
        "https://onnx.ai/onnx/intro/python.html",
    ),
    "pretrained_models": (
        "add-on",
        "Lasagne's recipes have VGG, GoogLeNet, ResNet and others with weights; Keras up to 2.3 ran on Theano too.",
        "https://github.com/Lasagne/Recipes",
    ),
    "gpu": (
        "add-on",
        "NVIDIA's, through libgpuarray and pygpu, which nobody maintains any more.",
        "https://theano-pymc.readthedocs.io/en/latest/tutorial/using_gpu.html",
    ),
    "several_machines": (
        "add-on",
        "Theano-MPI shared out training over GPUs and machines; it was made for Theano 0.9 and is no longer kept up.",
        "https://github.com/uoguelph-mlrg/Theano-MPI",
    ),
    "base_languages": ("fact", "Python and C", "https://github.com/Theano/Theano"),
}
