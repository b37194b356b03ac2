"""JAX: arrays, gradients and compilation; layers with weights are in Flax, losses and optimisers in Optax."""

import contextlib
import io
import itertools
import multiprocessing
import os
import socket
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

# ---- Layers


def dense(x, kernel, bias):
    """One product and one sum; flax.nnx.Linear owns the weights too."""
    return jnp.dot(x, kernel) + bias


def conv_1d(x, kernel, bias):
    """`jax.lax.conv_general_dilated`: any number of dimensions in any layout; this one is the kernel's."""
    layout = ("NWC", "WIO", "NWC")
    return lax.conv_general_dilated(x, kernel, (1,), "VALID", dimension_numbers=layout) + bias


def _convolved(x, kernel, padding="VALID", **options):
    """Of images with the channels last; JAX has them first unless told otherwise."""
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=layout, **options)


def conv_2d(x, kernel, bias):
    """`jax.lax.conv_general_dilated`: any layout; channels come first unless dimension_numbers says otherwise."""
    return _convolved(x, kernel) + bias


def conv_3d(x, kernel, bias):
    """`jax.lax.conv_general_dilated`: any number of dimensions in any layout; this one is the kernel's."""
    layout = ("NDHWC", "DHWIO", "NDHWC")
    return lax.conv_general_dilated(x, kernel, (1, 1, 1), "VALID", dimension_numbers=layout) + bias


def conv_transposed(x, kernel, stride):
    """`jax.lax.conv_transpose`: doesn't turn the kernel round, which others do, unless transpose_kernel=True."""
    turned, layout = jnp.flip(kernel, (0, 1)), ("NHWC", "HWIO", "NHWC")
    return lax.conv_transpose(x, turned, (stride, stride), "VALID", dimension_numbers=layout)


def conv_depthwise(x, kernel):
    """`jax.lax.conv_general_dilated(feature_group_count=)`: as many groups as channels."""
    return _convolved(x, kernel[:, :, None], feature_group_count=x.shape[-1])


def conv_separable(x, depthwise, pointwise):
    """A convolution in groups, then a product; no function does both."""
    return _convolved(x, depthwise[:, :, None], feature_group_count=x.shape[-1]) @ pointwise


def conv_dilated(x, kernel, dilation):
    """`jax.lax.conv_general_dilated(rhs_dilation=)`: lhs_dilation spreads the image instead."""
    return _convolved(x, kernel, rhs_dilation=(dilation, dilation))


def conv_grouped(x, kernel, groups):
    """`jax.lax.conv_general_dilated(feature_group_count=)`: an option of every convolution."""
    return _convolved(x, kernel, feature_group_count=groups)


