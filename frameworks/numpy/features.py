"""NumPy: no layers, no gradients and no training, but all of it can be written."""

import contextlib
import cProfile
import ctypes
import functools
import io
import itertools
import math
import pstats
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# ---- Layers


def dense(x, kernel, bias):
    """One product and one sum."""
    return x @ kernel + bias


def conv_1d(x, kernel, bias):
    """All windows as a view, without a copy, then one sum of products."""
    windows = sliding_window_view(x, len(kernel), axis=1)  # (N, width, in, kernel width)
    return np.einsum("nwik,kio->nwo", windows, kernel) + bias


def conv_2d(x, kernel, bias):
    """All windows as a view, without a copy, then one sum of products."""
    windows = sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
    return np.einsum("nhwikl,klio->nhwo", windows, kernel) + bias


def conv_3d(x, kernel, bias):
    """All windows as a view, without a copy, then one sum of products."""
    windows = sliding_window_view(x, kernel.shape[:3], axis=(1, 2, 3))
    return np.einsum("ndhwiklm,klmio->ndhwo", windows, kernel) + bias


def conv_transposed(x, kernel, stride):
    """Each place of the kernel adds its product to every other pixel."""
    n, height, width, _ = x.shape
    rows, columns, _, out = kernel.shape
    result = np.zeros((n, (height - 1) * stride + rows, (width - 1) * stride + columns, out), x.dtype)
    for i, j in np.ndindex(rows, columns):
        result[:, i : i + height * stride : stride, j : j + width * stride : stride] += x @ kernel[i, j]
    return result


def conv_depthwise(x, kernel):
    """As a convolution, but the sum doesn't run over the channels."""
    windows = sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
    return np.einsum("nhwckl,klc->nhwc", windows, kernel)


def conv_separable(x, depthwise, pointwise):
    """Both products in one sum."""
    windows = sliding_window_view(x, depthwise.shape[:2], axis=(1, 2))
    return np.einsum("nhwckl,klc,co->nhwo", windows, depthwise, pointwise, optimize=True)


def conv_dilated(x, kernel, dilation):
    """Larger windows, of which every other pixel is used."""
    size = [dilation * (length - 1) + 1 for length in kernel.shape[:2]]
    windows = sliding_window_view(x, size, axis=(1, 2))[..., ::dilation, ::dilation]
    return np.einsum("nhwikl,klio->nhwo", windows, kernel)


def conv_grouped(x, kernel, groups):
    """A convolution for each group of channels."""
    windows = sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
    parts = zip(np.split(windows, groups, axis=3), np.split(kernel, groups, axis=3), strict=True)
    return np.concatenate([np.einsum("nhwikl,klio->nhwo", *part) for part in parts], axis=3)


