"""What each feature must give, by NumPy and SciPy: for each row of features.toml a `@check` of the same name.

Each gives `(arguments, expected)`. The arguments go to the probe by keyword: arrays (float32 or int64 when they
arrive), numbers, texts. Expected is an array, a number, a list or dict of these; or, where there is no single right
value, a dict of sentences and what must be true of the probe's value, which arrives as lists and numbers. A function
that takes `folder` gets an empty one, which the probe can be sent to, and which is looked at afterwards.

Layouts are the project's: channels last, kernels (height, width, in, out), dense (in, out).
"""

import pickle
import re
import struct

import numpy as np
from scipy import ndimage, special

from concord.ask.features import near

CHECKS = {}


def check(function):
    """Marks the check of the row with the function's name."""
    CHECKS[function.__name__] = function
    return function


def numbers(*shape, seed=0):
    """Numbers around 0 with two digits, so that they read well."""
    return np.random.default_rng([seed, *shape]).normal(0, 1, shape).round(2)


def positive(*shape, seed=0):
    return (abs(numbers(*shape, seed=seed)) + 0.1).round(2)


def sigmoid(x):
    return special.expit(x)


def relu_(x):
    return np.maximum(x, 0)


# ---- Layers


def convolved(x, kernel, stride=1, dilation=1):
    """The valid cross-correlation of x (N, ..., in) with a kernel (..., in, out), in any number of dimensions."""
    sizes, dimensions = kernel.shape[:-2], kernel.ndim - 2
    out = [(n - dilation * (k - 1) - 1) // stride + 1 for n, k in zip(x.shape[1:], sizes, strict=False)]
    result = np.zeros((len(x), *out, kernel.shape[-1]))
    for place in np.ndindex(*sizes):
        cut = [
            slice(dilation * p, dilation * p + stride * (o - 1) + 1, stride) for p, o in zip(place, out, strict=True)
        ]
        result += x[(slice(None), *cut)] @ kernel[place]
    assert result.ndim == dimensions + 2
    return result


def padded(x, by):
    return np.pad(x, [(0, 0), *[(by, by)] * (x.ndim - 2), (0, 0)])


@check
def dense():
    x, kernel, bias = numbers(5, 4), numbers(4, 3), numbers(3)
    return {"x": x, "kernel": kernel, "bias": bias}, x @ kernel + bias


@check
def conv_1d():
    x, kernel, bias = numbers(2, 9, 3), numbers(3, 3, 4), numbers(4)
    return {"x": x, "kernel": kernel, "bias": bias}, convolved(x, kernel) + bias


@check
def conv_2d():
    x, kernel, bias = numbers(2, 6, 7, 3), numbers(3, 3, 3, 4), numbers(4)
    return {"x": x, "kernel": kernel, "bias": bias}, convolved(x, kernel) + bias


@check
def conv_3d():
    x, kernel, bias = numbers(2, 4, 5, 6, 2), numbers(2, 3, 3, 2, 3), numbers(3)
    return {"x": x, "kernel": kernel, "bias": bias}, convolved(x, kernel) + bias


@check
def conv_transposed():
    """Stride 2, no padding: each input pixel lays down the whole kernel (height, width, in, out)."""
    x, kernel = numbers(2, 4, 5, 3), numbers(3, 3, 3, 2)
    result = np.zeros((2, 9, 11, 2))
    for i, j in np.ndindex(3, 3):
        result[:, i : i + 8 : 2, j : j + 10 : 2] += x @ kernel[i, j]
    return {"x": x, "kernel": kernel, "stride": 2}, result


def depthwise(x, kernel):
    """Each channel with its own filter: kernel (height, width, channels)."""
    full = np.zeros((*kernel.shape, kernel.shape[-1]))
    for channel in range(kernel.shape[-1]):
        full[:, :, channel, channel] = kernel[:, :, channel]
    return convolved(x, full)


@check
def conv_depthwise():
    x, kernel = numbers(2, 6, 6, 3), numbers(3, 3, 3)
    return {"x": x, "kernel": kernel}, depthwise(x, kernel)


@check
def conv_separable():
    x, kernel, pointwise = numbers(2, 6, 6, 3), numbers(3, 3, 3), numbers(3, 5)
    return {"x": x, "depthwise": kernel, "pointwise": pointwise}, depthwise(x, kernel) @ pointwise


@check
def conv_dilated():
    x, kernel = numbers(2, 8, 8, 2), numbers(3, 3, 2, 3)
    return {"x": x, "kernel": kernel, "dilation": 2}, convolved(x, kernel, dilation=2)


@check
def conv_grouped():
    """Two groups: kernel (height, width, in / groups, out); the first half of `out` sees the first half of `in`."""
    x, kernel = numbers(2, 6, 6, 4), numbers(3, 3, 2, 6)
    first = convolved(x[..., :2], kernel[..., :3])
    second = convolved(x[..., 2:], kernel[..., 3:])
    return {"x": x, "kernel": kernel, "groups": 2}, np.concatenate([first, second], axis=-1)


def windows(x):
    """The 2 by 2 windows of images (N, H, W, C): (N, H/2, 2, W/2, 2, C)."""
    n, height, width, channels = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, channels)


@check
def max_pooling():
    x = numbers(2, 6, 8, 3)
    return {"x": x, "size": 2}, windows(x).max(axis=(2, 4))