def max_pooling(x, size):
    """By jax.lax.reduce_window, which takes any operation; flax.nnx.max_pool has it ready."""
    window = (1, size, size, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")


def average_pooling(x, size):
    """By jax.lax.reduce_window: the windows' sums, divided; flax.nnx.avg_pool has it ready."""
    window = (1, size, size, 1)
    return lax.reduce_window(x, 0.0, lax.add, window, window, "VALID") / size**2


def global_pooling(x):
    """A mean over two axes."""
    return jnp.mean(x, axis=(1, 2))


def adaptive_pooling(x, size):
    """A product with a matrix of means for each axis."""

    def means(length):
        place, pixel = jnp.arange(size)[:, None], jnp.arange(length)
        inside = (pixel >= place * length // size) & (pixel < -(-(place + 1) * length // size))
        return inside / inside.sum(axis=1, keepdims=True)

    return jnp.einsum("nhwc,ih,jw->nijc", x, means(x.shape[1]), means(x.shape[2]))


def batch_norm(x, scale, shift, epsilon):
    """By jax.nn.standardize; flax.nnx.BatchNorm keeps the running statistics too."""
    return jax.nn.standardize(x, axis=(0, 1, 2), epsilon=epsilon) * scale + shift


def layer_norm(x, scale, shift, epsilon):
    """By jax.nn.standardize; flax.nnx.LayerNorm owns scale and shift too."""
    return jax.nn.standardize(x, axis=-1, epsilon=epsilon) * scale + shift


def group_norm(x, scale, shift, groups, epsilon):
    """By jax.nn.standardize of channels split in two axes; flax.nnx.GroupNorm has it ready."""
    split = jnp.reshape(x, (*x.shape[:3], groups, -1))
    return jax.nn.standardize(split, axis=(1, 2, 4), epsilon=epsilon).reshape(x.shape) * scale + shift


def embedding(table, indices):
    """`jax.numpy.take`: an index out of range gives NaN, no error; flax.nnx.Embed owns the table."""
    return jnp.take(table, indices, axis=0)


def lstm(x, kernel, recurrent, bias):
    """`flax.nnx.OptimizedLSTMCell`: in flax.nnx.RNN; jax.experimental.rnn.lstm is cuDNN's, for NVIDIA's GPUs alone."""
    from flax import nnx

    cell = nnx.OptimizedLSTMCell(kernel.shape[1], kernel.shape[2], rngs=nnx.Rngs(0))
    cell.dense_i.kernel[...] = jnp.concatenate(kernel, axis=1)
    cell.dense_h.kernel[...] = jnp.concatenate(recurrent, axis=1)
    cell.dense_h.bias[...] = jnp.ravel(bias)
    return nnx.RNN(cell, rngs=nnx.Rngs(0))(x)


def gru(x, kernel, recurrent, bias, recurrent_bias):
    """A step for jax.lax.scan; flax.nnx.GRUCell has no bias inside of the reset gate, which cuDNN's has."""

    def step(hidden, of_x):
        of_hidden = jnp.einsum("nh,khu->knu", hidden, recurrent) + recurrent_bias[:, None]
        reset, update = jax.nn.sigmoid(of_x[:2] + of_hidden[:2])
        hidden = (1 - update) * jnp.tanh(of_x[2] + reset * of_hidden[2]) + update * hidden
        return hidden, hidden

    of_x = jnp.einsum("nti,kiu->tknu", x, kernel) + bias[:, None]
    return lax.scan(step, jnp.zeros((len(x), kernel.shape[2])), of_x)[1].swapaxes(0, 1)


def multi_head_attention(x, query, key, value, output, heads):
    """`jax.nn.dot_product_attention`: the heads are an axis; the four products around it are one's own."""
    n, time, width = x.shape
    split = [jnp.reshape(x @ kernel, (n, time, heads, -1)) for kernel in (query, key, value)]
    return jax.nn.dot_product_attention(*split).reshape(n, time, width) @ output


def residual_block(x, first, second):
    """Two convolutions and an addition."""
    return jax.nn.relu(x + _convolved(jax.nn.relu(_convolved(x, first, "SAME")), second, "SAME"))


def inception_block(x, one, three, five):
    """Three convolutions and a pooling, joined along the channels."""
    pooled = lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 1, 1, 1), "SAME")
    return jnp.concatenate([*(_convolved(x, kernel, "SAME") for kernel in (one, three, five)), pooled], axis=-1)


def upsampling(x, factor):
    """`jax.image.resize`: nearest, linear, cubic and Lanczos."""
    n, height, width, channels = x.shape
    return jax.image.resize(x, (n, height * factor, width * factor, channels), "nearest")


# ---- Losses and activations


def cross_entropy_logits(logits, labels):
    """`optax.softmax_cross_entropy_with_integer_labels`: the loss of each example; one takes the mean."""
    import optax

    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def cross_entropy_probabilities(probabilities, labels):
    """One index and a logarithm; Optax's losses take logits."""
    return -jnp.log(jnp.take_along_axis(probabilities, labels[:, None], axis=1)).mean()


def label_smoothing(logits, labels, smoothing):
    """`optax.smooth_labels`: then the loss that takes rows of probabilities."""
    import optax

    targets = optax.smooth_labels(jax.nn.one_hot(labels, logits.shape[1]), smoothing)
    return optax.softmax_cross_entropy(logits, targets).mean()


def binary_cross_entropy(logits, labels):
    """`optax.sigmoid_binary_cross_entropy`: the loss of each element; labels may lie between 0 and 1."""
    import optax

    return optax.sigmoid_binary_cross_entropy(logits, labels).mean()


def focal_loss(logits, labels, alpha, gamma):
    """`optax.sigmoid_focal_loss`: without alpha unless it is given."""
    import optax

    return optax.sigmoid_focal_loss(logits, labels, alpha=alpha, gamma=gamma).mean()


def hinge_loss(scores, labels):
    """`optax.hinge_loss`: labels are -1 or 1; multiclass_hinge_loss is the other one."""
    import optax

    return optax.hinge_loss(scores, labels).mean()


def huber_loss(predictions, targets):
    """`optax.huber_loss`: delta is an option, 1 by default."""
    import optax

    return optax.huber_loss(predictions, targets).mean()


def kl_divergence(p, q):
    """`jax.scipy.special.rel_entr`: each element's share, to be summed; optax.kl_divergence takes log q."""
    return jax.scipy.special.rel_entr(p, q).sum(axis=1).mean()