def max_pooling(x, size):
    """A larger array with axes for the inside of the windows; no copy."""
    n, height, width, channels = x.shape
    return x.reshape(n, height // size, size, width // size, size, channels).max(axis=(2, 4))


def average_pooling(x, size):
    """A larger array with axes for the inside of the windows; no copy."""
    n, height, width, channels = x.shape
    return x.reshape(n, height // size, size, width // size, size, channels).mean(axis=(2, 4))


def global_pooling(x):
    """A mean over two axes."""
    return x.mean(axis=(1, 2))


def adaptive_pooling(x, size):
    """The windows may overlap, so it is a loop over them."""

    def spans(length):
        return [slice(i * length // size, -(-(i + 1) * length // size)) for i in range(size)]

    result = [[x[:, row, column].mean(axis=(1, 2)) for column in spans(x.shape[2])] for row in spans(x.shape[1])]
    return np.transpose(result, (2, 0, 1, 3))


def batch_norm(x, scale, shift, epsilon):
    """The running statistics for later would be two lines more."""
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    return (x - mean) / np.sqrt(variance + epsilon) * scale + shift


def layer_norm(x, scale, shift, epsilon):
    """Mean and variance of each row."""
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * scale + shift


def group_norm(x, scale, shift, groups, epsilon):
    """The channels are split in two axes first."""
    split = x.reshape(*x.shape[:3], groups, -1)
    mean, variance = split.mean(axis=(1, 2, 4), keepdims=True), split.var(axis=(1, 2, 4), keepdims=True)
    return ((split - mean) / np.sqrt(variance + epsilon)).reshape(x.shape) * scale + shift


def embedding(table, indices):
    """`numpy.take`: or plainly table[indices]; the gradient is for numpy.add.at."""
    return np.take(table, indices, axis=0)


def lstm(x, kernel, recurrent, bias):
    """A loop over time; the gradient through time is left to the reader."""
    hidden, cell, states = np.zeros((len(x), kernel.shape[2])), 0, []
    for step in x.swapaxes(0, 1):
        entry, forget, new, exit_ = step @ kernel + hidden @ recurrent + bias[:, None]
        cell = _sigmoid(forget) * cell + _sigmoid(entry) * np.tanh(new)
        hidden = _sigmoid(exit_) * np.tanh(cell)
        states.append(hidden)
    return np.stack(states, axis=1)


def gru(x, kernel, recurrent, bias, recurrent_bias):
    """A loop over time; the gradient through time is left to the reader."""
    hidden, states = np.zeros((len(x), kernel.shape[2])), []
    for step in x.swapaxes(0, 1):
        of_x, of_hidden = step @ kernel + bias[:, None], hidden @ recurrent + recurrent_bias[:, None]
        reset, update = _sigmoid(of_x[:2] + of_hidden[:2])
        hidden = (1 - update) * np.tanh(of_x[2] + reset * of_hidden[2]) + update * hidden
        states.append(hidden)
    return np.stack(states, axis=1)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def multi_head_attention(x, query, key, value, output, heads):
    """Products with the heads as an axis of their own."""
    n, time, width = x.shape
    q, k, v = ((x @ kernel).reshape(n, time, heads, -1).swapaxes(1, 2) for kernel in (query, key, value))
    scores = np.exp(q @ k.swapaxes(2, 3) / math.sqrt(width // heads))
    mixed = scores / scores.sum(axis=-1, keepdims=True) @ v
    return mixed.swapaxes(1, 2).reshape(n, time, width) @ output


def residual_block(x, first, second):
    """Two convolutions and an addition."""
    return np.maximum(x + _same_conv(np.maximum(_same_conv(x, first), 0), second), 0)


def _same_conv(x, kernel):
    """A convolution with as many zeros around as keep the size."""
    by = len(kernel) // 2
    windows = sliding_window_view(np.pad(x, [(0, 0), (by, by), (by, by), (0, 0)]), kernel.shape[:2], axis=(1, 2))
    return np.einsum("nhwikl,klio->nhwo", windows, kernel)


def inception_block(x, one, three, five):
    """Three convolutions and a pooling, joined along the channels."""
    border = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=-np.inf)
    pooled = sliding_window_view(border, (3, 3), axis=(1, 2)).max(axis=(4, 5))
    return np.concatenate([*(_same_conv(x, kernel) for kernel in (one, three, five)), pooled], axis=3)


def upsampling(x, factor):
    """Each pixel is repeated along both axes."""
    return x.repeat(factor, axis=1).repeat(factor, axis=2)


# ---- Losses and activations


def _log_softmax(logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)  # or exp overflows
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def cross_entropy_logits(logits, labels):
    """The largest logit is subtracted first: one must think of it oneself."""
    return -_log_softmax(logits)[np.arange(len(labels)), labels].mean()


def cross_entropy_probabilities(probabilities, labels):
    """One index and a logarithm."""
    return -np.log(probabilities[np.arange(len(labels)), labels]).mean()


def label_smoothing(logits, labels, smoothing):
    """The labels become rows of a matrix first."""
    classes = logits.shape[1]
    targets = (1 - smoothing) * np.eye(classes)[labels] + smoothing / classes
    return -(targets * _log_softmax(logits)).sum(axis=1).mean()


def binary_cross_entropy(logits, labels):
    """By logaddexp, which doesn't overflow."""
    return (np.logaddexp(0, logits) - labels * logits).mean()


def focal_loss(logits, labels, alpha, gamma):
    """As written in the paper."""
    losses = np.logaddexp(0, logits) - labels * logits
    right = np.exp(-losses)
    return (np.where(labels == 1, alpha, 1 - alpha) * (1 - right) ** gamma * losses).mean()


def hinge_loss(scores, labels):
    """One line."""
    return np.maximum(0, 1 - labels * scores).mean()


def huber_loss(predictions, targets):
    """A square below 1, a line above."""
    error = np.abs(predictions - targets)
    return np.where(error < 1, error**2 / 2, error - 0.5).mean()


def kl_divergence(p, q):
    """One line; scipy.special.rel_entr is careful with zeros too."""
    return (p * np.log(p / q)).sum(axis=1).mean()


def ctc_loss(logits, labels):
    """The forward recursion over the label with blanks between; the gradient would need the backward one too."""
    path = np.zeros((len(labels), 2 * labels.shape[1] + 1), int)
    path[:, 1::2] = labels
    steps = np.take_along_axis(_log_softmax(logits), path[:, None], axis=2)  # (N, time, path)
    skip = np.where((path != 0) & (path != np.roll(path, 2, axis=1)), 0, -np.inf)[:, 2:]
    forward = np.where(np.arange(path.shape[1]) < 2, steps[:, 0], -np.inf)
    for step in steps.swapaxes(0, 1)[1:]:
        forward = step + _forward(forward, skip)
    return -np.logaddexp(forward[:, -1], forward[:, -2])


def _forward(before, skip):
    """One step of it: stay, move on by one, or skip a blank between two labels that differ."""
    after = before.copy()
    after[:, 1:] = np.logaddexp(after[:, 1:], before[:, :-1])
    after[:, 2:] = np.logaddexp(after[:, 2:], before[:, :-2] + skip)
    return after


def triplet_loss(anchor, positive, negative, margin):
    """Two norms and their difference."""
    near, far = (np.linalg.norm(anchor - other, axis=1) for other in (positive, negative))
    return np.maximum(0, near - far + margin).mean()


def relu(x):
    """One line."""
    return np.maximum(x, 0)


def leaky_relu(x, slope):
    """One line."""
    return np.where(x > 0, x, slope * x)


def elu(x):
    """The minimum keeps the exponential of large numbers from overflowing."""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def selu(x):
    """The two constants are typed from the paper."""
    return 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0)))


def gelu(x):
    """`scipy.special.ndtr`: NumPy has no error function."""
    from scipy import special

    return x * special.ndtr(x)


def silu(x):
    """One line; exp(-x) overflows to infinity for very negative x, and the result is still right."""
    return x / (1 + np.exp(-x))


def softplus(x):
    """`numpy.logaddexp`: of 0 and x."""
    return np.logaddexp(0, x)


def mish(x):
    """One line."""
    return x * np.tanh(np.logaddexp(0, x))


def custom_activation(x):
    """There are no automatic gradients: each is written by hand anyway."""
    return {"value": np.sign(x), "gradient": np.where(np.abs(x) <= 1, 1.0, 0.0)}


# ---- Training aids


def dropout(x, rate):
    """A random mask, scaled; outside of training it is left out."""

    def layer(x, training):
        keep = np.random.default_rng(0).random(x.shape) >= rate
        return x * keep / (1 - rate) if training else x

    return {"training": layer(x, training=True), "evaluation": layer(x, training=False)}


def spatial_dropout(x, rate):
    """A mask with one number for each channel of each image."""
    keep = np.random.default_rng(0).random((len(x), 1, 1, x.shape[-1])) >= rate
    return x * keep / (1 - rate)


def l1_l2(weights, l1, l2):
    """Two sums."""
    return l1 * np.abs(weights).sum() + l2 * np.square(weights).sum()


def weight_decay(weights, gradients, learning_rate, decay):
    """One more term."""
    for gradient in gradients:
        weights = weights - learning_rate * (gradient + decay * weights)
    return weights


def clip_by_norm(kernel, bias, limit):
    """The norm of all gradients together, then one factor."""
    norm = np.sqrt(np.square(kernel).sum() + np.square(bias).sum())
    return [gradient * min(1, limit / norm) for gradient in (kernel, bias)]


def clip_by_value(gradient, limit):
    """`numpy.clip`: any array."""
    return np.clip(gradient, -limit, limit)


def step_schedule(rate, factor, every, steps):
    """A formula."""
    return rate * factor ** (steps // every)


def cosine_schedule(rate, total, steps):
    """A formula."""
    return rate * (1 + np.cos(np.pi * steps / total)) / 2


def warm_up(rate, warm_up, steps):
    """By numpy.interp: straight between two points, constant beyond."""
    return np.interp(steps, [0, warm_up], [0.1 * rate, rate])


def momentum(weights, gradients, learning_rate, momentum):
    """Two lines for each step."""
    return _with_momentum((weights, np.zeros_like(weights)), gradients, learning_rate, momentum)[0]


def _with_momentum(state, gradients, learning_rate, momentum):
    weights, velocity = state
    for gradient in gradients:
        velocity = momentum * velocity + gradient
        weights = weights - learning_rate * velocity
    return weights, velocity


def nesterov(weights, gradients, learning_rate, momentum):
    """Two lines for each step."""
    velocity = np.zeros_like(weights)
    for gradient in gradients:
        velocity = momentum * velocity + gradient
        weights = weights - learning_rate * (gradient + momentum * velocity)
    return weights


def adam(weights, gradients, learning_rate):
    """As in the paper."""
    return _adam(weights, gradients, learning_rate, decay=0)


def _adam(weights, gradients, learning_rate, decay):
    mean = square = 0
    for step, gradient in enumerate(gradients, start=1):
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        direction = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        weights = weights - learning_rate * (direction + decay * weights)
    return weights


def adamw(weights, gradients, learning_rate, decay):
    """Adam with one more term, which the averages don't see."""
    return _adam(weights, gradients, learning_rate, decay)


def rmsprop(weights, gradients, learning_rate, decay):
    """Two lines for each step."""
    square = np.zeros_like(weights)
    for gradient in gradients:
        square = decay * square + (1 - decay) * gradient**2
        weights = weights - learning_rate * gradient / (np.sqrt(square) + 1e-8)
    return weights


def weight_average(weights, decay):
    """One line for each step."""
    average = weights[0]
    for current in weights[1:]:
        average = decay * average + (1 - decay) * current
    return average


def early_stopping(losses, patience):
    """A best value and a counter in one's own loop."""
    best, waited = np.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            return epoch
    return len(losses)


def checkpoint(weights, gradients, learning_rate, momentum, folder):
    """By numpy.savez, for any arrays; what belongs to the state, one must know oneself."""
    start = weights, np.zeros_like(weights)
    unbroken, _ = _with_momentum(start, gradients, learning_rate, momentum)
    np.savez(f"{folder}/state.npz", *_with_momentum(start, gradients[:2], learning_rate, momentum))
    with np.load(f"{folder}/state.npz") as state:
        resumed, _ = _with_momentum(state.values(), gradients[2:], learning_rate, momentum)
    return {"resumed": resumed, "unbroken": unbroken}


def mixed_precision(x, kernel):
    """float16 is slow here: processors convert each number to and fro."""
    return {"result": x.astype(np.float16) @ kernel.astype(np.float16), "weights": str(kernel.dtype)}


def gradient_accumulation(weights, gradients, learning_rate, every):
    """A sum and a condition in one's own loop."""
    total, after = 0, []
    for step, gradient in enumerate(gradients, start=1):
        total = total + gradient / every
        if step % every == 0:
            weights, total = weights - learning_rate * total, 0
        after.append(weights)
    return np.stack(after)


def mirror(images):
    """`numpy.flip`: a view, without a copy."""
    return np.flip(images, axis=2)


def crop(images, top, left, height, width):
    """A slice: a view, without a copy."""
    return images[:, top : top + height, left : left + width]


def shear(image):
    """`scipy.ndimage.affine_transform`: NumPy has nothing for images."""
    from scipy import ndimage

    middle = len(image) // 2
    return ndimage.affine_transform(image, [[1, 0], [-1, 1]], offset=[0, middle], order=1)


def rotate(image, degrees):
    """`scipy.ndimage.rotate`: NumPy has nothing for images."""
    from scipy import ndimage

    return ndimage.rotate(image, degrees, reshape=False, order=1)


def class_weights(logits, labels, weights):
    """Each loss times the weight at its label."""
    return -_log_softmax(logits)[np.arange(len(labels)), labels] * weights[labels]


def seeds(seed, count):
    """`numpy.random.default_rng`: a generator with a state of its own, none for the whole program."""
    return [np.random.default_rng(number).random(count) for number in (seed, seed, seed + 1)]


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
    """A print in one's own loop; tqdm is the usual add-on."""
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        for step in range(1, steps + 1):
            print(f"\rstep {step}/{steps}", end="")
    return shown.getvalue()


def metrics(labels, scores):
    """Counts over all batches; scikit-learn has them ready."""
    predicted = scores > 0.5
    right = np.sum(predicted & (labels == 1))
    return {
        "accuracy": np.mean(predicted == labels),
        "precision": right / predicted.sum(),
        "recall": right / labels.sum(),
    }


def model_summary(sizes):
    """A model is whatever one says it is, so its summary is too."""
    counts = [(inputs + 1) * units for inputs, units in itertools.pairwise(sizes)]
    lines = [f"dense {units}: {count} parameters" for units, count in zip(sizes[1:], counts, strict=True)]
    return "\n".join([*lines, f"in all: {sum(counts)} parameters"])


def parameter_summary(kernel, bias):
    """A dict of arrays is gone through like any dict."""
    model = {"kernel": kernel, "bias": bias}
    return {name: [array.size, array.mean(), array.std()] for name, array in model.items()}


def profiling(a, b):
    """Python's own profiler sees methods of arrays, but not the operator @."""
    profile = cProfile.Profile()
    profile.runcall(a.dot, b)
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        pstats.Stats(profile).print_stats()
    return shown.getvalue()


def tensorboard(values, folder):
    """`tensorboard.summary.writer.record_writer.RecordWriter`: each event is put together by hand."""
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.record_writer import RecordWriter

    with open(f"{folder}/events.out.tfevents.1", "wb") as file:
        for step, loss in enumerate(values.tolist()):
            scalar = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="loss", simple_value=loss)])
            RecordWriter(file).write(event_pb2.Event(step=step, summary=scalar).SerializeToString())