@check
def average_pooling():
    x = numbers(2, 6, 8, 3)
    return {"x": x, "size": 2}, windows(x).mean(axis=(2, 4))


@check
def global_pooling():
    x = numbers(2, 5, 6, 3)
    return {"x": x}, x.mean(axis=(1, 2))


@check
def adaptive_pooling():
    """The mean of windows from floor(i n / size) to ceil((i + 1) n / size)."""
    x, size = numbers(2, 7, 8, 3), 3
    edges = [[(i * n // size, -(-(i + 1) * n // size)) for i in range(size)] for n in (7, 8)]
    rows = [np.stack([x[:, a:b, c:d].mean(axis=(1, 2)) for c, d in edges[1]], axis=1) for a, b in edges[0]]
    return {"x": x, "size": size}, np.stack(rows, axis=1)


def normalised(x, axis, epsilon):
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + epsilon)


@check
def batch_norm():
    """As in training: with the batch's own mean and variance."""
    x, scale, shift = numbers(4, 3, 3, 5), positive(5), numbers(5)
    result = normalised(x, (0, 1, 2), 1e-3) * scale + shift
    return {"x": x, "scale": scale, "shift": shift, "epsilon": 1e-3}, result


@check
def layer_norm():
    x, scale, shift = numbers(4, 6), positive(6), numbers(6)
    return {"x": x, "scale": scale, "shift": shift, "epsilon": 1e-3}, normalised(x, -1, 1e-3) * scale + shift


@check
def group_norm():
    """Two groups of three channels; mean and variance over a group's channels and all places."""
    x, scale, shift = numbers(2, 4, 4, 6), positive(6), numbers(6)
    result = normalised(x.reshape(2, 4, 4, 2, 3), (1, 2, 4), 1e-3).reshape(x.shape)
    return {"x": x, "scale": scale, "shift": shift, "groups": 2, "epsilon": 1e-3}, result * scale + shift


@check
def embedding():
    table, indices = numbers(10, 4), np.array([[3, 9, 0], [7, 3, 1]])
    return {"table": table, "indices": indices}, table[indices]


@check
def lstm():
    """All hidden states (N, time, units). kernel (4, in, units), recurrent (4, units, units), bias (4, units): input,
    forget, cell, output."""
    x, kernel, recurrent, bias = numbers(2, 5, 3), numbers(4, 3, 4), numbers(4, 4, 4) / 2, numbers(4, 4)
    hidden, cell, states = np.zeros((2, 4)), np.zeros((2, 4)), []
    for t in range(5):
        i, f, g, o = (x[:, t] @ kernel[k] + hidden @ recurrent[k] + bias[k] for k in range(4))
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    return {"x": x, "kernel": kernel, "recurrent": recurrent, "bias": bias}, np.stack(states, axis=1)


@check
def gru():
    """All hidden states (N, time, units). kernel (3, in, units), recurrent (3, units, units), bias and recurrent_bias
    (3, units): reset, update, new. The reset gate comes after the recurrent product, as in cuDNN."""
    x, kernel, recurrent = numbers(2, 5, 3), numbers(3, 3, 4), numbers(3, 4, 4) / 2
    bias, recurrent_bias = numbers(3, 4), numbers(3, 4, seed=1)
    hidden, states = np.zeros((2, 4)), []
    for t in range(5):
        of_x = [x[:, t] @ kernel[k] + bias[k] for k in range(3)]
        of_hidden = [hidden @ recurrent[k] + recurrent_bias[k] for k in range(3)]
        reset, update = sigmoid(of_x[0] + of_hidden[0]), sigmoid(of_x[1] + of_hidden[1])
        hidden = (1 - update) * np.tanh(of_x[2] + reset * of_hidden[2]) + update * hidden
        states.append(hidden)
    arguments = {"x": x, "kernel": kernel, "recurrent": recurrent, "bias": bias, "recurrent_bias": recurrent_bias}
    return arguments, np.stack(states, axis=1)


@check
def multi_head_attention():
    """Self-attention of x (N, time, 8) with two heads of 4; query, key, value, output are (8, 8), without a bias."""
    x = numbers(2, 5, 8)
    query, key, value, output = (numbers(8, 8, seed=seed) / 2 for seed in range(4))

    def heads(kernel):  # (N, heads, time, 4)
        return (x @ kernel).reshape(2, 5, 2, 4).transpose(0, 2, 1, 3)

    scores = special.softmax(heads(query) @ heads(key).swapaxes(2, 3) / 2, axis=-1)
    result = (scores @ heads(value)).transpose(0, 2, 1, 3).reshape(2, 5, 8) @ output
    return {"x": x, "query": query, "key": key, "value": value, "output": output, "heads": 2}, result


@check
def residual_block():
    """ReLU(x + conv(ReLU(conv(x)))), both 3 by 3 with padding that keeps the size."""
    x, first, second = numbers(2, 5, 5, 3), numbers(3, 3, 3, 3), numbers(3, 3, 3, 3, seed=1)
    result = relu_(x + convolved(padded(relu_(convolved(padded(x, 1), first)), 1), second))
    return {"x": x, "first": first, "second": second}, result


@check
def inception_block():
    """Side by side along the channels: conv of 1, 3, 5 pixels, a max pooling of 3 with stride 1; all keep the size."""
    x = numbers(2, 6, 6, 3)
    one, three, five = numbers(1, 1, 3, 2), numbers(3, 3, 3, 2), numbers(5, 5, 3, 2)
    pooled = ndimage.maximum_filter(x, size=(1, 3, 3, 1), mode="constant", cval=-np.inf)
    branches = [convolved(x, one), convolved(padded(x, 1), three), convolved(padded(x, 2), five), pooled]
    return {"x": x, "one": one, "three": three, "five": five}, np.concatenate(branches, axis=-1)


@check
def upsampling():
    x = numbers(2, 3, 4, 2)
    return {"x": x, "factor": 2}, x.repeat(2, axis=1).repeat(2, axis=2)


# ---- Losses and activations: losses are means over the batch


LABELS = np.array([2, 0, 3, 1, 1, 2])


def picked(log_probabilities):
    return -log_probabilities[np.arange(len(LABELS)), LABELS]


@check
def cross_entropy_logits():
    """One logit is so large that a softmax in float32 overflows unless it is done with care."""
    logits = numbers(6, 4)
    logits[0, 1] = 200
    return {"logits": logits, "labels": LABELS}, picked(special.log_softmax(logits, axis=1)).mean()


@check
def cross_entropy_probabilities():
    probabilities = special.softmax(numbers(6, 4), axis=1)
    return {"probabilities": probabilities, "labels": LABELS}, picked(np.log(probabilities)).mean()


@check
def label_smoothing():
    """The labels are mixed with the uniform distribution over the 4 classes: 1 - smoothing to smoothing."""
    logits, smoothing = numbers(6, 4), 0.1
    targets = (1 - smoothing) * np.eye(4)[LABELS] + smoothing / 4
    result = -(targets * special.log_softmax(logits, axis=1)).sum(axis=1).mean()
    return {"logits": logits, "labels": LABELS, "smoothing": smoothing}, result


YES_OR_NO = np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.0])