def ctc_loss(logits, labels):
    """`optax.ctc_loss`: of logits; lengths are masks, in which 1 is padding."""
    import optax

    return optax.ctc_loss(logits, jnp.zeros(logits.shape[:2]), labels, jnp.zeros(labels.shape))


def triplet_loss(anchor, positive, negative, margin):
    """`optax.losses.triplet_margin_loss`: of any p-norm, for each example."""
    import optax

    return optax.losses.triplet_margin_loss(anchor, positive, negative, margin=margin).mean()


def relu(x):
    """`jax.nn.relu`: its slope at 0 is 0, whereas that of jax.numpy.maximum is 1/2."""
    return jax.nn.relu(x)


def leaky_relu(x, slope):
    """`jax.nn.leaky_relu`: the slope is 0.01 by default."""
    return jax.nn.leaky_relu(x, slope)


def elu(x):
    """`jax.nn.elu`: alpha is an option, 1 by default; celu is smooth for any."""
    return jax.nn.elu(x)


def selu(x):
    """`jax.nn.selu`: its weights' initialiser is jax.nn.initializers.lecun_normal."""
    return jax.nn.selu(x)


def gelu(x):
    """`jax.nn.gelu(approximate=)`: the approximation by tanh unless approximate=False."""
    return jax.nn.gelu(x, approximate=False)


def silu(x):
    """`jax.nn.silu`: swish is the same function."""
    return jax.nn.silu(x)


def softplus(x):
    """`jax.nn.softplus`: jax.numpy.logaddexp of x and 0."""
    return jax.nn.softplus(x)


def mish(x):
    """`jax.nn.mish`: as in the paper."""
    return jax.nn.mish(x)


def custom_activation(x):
    """`jax.custom_vjp`: a forward and a backward function; jax.custom_jvp takes a rule for both directions."""

    @jax.custom_vjp
    def sign(x):
        return jnp.sign(x)

    sign.defvjp(lambda x: (jnp.sign(x), x), lambda x, upstream: (jnp.where(jnp.abs(x) <= 1, upstream, 0),))
    return {"value": sign(x), "gradient": jax.vmap(jax.grad(sign))(x)}


# ---- Training aids


def dropout(x, rate):
    """`flax.nnx.Dropout`: train() and eval() of the model switch it; jax.random.bernoulli is what is inside."""
    from flax import nnx

    layer = nnx.Dropout(rate, rngs=nnx.Rngs(0))
    return {"training": layer(x), "evaluation": layer(x, deterministic=True)}


def spatial_dropout(x, rate):
    """`flax.nnx.Dropout(broadcast_dims=)`: the axes that share their luck."""
    from flax import nnx

    return nnx.Dropout(rate, broadcast_dims=(1, 2), rngs=nnx.Rngs(0))(x)


def l1_l2(weights, l1, l2):
    """Added to the loss; for a tree of weights by jax.tree.reduce."""
    return l1 * jnp.abs(weights).sum() + l2 * jnp.square(weights).sum()


def _stepped(optimizer, weights, gradients):
    """The weights after a step along each gradient."""
    import optax

    state = optimizer.init(weights)
    for gradient in gradients:
        updates, state = optimizer.update(gradient, state, weights)
        weights = optax.apply_updates(weights, updates)
    return weights


def weight_decay(weights, gradients, learning_rate, decay):
    """`optax.add_decayed_weights`: one link of a chain; mask= spares biases."""
    import optax

    return _stepped(optax.chain(optax.add_decayed_weights(decay), optax.sgd(learning_rate)), weights, gradients)


def clip_by_norm(kernel, bias, limit):
    """`optax.clip_by_global_norm`: one link of a chain, in front of the optimiser."""
    import optax

    gradients = [kernel, bias]
    clip = optax.clip_by_global_norm(limit)
    return clip.update(gradients, clip.init(gradients))[0]


def clip_by_value(gradient, limit):
    """`jax.numpy.clip`: over a tree of gradients by jax.tree.map; optax.clip is a link of a chain."""
    return jnp.clip(gradient, -limit, limit)


def step_schedule(rate, factor, every, steps):
    """`optax.exponential_decay(staircase=)`: a function of the step; piecewise_constant_schedule takes any steps."""
    import optax

    return optax.exponential_decay(rate, every, factor, staircase=True)(steps)


def cosine_schedule(rate, total, steps):
    """`optax.cosine_decay_schedule`: a function of the step; every optimiser takes one as its rate."""
    import optax

    return optax.cosine_decay_schedule(rate, total)(steps)