def filter_images(kernel):
    """Two changes of the shape, and one scale for all; matplotlib draws it."""
    height, width, _, count = kernel.shape
    scaled = (kernel - kernel.min()) / np.ptp(kernel)
    return scaled.reshape(height, width, 2, count // 2).transpose(2, 0, 3, 1).reshape(2 * height, -1)


def quantisation(x, kernel):
    """A scale for each unit; the product itself is computed in floats."""
    scale = np.abs(kernel).max(axis=0) / 127
    weights = np.rint(kernel / scale).astype(np.int8)
    return {"result": x @ weights * scale, "weights": str(weights.dtype)}


# ---- Abstraction


def eager(number):
    """`numpy.array`: every operation computes at once; a debugger sees each value."""
    value, count = np.array(number), 0
    while value != 1:
        value = value // 2 if value % 2 == 0 else 3 * value + 1
        count += 1
    return count


def functional_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """Plain functions, called on each other."""

    def dense(x, kernel, bias):
        return x @ kernel + bias

    return dense(np.maximum(dense(x, kernel_1, bias_1), 0), kernel_2, bias_2) + x


def sequential_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """A list of functions."""
    layers = [lambda x: x @ kernel_1 + bias_1, lambda x: np.maximum(x, 0), lambda x: x @ kernel_2 + bias_2]
    return functools.reduce(lambda value, layer: layer(value), layers, x)


def subclassed_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """Any class will do."""

    class Model:
        def __init__(self, first, second):
            self.first, self.second = first, second

        def __call__(self, x):
            hidden = np.maximum(x @ self.first[0] + self.first[1], 0)
            return hidden @ self.second[0] + self.second[1] + x

    return Model((kernel_1, bias_1), (kernel_2, bias_2))(x)


def training_loop(x, y, learning_rate, epochs):
    """Written by hand, the gradient too."""
    weights = np.zeros(x.shape[1], x.dtype)
    for _ in range(epochs):
        weights -= learning_rate * 2 * x.T @ (x @ weights - y) / len(x)
    return weights


# ---- Customisation


def custom_layer(x, scale):
    """Two formulas: forward, and backward by hand."""
    output, upstream = x * scale, np.ones_like(x)
    return {"output": output, "gradient": (upstream * x).sum(axis=0)}


def custom_loss(predictions, targets):
    """Two formulas: the gradient is found by hand."""
    error = predictions - targets
    return {"loss": np.log(np.cosh(error)).mean(), "gradient": np.tanh(error) / len(error)}


def custom_optimiser(weights, gradients, learning_rate):
    """One line for each step."""
    for gradient in gradients:
        weights = weights - learning_rate * np.sign(gradient)
    return weights


def custom_gradient(x, upstream):
    """Every gradient is written by hand, so it can be any."""
    return {"value": x**2, "gradient": -0.5 * upstream}


def custom_training_step(x, y, learning_rate, epochs):
    """The loop is one's own, so anything goes."""
    weights = np.zeros(x.shape[1], x.dtype)
    for _ in range(epochs):
        gradient = x.T @ (x @ weights - y)
        weights -= learning_rate * gradient / np.linalg.norm(gradient)
    return weights


def custom_kernel(x, folder):
    """By numpy.ctypeslib, which hands arrays to C; one compiles it oneself."""
    code = "void kernel(float *x, int n) { for (int i = 0; i < n; i++) x[i] = x[i] * x[i] + 1; }"
    subprocess.run(
        ["g++", "-x", "c", "-shared", "-fPIC", "-o", f"{folder}/kernel.so", "-"], input=code.encode(), check=True
    )
    kernel = ctypes.CDLL(f"{folder}/kernel.so").kernel
    kernel.argtypes = [np.ctypeslib.ndpointer(np.float32), ctypes.c_int]
    kernel(result := x.copy(), len(x))
    return result


def forward_hook(x, kernel_1, bias_1, kernel_2, bias_2):
    """Instead of the last value of a list of functions, all of them."""
    layers = [lambda x: x @ kernel_1 + bias_1, lambda x: np.maximum(x, 0), lambda x: x @ kernel_2 + bias_2]
    _, _, hidden, _ = itertools.accumulate(layers, lambda value, layer: layer(value), initial=x)
    return hidden


def second_derivative(x):
    """The first by hand, the second by a complex step, which is exact; for formulas that take complex numbers."""
    step = 1e-20
    z = x + step * 1j
    return (3 * z**2 + np.cos(z)).imag / step


def jacobian(matrix, x):
    """By complex steps, all at once, which is exact; for formulas that take complex numbers."""
    step = 1e-20
    return np.tanh(matrix @ (x[:, None] + step * 1j * np.eye(len(x)))).imag / step


def hessian_vector_product(matrix, x, vector):
    """The gradient by hand, then a complex step along the vector, which is exact."""
    step = 1e-20
    z = x + step * 1j * vector
    return (4 * matrix.T @ (matrix @ z) ** 3).imag / step


def per_example_gradients(x, y, weights):
    """By hand: the sum over the examples is left out."""
    return 2 * (x @ weights - y)[:, None] * x


def vectorising_map(matrix, batch):
    """`numpy.vectorize(signature=)`: convenient, but a Python loop inside."""

    def function(vector):
        return matrix @ vector / np.linalg.norm(vector)

    return np.vectorize(function, signature="(n)->(m)")(batch)


# ---- Devices and scale


def data_parallel(x, y, weights):
    """Two threads: NumPy knows no devices but the processor, and its products run beside each other."""

    def gradient(part):
        return 2 * x[part].T @ (x[part] @ weights - y[part]) / len(x), len(x[part])

    with ThreadPoolExecutor(max_workers=2) as pool:
        gradients, shares = zip(*pool.map(gradient, [slice(0, 4), slice(4, 8)]), strict=True)
    return {"gradient": sum(gradients), "shares": shares}


def cpu_threads(a, b, threads):
    """`threadpoolctl.threadpool_limits`: or OPENBLAS_NUM_THREADS before the start."""
    from threadpoolctl import threadpool_info, threadpool_limits

    with threadpool_limits(threads, user_api="blas"):
        return {"result": a @ b, "threads": threadpool_info()[0]["num_threads"]}


# ---- Deployment


def safe_saving(x, kernel, bias, folder, trap):
    """`numpy.load`: pickles are refused unless one asks for them."""
    np.savez(f"{folder}/weights.npz", kernel=kernel, bias=bias)
    with np.load(f"{folder}/weights.npz") as weights:
        output = x @ weights["kernel"] + weights["bias"]
    try:
        np.load(trap)
    except ValueError as error:
        return {"output": output, "refusal": str(error)}


def onnx_export(kernel, bias, file):
    """`onnx.helper.make_graph`: the graph is written by hand a second time."""
    from onnx import TensorProto, helper, numpy_helper, save

    nodes = [helper.make_node("Gemm", ["x", "kernel", "bias"], ["sum"]), helper.make_node("Tanh", ["sum"], ["y"])]
    entry, result = (
        helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", size]) for n, size in (("x", 4), ("y", 3))
    )
    weights = [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")]
    graph = helper.make_graph(nodes, "dense", [entry], [result], weights)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), file)