def binary_losses(logits):
    return np.where(YES_OR_NO == 1, np.logaddexp(0, -logits), np.logaddexp(0, logits))


@check
def binary_cross_entropy():
    logits = numbers(6)
    return {"logits": logits, "labels": YES_OR_NO}, binary_losses(logits).mean()


@check
def focal_loss():
    """The binary one: alpha_t (1 - p_t)^gamma times the cross-entropy."""
    logits, alpha, gamma = numbers(6), 0.25, 2.0
    right = np.where(YES_OR_NO == 1, sigmoid(logits), 1 - sigmoid(logits))
    balance = np.where(YES_OR_NO == 1, alpha, 1 - alpha)
    result = (balance * (1 - right) ** gamma * binary_losses(logits)).mean()
    return {"logits": logits, "labels": YES_OR_NO, "alpha": alpha, "gamma": gamma}, result


@check
def hinge_loss():
    """Labels are -1 or 1."""
    scores, labels = numbers(6), 2 * YES_OR_NO - 1
    return {"scores": scores, "labels": labels}, relu_(1 - labels * scores).mean()


@check
def huber_loss():
    """Half the square up to delta = 1, linear beyond."""
    predictions, targets = numbers(6), 2 * numbers(6, seed=1)
    return {"predictions": predictions, "targets": targets}, special.huber(1, predictions - targets).mean()


@check
def kl_divergence():
    """Of p from q, each row a distribution: sum of p log(p / q), then the mean over the rows."""
    p, q = special.softmax(numbers(6, 4), axis=1), special.softmax(numbers(6, 4, seed=1), axis=1)
    return {"p": p, "q": q}, special.rel_entr(p, q).sum(axis=1).mean()


@check
def ctc_loss():
    """Of logits (N, time, classes) and labels (N, length): the loss of each example, (N,). 0 is the blank."""
    logits, labels = numbers(2, 6, 4), np.array([[1, 2, 2], [3, 1, 2]])
    losses = []
    for steps, label in zip(special.log_softmax(logits, axis=2), labels, strict=True):
        path = [0]
        for symbol in label:
            path += [symbol, 0]
        forward = np.full(len(path), -np.inf)
        forward[:2] = steps[0, path[:2]]
        for step in steps[1:]:
            before = forward
            forward = np.empty_like(before)
            for i, symbol in enumerate(path):
                skips = i > 1 and symbol != 0 and symbol != path[i - 2]
                forward[i] = np.logaddexp.reduce(before[max(0, i - 1 - skips) : i + 1]) + step[symbol]
        losses.append(-np.logaddexp(forward[-1], forward[-2]))
    return {"logits": logits, "labels": labels}, np.array(losses)


@check
def triplet_loss():
    """ReLU(|anchor - positive| - |anchor - negative| + margin), Euclidean."""
    anchor, positive_, negative = (numbers(6, 3, seed=seed) for seed in range(3))
    distances = [np.linalg.norm(anchor - other, axis=1) for other in (positive_, negative)]
    result = relu_(distances[0] - distances[1] + 1).mean()
    return {"anchor": anchor, "positive": positive_, "negative": negative, "margin": 1.0}, result


X = np.array([-30, -4, -2.5, -1, -0.3, 0, 0.3, 1, 2.5, 4, 30])


@check
def relu():
    return {"x": X}, relu_(X)


@check
def leaky_relu():
    return {"x": X, "slope": 0.2}, np.where(X > 0, X, 0.2 * X)


@check
def elu():
    """With alpha 1."""
    return {"x": X}, np.where(X > 0, X, np.expm1(X))