def warm_up(rate, warm_up, steps):
    """`optax.linear_schedule`: join_schedules puts another one after it."""
    import optax

    return optax.linear_schedule(rate / 10, rate, warm_up)(steps)


def momentum(weights, gradients, learning_rate, momentum):
    """`optax.sgd(momentum=)`: the learning rate stays out of the velocity."""
    import optax

    return _stepped(optax.sgd(learning_rate, momentum=momentum), weights, gradients)


def nesterov(weights, gradients, learning_rate, momentum):
    """`optax.sgd(nesterov=)`: does nothing without a momentum."""
    import optax

    return _stepped(optax.sgd(learning_rate, momentum=momentum, nesterov=True), weights, gradients)


def adam(weights, gradients, learning_rate):
    """`optax.adam`: epsilon, 1e-8, is added after the root; eps_root adds one inside of it."""
    import optax

    return _stepped(optax.adam(learning_rate), weights, gradients)


def adamw(weights, gradients, learning_rate, decay):
    """`optax.adamw`: decays by 0.0001 unless told otherwise; mask= spares biases."""
    import optax

    return _stepped(optax.adamw(learning_rate, weight_decay=decay), weights, gradients)


def rmsprop(weights, gradients, learning_rate, decay):
    """`optax.rmsprop`: epsilon, 1e-8, is added inside of the root unless eps_in_sqrt=False."""
    import optax

    return _stepped(optax.rmsprop(learning_rate, decay=decay), weights, gradients)


def weight_average(weights, decay):
    """`optax.incremental_update`: of whole trees; one keeps the average oneself."""
    import optax

    average = weights[0]
    for current in weights[1:]:
        average = optax.incremental_update(current, average, step_size=1 - decay)
    return average


def early_stopping(losses, patience):
    """`flax.training.early_stopping.EarlyStopping`: only counts, in one's own loop; a patience of 0 stops at once."""
    from flax.training.early_stopping import EarlyStopping

    stopping = EarlyStopping(patience=patience - 1)
    for epoch, loss in enumerate(losses, start=1):
        stopping = stopping.update(loss)
        if stopping.should_stop:
            return epoch
    return len(losses)


def _with_momentum(run, gradients, learning_rate, momentum):
    """Weights and the optimiser's state after a step along each gradient."""
    import optax

    optimizer = optax.sgd(learning_rate, momentum=momentum)
    weights, state = run
    for gradient in gradients:
        updates, state = optimizer.update(gradient, state or optimizer.init(weights))
        weights = optax.apply_updates(weights, updates)
    return weights, state


def checkpoint(weights, gradients, learning_rate, momentum, folder):
    """`orbax.checkpoint.StandardCheckpointer`: any tree of arrays, sharded ones too, saved in the background."""
    import orbax.checkpoint as ocp

    unbroken, _ = _with_momentum((weights, None), gradients, learning_rate, momentum)
    halfway = _with_momentum((weights, None), gradients[:2], learning_rate, momentum)
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(f"{folder}/state", halfway)
        checkpointer.wait_until_finished()
        restored = checkpointer.restore(f"{folder}/state", jax.tree.map(jnp.zeros_like, halfway))
    return {"resumed": _with_momentum(restored, gradients[2:], learning_rate, momentum)[0], "unbroken": unbroken}


def mixed_precision(x, kernel):
    """Casts of one's own, through which gradients come back in float32; Flax's layers have a dtype for it."""
    kernel = jnp.asarray(kernel)
    return {"result": x.astype(jnp.bfloat16) @ kernel.astype(jnp.bfloat16), "weights": str(kernel.dtype)}


def gradient_accumulation(weights, gradients, learning_rate, every):
    """`optax.MultiSteps`: around any optimiser; it takes the mean, and between the steps its updates are 0."""
    import optax

    optimizer = optax.MultiSteps(optax.sgd(learning_rate), every_k_schedule=every)
    state, after = optimizer.init(weights), []
    for gradient in gradients:
        updates, state = optimizer.update(gradient, state, weights)
        weights = optax.apply_updates(weights, updates)
        after.append(weights)
    return jnp.stack(after)


def mirror(images):
    """`jax.numpy.flip`: by chance with jax.random.bernoulli and jax.numpy.where."""
    return jnp.flip(images, axis=2)


def crop(images, top, left, height, width):
    """`jax.lax.dynamic_slice`: the place may be computed, the size not; a slice if neither is."""
    n, _, _, channels = images.shape
    return lax.dynamic_slice(images, (0, top, left, 0), (n, height, width, channels))