NOT_POSSIBLE = {
    "pretrained_models": (
        "NumPy is a library for arrays: there are no networks in it, and so none with weights.",
        "https://numpy.org/doc/stable/reference/routines.html",
    ),
    "traced_graph": (
        "NumPy calls compiled loops one operation at a time; nothing records them for later.",
        "https://numpy.org/doc/stable/user/whatisnumpy.html",
    ),
    "static_graph": (
        "NumPy computes at once and keeps no graph of what it did.",
        "https://numpy.org/doc/stable/user/whatisnumpy.html",
    ),
    "callbacks": (
        "No training loop is provided, so there is none to call back from; in one's own loop one just calls.",
        "https://numpy.org/doc/stable/reference/routines.html",
    ),
    "gpu": (
        "NumPy's arrays live in the processor's memory: their device is always cpu. CuPy has the same API on GPUs.",
        "https://numpy.org/doc/stable/reference/generated/numpy.__array_namespace_info__.default_device.html",
    ),
    "tpu": (
        "NumPy's arrays live in the processor's memory: their device is always cpu.",
        "https://numpy.org/doc/stable/reference/generated/numpy.__array_namespace_info__.default_device.html",
    ),
    "model_sharding": (
        "NumPy's arrays live in the processor's memory as one block: there is no second device for a part of them.",
        "https://numpy.org/doc/stable/reference/generated/numpy.__array_namespace_info__.default_device.html",
    ),
    "graph_export": (
        "Only arrays can be saved: there is no graph of the computation to go with them.",
        "https://numpy.org/doc/stable/reference/routines.io.html",
    ),
    "native_runtime": (
        "NumPy has a C API, but it is one for extensions of Python, which must be running.",
        "https://numpy.org/doc/stable/reference/c-api/array.html",
    ),
}

DOCUMENTED = {
    "several_machines": (
        "add-on",
        "mpi4py sends arrays between processes on different machines, and adds them up.",
        "https://mpi4py.readthedocs.io/en/stable/tutorial.html",
    ),
    "browser": (
        "add-on",
        "Pyodide, Python compiled to WebAssembly, brings NumPy along.",
        "https://github.com/pyodide/pyodide",
    ),
    "mobile_runtime": (
        "add-on",
        "Chaquopy builds Python into Android apps, and has NumPy for it.",
        "https://anaconda.org/channels/chaquo/packages/numpy/files",
    ),
    "base_languages": ("fact", "Python and C, some C++", "https://github.com/numpy/numpy"),
}