@check
def selu():
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return {"x": X}, scale * np.where(X > 0, X, alpha * np.expm1(X))


@check
def gelu():
    """The exact one, with the error function; in a range where its approximation by tanh differs."""
    x = X[1:-1]
    return {"x": x}, x * special.ndtr(x)


@check
def silu():
    return {"x": X}, X * sigmoid(X)


@check
def softplus():
    return {"x": X}, np.logaddexp(0, X)


@check
def mish():
    return {"x": X}, X * np.tanh(np.logaddexp(0, X))


@check
def custom_activation():
    """The sign of x, with the gradient 1 where |x| <= 1 and 0 elsewhere: what binary networks are trained with."""
    x = np.array([-2.5, -0.75, -0.25, 0.5, 1.5, 0.25])
    return {"x": x}, {"value": np.sign(x), "gradient": (abs(x) <= 1).astype(float)}


# ---- Training aids


@check
def dropout():
    rate = 0.4
    x = np.full((50, 40), 3.0)
    return {"x": x, "rate": rate}, {
        "in training, about rate of all values are 0": lambda value: (
            abs(np.mean(array(value["training"], x.shape) == 0) - rate) < 0.06
        ),
        "the others are divided by 1 - rate": lambda value: (
            set(array(value["training"], x.shape).ravel().round(4)) == {0.0, 5.0}
        ),
        "otherwise nothing changes": lambda value: near(value["evaluation"], x),
    }


@check
def spatial_dropout():
    rate = 0.5
    x = np.full((20, 3, 4, 10), 3.0)

    def maps(value):
        return array(value, x.shape).reshape(20, 12, 10)

    return {"x": x, "rate": rate}, {
        "a channel of an image is dropped whole or not at all": lambda value: np.all(maps(value) == maps(value)[:, :1]),
        "about rate of the channels are dropped": lambda value: abs(np.mean(maps(value)[:, 0] == 0) - rate) < 0.15,
        "the others are divided by 1 - rate": lambda value: set(maps(value).ravel().round(4)) == {0.0, 6.0},
        "not the same channels for every image": lambda value: np.ptp(maps(value)[:, 0], axis=0).any(),
    }


def array(value, shape):
    """The value as an array of numbers of this shape; anything else is an error."""
    result = np.asarray(value, dtype=float)
    assert result.shape == shape, f"has the shape {result.shape}, expected {shape}"
    return result


@check
def l1_l2():
    """The penalty l1 · sum |w| + l2 · sum w²."""
    weights = numbers(4, 3)
    return {"weights": weights, "l1": 0.01, "l2": 0.1}, 0.01 * abs(weights).sum() + 0.1 * (weights**2).sum()


# What optimisers get: start weights (5,), and the gradient of each of four steps, given and not computed.
START, GRADIENTS = numbers(5), numbers(4, 5)
STEPS = {"weights": START, "gradients": GRADIENTS, "learning_rate": 0.1}


@check
def weight_decay():
    """Plain gradient descent; the decay times the weights is added to each gradient."""
    weights = START
    for gradient in GRADIENTS:
        weights = weights - 0.1 * (gradient + 0.05 * weights)
    return STEPS | {"decay": 0.05}, weights


@check
def clip_by_norm():
    """Of two gradients together; both are scaled by the same factor."""
    kernel, bias = numbers(3, 4), numbers(4)
    factor = 1 / np.sqrt((kernel**2).sum() + (bias**2).sum())
    return {"kernel": kernel, "bias": bias, "limit": 1.0}, [kernel * factor, bias * factor]


@check
def clip_by_value():
    gradient = numbers(3, 4)
    return {"gradient": gradient, "limit": 0.5}, np.clip(gradient, -0.5, 0.5)