def shear(image):
    """By jax.scipy.ndimage.map_coordinates, with gradients; dm-pix is the usual add-on."""
    row, column = jnp.indices(image.shape)
    return jax.scipy.ndimage.map_coordinates(image, [row, column - (row - len(image) // 2)], order=1)


def rotate(image, degrees):
    """By jax.scipy.ndimage.map_coordinates, with gradients; dm-pix is the usual add-on."""
    angle, middle = jnp.deg2rad(degrees), len(image) // 2
    row, column = jnp.indices(image.shape) - middle
    from_row = jnp.cos(angle) * row + jnp.sin(angle) * column
    from_column = jnp.cos(angle) * column - jnp.sin(angle) * row
    return jax.scipy.ndimage.map_coordinates(image, [from_row + middle, from_column + middle], order=1)


def class_weights(logits, labels, weights):
    """A product: `optax.softmax_cross_entropy_with_integer_labels` gives the loss of each example."""
    import optax

    return optax.softmax_cross_entropy_with_integer_labels(logits, labels) * weights[labels]


def seeds(seed, count):
    """`jax.random.key`: no hidden state; each random number wants a key, and the same key gives the same."""
    return [jax.random.uniform(jax.random.key(number), count) for number in (seed, seed, seed + 1)]


# ---- Helper functions


def data_loading(rows, batch_size):
    """A thread of the standard library puts batches on the device ahead; Grain and tf.data are the usual add-ons."""
    loaders = []

    def load(start):
        loaders.extend([threading.get_ident()] * batch_size)
        return jax.device_put(rows[start : start + batch_size])

    with ThreadPoolExecutor(max_workers=1) as pool:
        batches = list(pool.map(load, range(0, len(rows), batch_size)))
    return {"batches": batches, "loaders": loaders, "consumer": threading.get_ident()}


def progress(steps):
    """By jax.debug.print, which prints from inside of a compiled loop; tqdm serves in a plain one."""

    def step(number, state):
        jax.debug.print("step {}/{}", number + 1, steps, ordered=True)
        return state

    with contextlib.redirect_stdout(io.StringIO()) as shown:
        lax.fori_loop(0, steps, step, 0)
        jax.effects_barrier()
    return shown.getvalue()


def metrics(labels, scores):
    """Counts over all batches; flax.nnx.metrics gathers accuracy, but neither precision nor recall."""
    found, labels = jnp.asarray(scores) > 0.5, labels == 1
    right = (found & labels).sum()
    return {"accuracy": (found == labels).mean(), "precision": right / found.sum(), "recall": right / labels.sum()}


def model_summary(sizes):
    """`flax.nnx.tabulate`: a table of layers, shapes, parameters and bytes."""
    from flax import nnx

    layers = [nnx.Linear(*pair, rngs=nnx.Rngs(0)) for pair in itertools.pairwise(sizes.tolist())]
    return nnx.tabulate(nnx.Sequential(*layers), jnp.zeros((1, sizes[0])))


def parameter_summary(kernel, bias):
    """`jax.tree.leaves_with_path`: a model is a tree, such as a dict; each leaf comes with its path."""
    model = {"kernel": jnp.asarray(kernel), "bias": jnp.asarray(bias)}
    return {
        jax.tree_util.keystr(path, simple=True): [leaf.size, leaf.mean(), leaf.std()]
        for path, leaf in jax.tree.leaves_with_path(model)
    }


def profiling(a, b):
    """`jax.profiler.trace`: for TensorBoard with the plugin xprof, and for Perfetto; ProfileData reads it."""
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            jnp.matmul(a, b).block_until_ready()
        (file,) = Path(folder).rglob("*.xplane.pb")
        planes = jax.profiler.ProfileData.from_file(str(file)).planes
    events = [event for plane in planes for line in plane.lines for event in line.events]
    return "\n".join(f"{event.name}: {event.duration_ns} ns" for event in events)


def tensorboard(values, folder):
    """`flax.metrics.tensorboard.SummaryWriter`: scalars, images, texts, histograms; TensorFlow writes the files."""
    import tensorboard  # noqa: F401
    import tensorflow  # noqa: F401
    from flax.metrics.tensorboard import SummaryWriter

    writer = SummaryWriter(folder)
    for step, loss in enumerate(values):
        writer.scalar("loss", loss, step)
    writer.close()


def filter_images(kernel):
    """Two changes of the shape, and one scale for all."""
    height, width, _, count = kernel.shape
    scaled = (kernel - jnp.min(kernel)) / jnp.ptp(kernel)
    return scaled.reshape(height, width, 2, count // 2).transpose(2, 0, 3, 1).reshape(2 * height, -1)


def quantisation(x, kernel):
    """A scale for each unit; the product itself is computed in floats; Qwix and AQT are Google's add-ons."""
    scale = jnp.abs(kernel).max(axis=0) / 127
    weights = jnp.rint(kernel / scale).astype(jnp.int8)
    return {"result": x @ weights * scale, "weights": str(weights.dtype)}


# ---- Abstraction


def eager(number):
    """`jax.numpy.array`: every operation computes at once, though slowly, unless one wraps them in jax.jit."""
    value, count = jnp.array(number), 0
    while value != 1:
        value = value // 2 if value % 2 == 0 else 3 * value + 1
        count += 1
    return count


def traced_graph(x):
    """`jax.jit`: compiled by XLA, once for each shape and type; Python's ifs on values don't work in it."""
    calls = []

    @jax.jit
    def function(x):
        calls.append(x)
        return jnp.tanh(x) ** 2

    return {"results": [function(row) for row in x], "python_calls": len(calls)}


def static_graph(x):
    """`jax.stages.Traced.jaxpr`: the recorded function as a program to be read; lower().compile() runs it."""
    traced = jax.jit(lambda x: 2 * jnp.tanh(x)).trace(x)
    return {"graph": str(traced.jaxpr), "result": traced.lower().compile()(x)}


def functional_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """Plain functions, called on each other; a model is a function of weights and inputs."""

    def dense(x, kernel, bias):
        return jnp.dot(x, kernel) + bias

    return dense(jax.nn.relu(dense(x, kernel_1, bias_1)), kernel_2, bias_2) + x


def _linear(kernel, bias):
    """A layer with these weights."""
    from flax import nnx

    layer = nnx.Linear(*kernel.shape, rngs=nnx.Rngs(0))
    layer.kernel[...], layer.bias[...] = kernel, bias
    return layer


def sequential_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`flax.nnx.Sequential`: of layers and plain functions."""
    from flax import nnx

    return nnx.Sequential(_linear(kernel_1, bias_1), jax.nn.relu, _linear(kernel_2, bias_2))(x)


def subclassed_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`flax.nnx.Module`: a class that owns its weights; nnx.split and nnx.merge make a tree of it and back."""
    from flax import nnx

    class Model(nnx.Module):
        def __init__(self, first, second):
            self.first, self.second = first, second

        def __call__(self, x):
            return self.second(jax.nn.relu(self.first(x))) + x

    return Model(_linear(kernel_1, bias_1), _linear(kernel_2, bias_2))(x)


def training_loop(x, y, learning_rate, epochs):
    """Not provided, by Flax and Optax neither: one's own loop over jax.grad."""
    gradient = jax.jit(jax.grad(lambda weights: jnp.mean((x @ weights - y) ** 2)))
    weights = jnp.zeros(x.shape[1])
    for _ in range(epochs):
        weights -= learning_rate * gradient(weights)
    return weights


# ---- Customisation


def custom_layer(x, scale):
    """A function of weights and inputs; jax.grad finds its gradient. As a class: flax.nnx.Module with nnx.Param."""

    def layer(scale, x):
        return x * scale

    return {"output": layer(scale, jnp.asarray(x)), "gradient": jax.grad(lambda scale: layer(scale, x).sum())(scale)}


def custom_loss(predictions, targets):
    """A function; jax.value_and_grad gives it with its gradient."""

    def loss(predictions):
        return jnp.log(jnp.cosh(predictions - targets)).mean()

    value, gradient = jax.value_and_grad(loss)(predictions)
    return {"loss": value, "gradient": gradient}


def custom_optimiser(weights, gradients, learning_rate):
    """`optax.stateless`: one link of a chain, as a function; GradientTransformation is one with a state."""
    import optax

    signs = optax.stateless(lambda updates, weights: jax.tree.map(jnp.sign, updates))
    return _stepped(optax.chain(signs, optax.scale_by_learning_rate(learning_rate)), weights, gradients)


def custom_gradient(x, upstream):
    """`jax.custom_vjp`: a forward and a backward function; what the forward one keeps is the second of its pair."""

    @jax.custom_vjp
    def square(x):
        return x**2

    square.defvjp(lambda x: (x**2, None), lambda kept, upstream: (-0.5 * upstream,))
    value, pull_back = jax.vjp(square, x)
    return {"value": value, "gradient": pull_back(upstream)[0]}


def custom_training_step(x, y, learning_rate, epochs):
    """The loop is one's own, so anything goes."""
    gradient_of = jax.jit(jax.grad(lambda weights: jnp.mean((x @ weights - y) ** 2)))
    weights = jnp.zeros(x.shape[1])
    for _ in range(epochs):
        gradient = gradient_of(weights)
        weights -= learning_rate * gradient / jnp.linalg.norm(gradient)
    return weights


def custom_kernel(x, folder):
    """`jax.experimental.pallas.pallas_call`: compiled for GPUs and TPUs alone, here interpreted; jax.ffi takes C++."""
    from jax.experimental import pallas

    def kernel(element, result):
        result[...] = element[...] ** 2 + 1

    single, out = pallas.BlockSpec((1,), lambda i: (i,)), jax.ShapeDtypeStruct(x.shape, x.dtype)
    run = pallas.pallas_call(kernel, out, grid=x.shape, in_specs=[single], out_specs=single, interpret=True)
    return run(x)


def forward_hook(x, kernel_1, bias_1, kernel_2, bias_2):
    """No hooks: the first layers of `flax.nnx.Sequential`, run alone; a class can keep values by Module.sow."""
    from flax import nnx

    model = nnx.Sequential(_linear(kernel_1, bias_1), jax.nn.relu, _linear(kernel_2, bias_2))
    return nnx.Sequential(*model.layers[:2])(x)


def second_derivative(x):
    """`jax.grad`: as often as one likes; jax.experimental.jet goes to high orders at once."""
    return jax.vmap(jax.grad(jax.grad(lambda x: x**3 + jnp.sin(x))))(x)


def jacobian(matrix, x):
    """`jax.jacrev`: jax.jacfwd is faster where there are more outputs than inputs."""
    return jax.jacrev(lambda x: jnp.tanh(matrix @ x))(x)


def hessian_vector_product(matrix, x, vector):
    """jax.jvp of jax.grad: forward mode over reverse mode; jax.linearize for many vectors."""
    return jax.jvp(jax.grad(lambda x: jnp.sum((matrix @ x) ** 4)), (x,), (vector,))[1]


def per_example_gradients(x, y, weights):
    """`jax.vmap`: of jax.grad, compiled to one program."""

    def loss(weights, x, y):
        return (x @ weights - y) ** 2

    return jax.vmap(jax.grad(loss), in_axes=(None, 0, 0))(weights, x, y)


def vectorising_map(matrix, batch):
    """`jax.vmap`: no loop inside; over any axes, and within each other."""
    return jax.vmap(lambda vector: matrix @ vector / jnp.linalg.norm(vector))(batch)


# ---- Devices and scale


def _gradient_of_shares(mesh, x, y, weights):
    """The gradient of the whole batch, by one function for all devices, and how many examples each of them has."""

    def share(x, y):
        gradient = jax.grad(lambda weights: lax.pmean(jnp.mean((x @ weights - y) ** 2), "devices"))
        return gradient(weights), jnp.array([len(x)])

    return jax.shard_map(share, mesh=mesh, out_specs=(jax.P(), jax.P("devices")))(x, y)


def data_parallel(x, y, weights):
    """`jax.shard_map`: one function for all devices; or jax.jit, which shares out the work on sharded arrays itself."""
    jax.config.update("jax_num_cpu_devices", 2)
    mesh = jax.make_mesh((2,), ("devices",))
    x, y = jax.device_put((x, y), jax.NamedSharding(mesh, jax.P("devices")))
    gradient, shares = _gradient_of_shares(mesh, x, y, weights)
    return {"gradient": gradient, "shares": shares}


def _machine(number, address, x, y, weights):
    """What runs on each of two machines, with its half of the batch."""
    jax.distributed.initialize(address, num_processes=2, process_id=number)
    mesh = jax.make_mesh((2,), ("devices",))
    halves = jax.NamedSharding(mesh, jax.P("devices"))
    x, y = (jax.make_array_from_process_local_data(halves, np.split(array, 2)[number]) for array in (x, y))
    gradient, shares = _gradient_of_shares(mesh, x, y, weights)
    result = gradient.tolist(), int(shares.addressable_data(0)[0])
    jax.distributed.shutdown()
    return result


def several_machines(x, y, weights):
    """`jax.distributed.initialize`: the same program on each, with one mesh of all devices; here two talk over TCP."""
    os.environ["PJRT_NPROC"] = "2"  # a single thread would wait for the other machine for ever
    with socket.create_server(("localhost", 0)) as free:
        address = f"localhost:{free.getsockname()[1]}"
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        machines = [pool.submit(_machine, number, address, x, y, weights) for number in range(2)]
    (gradient, first), (_, second) = [machine.result() for machine in machines]
    return {"gradient": gradient, "shares": [first, second]}


def model_sharding(x, kernel):
    """`jax.NamedSharding`: of each axis of each array; the compiler puts the communication in."""
    jax.config.update("jax_num_cpu_devices", 2)
    columns = jax.NamedSharding(jax.make_mesh((2,), ("devices",)), jax.P(None, "devices"))
    kernel = jax.device_put(kernel, columns)
    return {"result": x @ kernel, "shards": [shard.data.shape for shard in kernel.addressable_shards]}


def cpu_threads(a, b, threads):
    """By an environment variable, before the first array; JAX doesn't tell the number, so Linux is asked."""
    os.environ["PJRT_NPROC"] = str(threads)
    result = jnp.matmul(a, b)
    names = [(task / "comm").read_text() for task in Path("/proc/self/task").iterdir()]
    return {"result": result, "threads": sum(name.startswith("tf_XLAEigen") for name in names)}


# ---- Deployment


def safe_saving(x, kernel, bias, folder, trap):
    """`jax.numpy.load`: NumPy's files, pickles are refused; Orbax's checkpoints and safetensors hold arrays alone."""
    jnp.savez(f"{folder}/weights.npz", kernel=kernel, bias=bias)
    weights = jnp.load(f"{folder}/weights.npz")
    output = x @ weights["kernel"] + weights["bias"]
    try:
        jnp.load(trap)
    except ValueError as error:
        return {"output": output, "refusal": str(error)}


def onnx_export(kernel, bias, file):
    """`onnx.helper.make_graph`: written by hand a second time; jax2onnx, a package of its own, traces a function."""
    from onnx import TensorProto, helper, numpy_helper, save

    nodes = [helper.make_node("Gemm", ["x", "kernel", "bias"], ["sum"]), helper.make_node("Tanh", ["sum"], ["y"])]
    sizes = {"x": kernel.shape[0], "y": kernel.shape[1]}
    entry, result = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", sizes[n]]) for n in sizes)
    weights = [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")]
    graph = helper.make_graph(nodes, "dense", [entry], [result], weights)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), file)


def graph_export(x, kernel, bias, folder):
    """`jax.export.export`: as StableHLO, for one or several platforms; sizes can stay open."""
    from jax import export

    exported = export.export(jax.jit(lambda x: jnp.tanh(x @ kernel + bias)))(x)
    file = Path(folder, "model.stablehlo")
    file.write_bytes(exported.serialize())
    return export.deserialize(bytearray(file.read_bytes())).call(x)


NOT_POSSIBLE = {
    "callbacks": (
        "Neither JAX nor Flax nor Optax has a training loop to call back from; in one's own one just calls.",
        "https://docs.jax.dev/en/latest/beginner_guide.html",
    ),
}

DOCUMENTED = {
    "pretrained_models": (
        "add-on",
        "Bonsai, by JAX's own developers, has ResNet, VGG, ViT, CLIP, Gemma, Whisper and more, in Flax.",
        "https://github.com/jax-ml/bonsai",
    ),
    "gpu": (
        "built in",
        "On Linux NVIDIA's by the extra jax[cuda13], AMD's by jax[rocm7-local]; Apple's and Intel's are experimental.",
        "https://docs.jax.dev/en/latest/installation.html",
    ),
    "tpu": (
        "built in",
        "By the extra jax[tpu], on Google's cloud.",
        "https://docs.jax.dev/en/latest/installation.html",
    ),
    "native_runtime": (
        "add-on",
        "XLA's C++ library compiles and runs a function that JAX has saved; JAX's source has an example.",
        "https://github.com/jax-ml/jax/tree/main/examples/jax_cpp",
    ),
    "mobile_runtime": (
        "add-on",
        "LiteRT, once TensorFlow Lite: by way of TensorFlow, with JAX's own jax2tf.",
        "https://ai.google.dev/edge/litert/conversion/jax/overview",
    ),
    "browser": (
        "add-on",
        "TensorFlow.js converts functions of JAX, by way of jax2tf.",
        "https://github.com/jax-ml/jax/tree/main/jax/experimental/jax2tf/examples/tf_js",
    ),
    "base_languages": ("fact", "Python and C++", "https://github.com/jax-ml/jax"),
}