@check
def step_schedule():
    """The rate at each of these steps: halved after every 10."""
    steps = np.array([0, 5, 9, 10, 19, 20, 35])
    return {"rate": 0.1, "factor": 0.5, "every": 10, "steps": steps}, 0.1 * 0.5 ** (steps // 10)


@check
def cosine_schedule():
    """From the rate to 0 in 40 steps."""
    steps = np.array([0, 5, 10, 20, 30, 40])
    return {"rate": 0.1, "total": 40, "steps": steps}, 0.05 * (1 + np.cos(np.pi * steps / 40))


@check
def warm_up():
    """Straight from a tenth of the rate to the rate in 10 steps; then it stays."""
    steps = np.array([0, 1, 5, 9, 10, 15])
    return {"rate": 0.1, "warm_up": 10, "steps": steps}, 0.1 * np.minimum(1, 0.1 + 0.9 * steps / 10)


@check
def momentum():
    """velocity = momentum · velocity + gradient; weights -= rate · velocity."""
    weights, velocity = START, 0
    for gradient in GRADIENTS:
        velocity = 0.9 * velocity + gradient
        weights = weights - 0.1 * velocity
    return STEPS | {"momentum": 0.9}, weights


@check
def nesterov():
    """velocity = momentum · velocity + gradient; weights -= rate · (gradient + momentum · velocity)."""
    weights, velocity = START, 0
    for gradient in GRADIENTS:
        velocity = 0.9 * velocity + gradient
        weights = weights - 0.1 * (gradient + 0.9 * velocity)
    return STEPS | {"momentum": 0.9}, weights


def adam_steps(decay):
    weights, mean, square = START, 0, 0
    for step, gradient in enumerate(GRADIENTS, start=1):
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        direction = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        weights = weights - 0.1 * (direction + decay * weights)
    return weights


@check
def adam():
    """beta 0.9 and 0.999, epsilon 1e-8; where exactly epsilon is added doesn't matter here."""
    return STEPS, adam_steps(0)


@check
def adamw():
    return STEPS | {"decay": 0.05}, adam_steps(0.05)


@check
def rmsprop():
    """square = 0.9 · square + 0.1 · gradient², from 0; weights -= rate · gradient / √square. A tiny epsilon doesn't
    matter here."""
    weights, square = START, 0
    for gradient in GRADIENTS:
        square = 0.9 * square + 0.1 * gradient**2
        weights = weights - 0.1 * gradient / np.sqrt(square)
    return STEPS | {"decay": 0.9}, weights


@check
def weight_average():
    """weights (time, n): begins with the first, then average = decay · average + (1 - decay) · weights."""
    weights = numbers(5, 3)
    average = weights[0]
    for current in weights[1:]:
        average = 0.9 * average + 0.1 * current
    return {"weights": weights, "decay": 0.9}, average


@check
def early_stopping():
    """How many epochs are run when the validation losses come out like this: it stops after the second in a row that
    is no better than the best."""
    return {"losses": np.array([1.0, 0.8, 0.85, 0.7, 0.72, 0.71, 0.6, 0.5]), "patience": 2}, 6


@check
def checkpoint(folder):
    """Two steps of momentum, saved to a file, loaded into something new, two more; and four steps without a break."""
    arguments, expected = momentum()
    return arguments | {"folder": str(folder)}, {
        "the resumed run ends bit for bit where the unbroken one does": lambda value: (
            value["resumed"] == value["unbroken"]
        ),
        "both end at NumPy's weights": lambda value: (
            near(value["resumed"], expected) and near(value["unbroken"], expected)
        ),
        "a file was written": lambda value: holds_files(folder),
    }


def holds_files(folder):
    return any(path.is_file() and path.stat().st_size for path in folder.rglob("*"))


@check
def mixed_precision():
    """A dense layer: x @ kernel computed in 16 bits; `weights` is the type's name of the weights that are kept."""
    x, kernel = positive(6, 32), positive(32, 5)
    exact = x @ kernel
    return {"x": x, "kernel": kernel}, {
        "the result is right to 2 digits": lambda value: near(value["result"], exact, 2e-2),
        "and not to 5: it was computed in 16 bits": lambda value: not near(value["result"], exact, 1e-5),
        "the weights keep 32 bits": lambda value: value["weights"].endswith("float32"),
    }


@check
def gradient_accumulation():
    """The weights after each of four small batches' gradients: they move after every second, along the mean of two."""
    after, weights = [], START
    for first, second in (GRADIENTS[:2], GRADIENTS[2:]):
        after.append(weights)
        weights = weights - 0.1 * (first + second) / 2
        after.append(weights)
    return STEPS | {"every": 2}, np.stack(after)


@check
def mirror():
    images = numbers(2, 4, 5, 3)
    return {"images": images}, images[:, :, ::-1]


@check
def crop():
    """The part of the given height and width whose upper left corner is at (top, left)."""
    images = numbers(2, 6, 7, 3)
    return {"images": images, "top": 1, "left": 2, "height": 4, "width": 3}, images[:, 1:5, 2:5]


def blob(size):
    """A smooth image with a dark border, different in every direction."""
    y, x = np.mgrid[:size, :size] - size // 2
    image = np.exp(-((x - 1) ** 2) / 8 - (y + 1) ** 2 / 3) + 0.5 * np.exp(-((x + 3) ** 2) / 2 - (y - 2) ** 2 / 2)
    return np.where(x**2 + y**2 < (size // 2 - 2) ** 2, image, 0)


@check
def shear():
    """Each row of an image (H, W) is moved to the right by its distance below the middle row; 0 comes in."""
    image = np.zeros((9, 9))
    image[2:7, 2:7] = positive(5, 5)
    moved = [np.roll(row, i - 4) for i, row in enumerate(image)]  # nothing reaches the border
    return {"image": image}, np.stack(moved)


@check
def rotate():
    """An image (H, W) about its centre, by 30 degrees against the clock as one sees it; bilinear, 0 outside."""
    image = blob(21)
    return {"image": image, "degrees": 30.0}, ndimage.rotate(image, 30, reshape=False, order=1)


@check
def class_weights():
    """The loss of each example, (N,): its cross-entropy times the weight of its class."""
    logits, weights = numbers(6, 4), np.array([1.0, 2.0, 0.5, 3.0])
    losses = picked(special.log_softmax(logits, axis=1)) * weights[LABELS]
    return {"logits": logits, "labels": LABELS, "weights": weights}, losses


@check
def seeds():
    """Three times 100 random numbers: with the seed, with the same one again, with the next one."""
    return {"seed": 7, "count": 100}, {
        "the same seed gives the same numbers bit for bit": lambda value: value[0] == value[1],
        "another seed gives others": lambda value: not np.isin(array(value[2], (100,)), value[0]).any(),
        "they are random": lambda value: len(np.unique(array(value[0], (100,)))) > 90,
    }


# ---- Helper functions


@check
def data_loading():
    """Rows (10, 3) in batches of 4, in order. `loaders` says who loaded each row and `consumer` who took the batches:
    numbers of threads (threading.get_ident()) or processes (os.getpid())."""
    rows = numbers(10, 3)
    batches = [rows[:4], rows[4:8], rows[8:]]
    return {"rows": rows, "batch_size": 4}, {
        "the batches are right and in order": lambda value: (
            len(value["batches"]) == 3 and all(map(near, value["batches"], batches))
        ),
        "another thread or process loaded every row": lambda value: (
            len(value["loaders"]) >= 10 and set(value["loaders"]).isdisjoint({value["consumer"]})
        ),
    }


@check
def progress():
    """What a loop of so many steps shows, as a text: of `print`, a bar or a log. Colours don't count."""

    def search(pattern, value):
        return re.search(pattern, re.sub(r"\x1b\[[\d;]*m", "", value))

    return {"steps": 20}, {
        "it shows the last step of all, or 100%": lambda value: search(r"\b20 ?/ ?20\b|\b100 ?%", value),
        "and one on the way": lambda value: search(r"\b1?\d ?/ ?20\b|\b[1-9]\d? ?%", value),
    }


@check
def metrics():
    """Over two batches (2, 5) of labels, 0 or 1, and scores, of which more than a half means 1."""
    labels = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
    scores = np.array([[0.9, 0.2, 0.4, 0.8, 0.7], [0.1, 0.6, 0.3, 0.2, 0.4]])
    found = scores > 0.5
    right = (found & (labels == 1)).sum()
    return {"labels": labels, "scores": scores}, {
        "accuracy": (found == labels).mean(),
        "precision": right / found.sum(),
        "recall": right / labels.sum(),
    }


@check
def model_summary():
    """A text about a network of two dense layers, 4 to 8 to 3: 40 and 27 parameters with their biases."""
    return {"sizes": np.array([4, 8, 3])}, {
        "both layers are there with their parameters": lambda value: (
            names_number(value, 40) and names_number(value, 27)
        ),
        "and the sum of all": lambda value: names_number(value, 67),
    }


def names_number(text, number):
    return re.search(rf"(?<![\d.]){number}(?![\d])", text)


@check
def parameter_summary():
    """For each of a model's parameters its name, and [number of elements, mean, standard deviation]."""
    kernel, bias = numbers(4, 3), numbers(3)

    def of(parameter, entry):
        return any(near(found, [parameter.size, parameter.mean(), parameter.std()]) for found in entry.values())

    return {"kernel": kernel, "bias": bias}, {
        "two parameters, each with a name": lambda value: len(value) == 2 and all(map(str.isidentifier, names(value))),
        "the kernel's size, mean and spread": lambda value: of(kernel, value),
        "the bias's size, mean and spread": lambda value: of(bias, value),
    }


def names(entry):
    return [re.sub(r"\W", "_", name) for name in entry]


@check
def profiling():
    """The profiler's own text (a table, a list of events) about the product of two matrices."""
    return {"a": numbers(60, 60), "b": numbers(60, 60, seed=1)}, {
        "it names the matrix product": lambda value: re.search(r"mat_?mul|\bdot|\b(add)?mm\b|gemm|einsum", value, re.I),
        "and says numbers about it": lambda value: len(re.findall(r"\d", value)) >= 3,
    }


@check
def tensorboard(folder):
    """Event files in the folder with a scalar "loss" for each of the three values."""
    values = np.array([0.75, 0.5, 0.375])
    return {"values": values, "folder": str(folder)}, {
        "an event file holds the three losses": lambda value: all(
            any(b"loss" in record and struct.pack("<f", loss) in record for record in event_records(folder))
            for loss in values
        )
    }


def event_records(folder):
    """The records of all event files: length (8 bytes), checksum (4), data, checksum (4)."""
    for path in folder.rglob("*tfevents*"):
        data, place = path.read_bytes(), 0
        while place + 12 <= len(data):
            length = int.from_bytes(data[place : place + 8], "little")
            yield data[place + 12 : place + 12 + length]
            place += length + 16


@check
def filter_images():
    """The filters of a kernel (3, 3, 1, 8) as one picture (6, 12): two rows of four, from 0 (the least) to 1."""
    kernel = numbers(3, 3, 1, 8)
    picture = kernel[:, :, 0].transpose(2, 0, 1).reshape(2, 4, 3, 3).transpose(0, 2, 1, 3).reshape(6, 12)
    return {"kernel": kernel}, (picture - picture.min()) / np.ptp(picture)


@check
def pretrained_models():
    """A known network for images, made without its weights: how many parameters, and where the weights would be."""
    return {"classes": 1000}, {
        "it has more than a million parameters": lambda value: 10**6 < value["parameters"] < 10**9,
        "the trained weights are at an https address": lambda value: value["weights"].startswith("https://"),
    }


@check
def quantisation():
    """A dense layer without a bias: its result, and the name of the type that its weights are kept in."""
    x, kernel = positive(6, 16), numbers(16, 5)
    exact = x @ kernel
    return {"x": x, "kernel": kernel}, {
        "the weights have 8 bits": lambda value: re.search(r"q?u?int8", value["weights"]),
        "the result is right to about a hundredth": lambda value: near(value["result"], exact, 3e-2),
        "and not exactly: it was quantised": lambda value: not near(value["result"], exact, 1e-5),
    }


# ---- Abstraction


@check
def eager():
    """Halved where it is even, tripled plus 1 where it is odd: how often, until a number in the framework is 1."""
    return {"number": 7}, 16


@check
def traced_graph():
    """tanh(x)² for three inputs of one shape; `python_calls` counts how often the Python function itself ran."""
    x = numbers(3, 4)
    return {"x": x}, {
        "the three results are right": lambda value: near(value["results"], np.tanh(x) ** 2),
        "Python ran less than once for each": lambda value: (
            type(value["python_calls"]) is int and 1 <= value["python_calls"] <= 2
        ),
    }


@check
def static_graph():
    """2 tanh(x), first as a graph (its text names the operation), then run."""
    x = numbers(4)
    return {"x": x}, {
        "the graph names its operation": lambda value: re.search("tanh", value["graph"], re.I),
        "run, it gives the right result": lambda value: near(value["result"], 2 * np.tanh(x)),
    }


def two_layers(shortcut):
    x, kernel_1, kernel_2 = numbers(5, 4), numbers(4, 8), numbers(8, 4)
    bias_1, bias_2 = numbers(8), numbers(4)
    result = relu_(x @ kernel_1 + bias_1) @ kernel_2 + bias_2 + (x if shortcut else 0)
    return {"x": x, "kernel_1": kernel_1, "bias_1": bias_1, "kernel_2": kernel_2, "bias_2": bias_2}, result


@check
def functional_model():
    """dense(ReLU(dense(x))) + x: a graph with a shortcut."""
    return two_layers(shortcut=True)


@check
def sequential_model():
    """dense, ReLU, dense."""
    return two_layers(shortcut=False)


@check
def subclassed_model():
    """dense(ReLU(dense(x))) + x."""
    return two_layers(shortcut=True)


def linear_regression():
    """x (8, 3), y (8,); the model x @ w from w = 0, mean squared error, the whole batch at once."""
    x = numbers(8, 3)
    y = (x @ [1.5, -2.0, 0.5] + 0.1 * numbers(8)).round(3)
    weights, losses = np.zeros(3), []
    for _ in range(3):
        error = x @ weights - y
        losses.append((error**2).mean())
        weights = weights - 0.1 * 2 * x.T @ error / 8
    return {"x": x, "y": y, "learning_rate": 0.1, "epochs": 3}, weights, losses


@check
def training_loop():
    """The weights (3,) after three epochs of one batch each."""
    arguments, weights, _ = linear_regression()
    return arguments, weights


@check
def callbacks():
    """The losses (3,) that own code was told at the end of each epoch: before that epoch's step."""
    arguments, _, losses = linear_regression()
    return arguments, np.array(losses)


# ---- Customisation


@check
def custom_layer():
    """A layer that multiplies by a parameter `scale` (4,) of its own; and the gradient of the result's sum for it."""
    x, scale = numbers(5, 4), numbers(4)
    return {"x": x, "scale": scale}, {"output": x * scale, "gradient": x.sum(axis=0)}


@check
def custom_loss():
    """The mean of log cosh of the error, and its gradient for the predictions."""
    predictions, targets = numbers(6), numbers(6, seed=1)
    error = predictions - targets
    return {"predictions": predictions, "targets": targets}, {
        "loss": np.log(np.cosh(error)).mean(),
        "gradient": np.tanh(error) / 6,
    }


@check
def custom_optimiser():
    """weights -= rate · sign(gradient)."""
    return STEPS, START - 0.1 * np.sign(GRADIENTS).sum(axis=0)


@check
def custom_gradient():
    """x² forward; backward the gradient that comes in, turned round and halved, whatever x is."""
    x, upstream = numbers(5), numbers(5, seed=1)
    return {"x": x, "upstream": upstream}, {"value": x**2, "gradient": -0.5 * upstream}


@check
def custom_training_step():
    """Linear regression as in `training_loop`, but each gradient is divided by its norm: the weights after 3 steps."""
    arguments, _, _ = linear_regression()
    x, y, weights = arguments["x"], arguments["y"], np.zeros(3)
    for _ in range(3):
        gradient = x.T @ (x @ weights - y)
        weights = weights - 0.1 * gradient / np.linalg.norm(gradient)
    return arguments, weights


@check
def custom_kernel(folder):
    """x² + 1, element by element, in C, C++, CUDA, Triton, Pallas or whatever kernels are written in. What is compiled
    can go into the folder."""
    x = numbers(12)
    return {"x": x, "folder": str(folder)}, x**2 + 1


@check
def forward_hook():
    """What comes out of the hidden ReLU of the model of `sequential_model`, (5, 8), without changing the model."""
    arguments, _ = two_layers(shortcut=False)
    return arguments, relu_(arguments["x"] @ arguments["kernel_1"] + arguments["bias_1"])


@check
def second_derivative():
    """Of x³ + sin x, for each element."""
    x = numbers(6)
    return {"x": x}, 6 * x - np.sin(x)


@check
def jacobian():
    """Of tanh(matrix @ x) for x."""
    matrix, x = numbers(3, 4), numbers(4)
    return {"matrix": matrix, "x": x}, (1 - np.tanh(matrix @ x) ** 2)[:, None] * matrix


@check
def hessian_vector_product():
    """The Hessian of sum((matrix @ x)⁴) times a vector."""
    matrix, x, vector = numbers(3, 4), numbers(4), numbers(4, seed=1)
    return {"matrix": matrix, "x": x, "vector": vector}, matrix.T @ (12 * (matrix @ x) ** 2 * (matrix @ vector))


@check
def per_example_gradients():
    """Of the squared error (x @ weights - y)² of each example, for the weights: (8, 3)."""
    arguments, weights, _ = linear_regression()
    x, y = arguments["x"], arguments["y"]
    return {"x": x, "y": y, "weights": weights.round(2)}, 2 * (x @ weights.round(2) - y)[:, None] * x


@check
def vectorising_map():
    """A function of one vector, matrix @ v / |v|, over a batch (5, 4) of them, without a loop."""
    matrix, batch = numbers(3, 4), numbers(5, 4)
    return {"matrix": matrix, "batch": batch}, (batch / np.linalg.norm(batch, axis=1, keepdims=True)) @ matrix.T


# ---- Devices and scale


@check
def gpu():
    """A matrix product on the first GPU, and the name of the device that holds the result."""
    a, b = numbers(5, 4), numbers(4, 3)
    return {"a": a, "b": b}, {
        "the result is right to 3 digits": lambda value: near(value["result"], a @ b, 2e-3),
        "a GPU holds it": lambda value: re.search("gpu|cuda|rocm", value["device"], re.I),
    }


@check
def data_parallel():
    """The gradient of the mean squared error as in `training_loop`, at these weights, over the whole batch; each of
    two devices gets one half. `shares` are the numbers of examples that each got."""
    arguments, weights, _ = linear_regression()
    x, y, weights = arguments["x"], arguments["y"], weights.round(2)
    gradient = 2 * x.T @ (x @ weights - y) / 8
    return {"x": x, "y": y, "weights": weights}, {
        "the gradient is that of the whole batch": lambda value: near(value["gradient"], gradient),
        "each of two devices got one half": lambda value: value["shares"] == [4, 4],
    }


@check
def several_machines():
    """The same, by two processes that talk over a network."""
    return data_parallel()


@check
def model_sharding():
    """x @ kernel, where each of two devices holds one half of the kernel (6, 4); `shards` are the halves' shapes."""
    x, kernel = numbers(5, 6), numbers(6, 4)
    return {"x": x, "kernel": kernel}, {
        "the product is that of the whole kernel": lambda value: near(value["result"], x @ kernel),
        "each device holds one half": lambda value: value["shards"] in ([[3, 4], [3, 4]], [[6, 2], [6, 2]]),
    }


@check
def tpu():
    """A matrix product on a TPU, and the name of the device that holds the result."""
    a, b = numbers(5, 4), numbers(4, 3)
    return {"a": a, "b": b}, {
        "the result is right to 2 digits": lambda value: near(value["result"], a @ b, 2e-2),
        "a TPU holds it": lambda value: re.search("tpu", value["device"], re.I),
    }


@check
def cpu_threads():
    """Sets the number of threads, multiplies, and says what the framework then says the number is."""
    a, b = numbers(5, 4), numbers(4, 3)
    return {"a": a, "b": b, "threads": 3}, {"result": a @ b, "threads": 3}


# ---- Deployment


class Trap:
    """Pickled, it makes a file as soon as it is loaded."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (str(self.marker), "w")


@check
def safe_saving(folder):
    """Saves a dense layer's weights into the folder and loads them again; then does the same with `trap`, a file that
    runs code when it is unpickled. `output` is x @ kernel + bias with the loaded weights, `refusal` the error."""
    x, kernel, bias = numbers(5, 4), numbers(4, 3), numbers(3)
    trap, marker = folder / "trap.bin", folder / "trap_has_run"
    trap.write_bytes(pickle.dumps(Trap(marker), protocol=2))
    arguments = {"x": x, "kernel": kernel, "bias": bias, "folder": str(folder), "trap": str(trap)}
    return arguments, {
        "the loaded weights give the right output": lambda value: near(value["output"], x @ kernel + bias),
        "a file was written": lambda value: len([path for path in folder.rglob("*") if path.is_file()]) > 1,
        "the trap was refused with a reason": lambda value: (
            isinstance(value["refusal"], str) and len(value["refusal"]) > 5
        ),
        "and its code did not run": lambda value: not marker.exists(),
    }


@check
def onnx_export(folder):
    """tanh(x @ kernel + bias) as an ONNX file with one input (N, 4) of float32. ONNX Runtime runs it on an x that the
    probe has not seen."""
    kernel, bias, unseen = numbers(4, 3), numbers(3), numbers(5, 4, seed=9)
    file = folder / "model.onnx"

    def output():
        import onnxruntime

        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        return session.run(None, {session.get_inputs()[0].name: unseen.astype(np.float32)})[0]

    return {"kernel": kernel, "bias": bias, "file": str(file)}, {
        "there is an ONNX file": lambda value: file.stat().st_size > 100,
        "ONNX Runtime computes the same with it": lambda value: near(output(), np.tanh(unseen @ kernel + bias)),
    }


@check
def graph_export(folder):
    """tanh(x @ kernel + bias), saved with its computation into the folder, loaded again, run on x."""
    x, kernel, bias = numbers(5, 4), numbers(4, 3), numbers(3)
    return {"x": x, "kernel": kernel, "bias": bias, "folder": str(folder)}, {
        "what was loaded computes the same": lambda value: near(value, np.tanh(x @ kernel + bias)),
        "the file names the operation": lambda value: any(
            b"tanh" in path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()
        ),
    }
