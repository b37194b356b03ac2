"""TensorFlow 1 as tf.compat.v1 of TensorFlow 2: a graph is drawn first, then a session is fed and runs it."""

import contextlib
import functools
import io
import itertools
import math
import subprocess
import tempfile
import threading

import numpy as np
import tensorflow.compat.v1 as tf


def _fed(function):
    """Calls a function of tensors once to draw a graph, with a placeholder for each array; a session then runs it."""

    @functools.wraps(function)
    def run(**arguments):
        with tf.Graph().as_default(), tf.Session() as session:
            arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
            placeholders = {name: tf.placeholder(array.dtype, array.shape) for name, array in arrays.items()}
            results = function(**(arguments | placeholders))
            return session.run(results, feed_dict={placeholders[name]: array for name, array in arrays.items()})

    return run


# ---- Layers


@_fed
def dense(x, kernel, bias):
    """`tensorflow.compat.v1.nn.xw_plus_b`: tf.layers, which made the variables too, isn't there with Keras 3."""
    return tf.nn.xw_plus_b(x, kernel, bias)


@_fed
def conv_1d(x, kernel, bias):
    """`tensorflow.compat.v1.nn.conv1d`: padding is "VALID" or "SAME"; the bias is added apart."""
    return tf.nn.conv1d(x, kernel, stride=1, padding="VALID") + bias


@_fed
def conv_2d(x, kernel, bias):
    """`tensorflow.compat.v1.nn.conv2d`: the strides have four numbers, for batch and channels too."""
    return tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="VALID") + bias


@_fed
def conv_3d(x, kernel, bias):
    """`tensorflow.compat.v1.nn.conv3d`: the strides have five numbers, for batch and channels too."""
    return tf.nn.conv3d(x, kernel, strides=[1, 1, 1, 1, 1], padding="VALID") + bias


@_fed
def conv_transposed(x, kernel, stride):
    """`tensorflow.compat.v1.nn.conv2d_transpose`: wants the output's shape; its kernel is (height, width, out, in)."""
    n, height, width, _ = x.shape.as_list()
    rows, columns, _, out = kernel.shape.as_list()
    shape = [n, (height - 1) * stride + rows, (width - 1) * stride + columns, out]
    kernel = tf.transpose(kernel, (0, 1, 3, 2))
    return tf.nn.conv2d_transpose(x, kernel, shape, strides=[1, stride, stride, 1], padding="VALID")


@_fed
def conv_depthwise(x, kernel):
    """`tensorflow.compat.v1.nn.depthwise_conv2d`: the kernel's last axis is for several filters of a channel."""
    return tf.nn.depthwise_conv2d(x, kernel[..., tf.newaxis], strides=[1, 1, 1, 1], padding="VALID")


@_fed
def conv_separable(x, depthwise, pointwise):
    """`tensorflow.compat.v1.nn.separable_conv2d`: both convolutions in one call."""
    depthwise, pointwise = depthwise[..., tf.newaxis], pointwise[tf.newaxis, tf.newaxis]
    return tf.nn.separable_conv2d(x, depthwise, pointwise, strides=[1, 1, 1, 1], padding="VALID")


@_fed
def conv_dilated(x, kernel, dilation):
    """`tensorflow.compat.v1.nn.conv2d(dilations=)`: in old code tf.nn.atrous_conv2d."""
    return tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="VALID", dilations=[1, dilation, dilation, 1])


@_fed
def conv_grouped(x, kernel, groups):
    """`tensorflow.compat.v1.nn.conv2d`: the number of groups follows from the kernel's shape; no option for it."""
    return tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="VALID")


@_fed
def max_pooling(x, size):
    """`tensorflow.compat.v1.nn.max_pool`: size and strides have four numbers, for batch and channels too."""
    return tf.nn.max_pool(x, ksize=[1, size, size, 1], strides=[1, size, size, 1], padding="VALID")


@_fed
def average_pooling(x, size):
    """`tensorflow.compat.v1.nn.avg_pool`: with padding="SAME" the padding isn't counted."""
    return tf.nn.avg_pool(x, ksize=[1, size, size, 1], strides=[1, size, size, 1], padding="VALID")


@_fed
def global_pooling(x):
    """A mean over two axes."""
    return tf.reduce_mean(x, axis=(1, 2))


@_fed
def adaptive_pooling(x, size):
    """A mean for each window; the graph must know the input's size."""

    def pooled(x, axis):
        length = x.shape.as_list()[axis]
        edges = [(i * length // size, -(-(i + 1) * length // size)) for i in range(size)]
        windows = [tf.gather(x, tf.range(begin, end), axis=axis) for begin, end in edges]
        return tf.stack([tf.reduce_mean(window, axis) for window in windows], axis)

    return pooled(pooled(x, 1), 2)


@_fed
def batch_norm(x, scale, shift, epsilon):
    """`tensorflow.compat.v1.nn.fused_batch_norm`: gives mean and variance too; the running ones are one's own."""
    output, _, _ = tf.nn.fused_batch_norm(x, scale, shift, epsilon=epsilon, is_training=True)
    return output


@_fed
def layer_norm(x, scale, shift, epsilon):
    """Mean and variance of each example, then the formula of tf.nn.batch_normalization, which takes any."""
    mean, variance = tf.nn.moments(x, axes=[-1], keep_dims=True)
    return tf.nn.batch_normalization(x, mean, variance, shift, scale, epsilon)


@_fed
def group_norm(x, scale, shift, groups, epsilon):
    """Mean and variance of each group."""
    n, height, width, channels = x.shape.as_list()
    grouped = tf.reshape(x, (n, height, width, groups, channels // groups))
    mean, variance = tf.nn.moments(grouped, axes=[1, 2, 4], keep_dims=True)
    return tf.reshape(tf.nn.batch_normalization(grouped, mean, variance, None, None, epsilon), x.shape) * scale + shift


@_fed
def embedding(table, indices):
    """`tensorflow.compat.v1.nn.embedding_lookup`: the table may lie in parts on several machines."""
    return tf.nn.embedding_lookup(table, indices)


@_fed
def lstm(x, kernel, recurrent, bias):
    """A loop in the graph, tf.scan; the cells of tf.nn.rnn_cell are not there with Keras 3."""

    def step(state, x):
        gates = tf.matmul(x[tf.newaxis], kernel) + tf.matmul(state[0][tf.newaxis], recurrent) + bias[:, tf.newaxis]
        i, f, g, o = tf.unstack(gates)
        cell = tf.sigmoid(f) * state[1] + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(cell), cell

    zeros = tf.zeros([x.shape[0], kernel.shape[2]])
    return tf.transpose(tf.scan(step, tf.transpose(x, (1, 0, 2)), (zeros, zeros))[0], (1, 0, 2))


@_fed
def gru(x, kernel, recurrent, bias, recurrent_bias):
    """A loop in the graph, tf.scan; the cells of tf.nn.rnn_cell are not there with Keras 3."""

    def step(hidden, x):
        of_x = tf.unstack(tf.matmul(x[tf.newaxis], kernel) + bias[:, tf.newaxis])
        of_hidden = tf.unstack(tf.matmul(hidden[tf.newaxis], recurrent) + recurrent_bias[:, tf.newaxis])
        reset, update = tf.sigmoid(of_x[0] + of_hidden[0]), tf.sigmoid(of_x[1] + of_hidden[1])
        return (1 - update) * tf.tanh(of_x[2] + reset * of_hidden[2]) + update * hidden

    states = tf.scan(step, tf.transpose(x, (1, 0, 2)), tf.zeros([x.shape[0], kernel.shape[2]]))
    return tf.transpose(states, (1, 0, 2))


@_fed
def multi_head_attention(x, query, key, value, output, heads):
    """Two sums of products and a softmax."""
    n, time, units = x.shape.as_list()
    query, key, value = (tf.reshape(x @ kernel, (n, time, heads, -1)) for kernel in (query, key, value))
    scores = tf.einsum("nqhc,nkhc->nhqk", query, key) / (units // heads) ** 0.5
    mixed = tf.einsum("nhqk,nkhc->nqhc", tf.nn.softmax(scores), value)
    return tf.reshape(mixed, x.shape) @ output


@_fed
def residual_block(x, first, second):
    """Two convolutions and an addition."""
    hidden = tf.nn.relu(tf.nn.conv2d(x, first, strides=[1, 1, 1, 1], padding="SAME"))
    return tf.nn.relu(x + tf.nn.conv2d(hidden, second, strides=[1, 1, 1, 1], padding="SAME"))


@_fed
def inception_block(x, one, three, five):
    """Three convolutions and a pooling, joined along the channels."""
    branches = [tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME") for kernel in (one, three, five)]
    branches.append(tf.nn.max_pool(x, ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], padding="SAME"))
    return tf.concat(branches, axis=-1)


@_fed
def upsampling(x, factor):
    """`tensorflow.compat.v1.image.resize_nearest_neighbor`: bilinear and bicubic are functions of their own."""
    return tf.image.resize_nearest_neighbor(x, (factor * x.shape[1], factor * x.shape[2]))


# ---- Losses and activations


@_fed
def cross_entropy_logits(logits, labels):
    """`tensorflow.compat.v1.losses.sparse_softmax_cross_entropy`: the mean; it also adds itself to a list of losses."""
    return tf.losses.sparse_softmax_cross_entropy(labels, logits)


@_fed
def cross_entropy_probabilities(probabilities, labels):
    """One line; tf.losses.log_loss is the one for yes or no."""
    return -tf.reduce_mean(tf.log(tf.gather(probabilities, labels, batch_dims=1)))


@_fed
def label_smoothing(logits, labels, smoothing):
    """`tensorflow.compat.v1.losses.softmax_cross_entropy(label_smoothing=)`: for one-hot labels."""
    return tf.losses.softmax_cross_entropy(tf.one_hot(labels, logits.shape[1]), logits, label_smoothing=smoothing)


@_fed
def binary_cross_entropy(logits, labels):
    """`tensorflow.compat.v1.losses.sigmoid_cross_entropy`: it can smooth labels too."""
    return tf.losses.sigmoid_cross_entropy(labels, logits)


@_fed
def focal_loss(logits, labels, alpha, gamma):
    """From binary cross-entropy."""
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    balance = labels * alpha + (1 - labels) * (1 - alpha)
    return tf.reduce_mean(balance * (1 - tf.exp(-losses)) ** gamma * losses)


@_fed
def hinge_loss(scores, labels):
    """`tensorflow.compat.v1.losses.hinge_loss`: wants labels of 0 and 1, and turns them into -1 and 1."""
    return tf.losses.hinge_loss((labels + 1) / 2, scores)


@_fed
def huber_loss(predictions, targets):
    """`tensorflow.compat.v1.losses.huber_loss`: delta is an option, 1 by default."""
    return tf.losses.huber_loss(targets, predictions)


@_fed
def kl_divergence(p, q):
    """One line."""
    return tf.reduce_mean(tf.reduce_sum(p * tf.log(p / q), axis=1))


@_fed
def ctc_loss(logits, labels):
    """`tensorflow.compat.v1.nn.ctc_loss_v2`: tf.nn.ctc_loss wants sparse labels, and the blank as the last class."""
    lengths, times = (tf.fill([labels.shape[0]], int(size)) for size in (labels.shape[1], logits.shape[1]))
    labels = tf.cast(labels, tf.int32)
    return tf.nn.ctc_loss_v2(labels, logits, lengths, times, logits_time_major=False, blank_index=0)


@_fed
def triplet_loss(anchor, positive, negative, margin):
    """Two norms and their difference."""
    near, far = (tf.norm(anchor - other, axis=1) for other in (positive, negative))
    return tf.reduce_mean(tf.nn.relu(near - far + margin))


@_fed
def relu(x):
    """`tensorflow.compat.v1.nn.relu`: its slope at 0 is 0."""
    return tf.nn.relu(x)


@_fed
def leaky_relu(x, slope):
    """`tensorflow.compat.v1.nn.leaky_relu`: the slope is 0.2 by default."""
    return tf.nn.leaky_relu(x, alpha=slope)


@_fed
def elu(x):
    """`tensorflow.compat.v1.nn.elu`: alpha is 1, and no option."""
    return tf.nn.elu(x)


@_fed
def selu(x):
    """`tensorflow.compat.v1.nn.selu`: its two constants are fixed."""
    return tf.nn.selu(x)


@_fed
def gelu(x):
    """One line, with the error function."""
    return x * (1 + tf.erf(x / math.sqrt(2))) / 2


@_fed
def silu(x):
    """`tensorflow.compat.v1.nn.swish`: its usual name here."""
    return tf.nn.swish(x)


@_fed
def softplus(x):
    """`tensorflow.compat.v1.nn.softplus`: tf.math.softplus is the same."""
    return tf.nn.softplus(x)


@_fed
def mish(x):
    """One line."""
    return x * tf.tanh(tf.nn.softplus(x))


@tf.custom_gradient
def _sign(x):
    return tf.sign(x), lambda upstream: upstream * tf.cast(tf.abs(x) <= 1, x.dtype)


@_fed
def custom_activation(x):
    """`tensorflow.compat.v1.custom_gradient`: in older code tf.RegisterGradient and gradient_override_map."""
    value = _sign(x)
    return {"value": value, "gradient": tf.gradients(value, x)[0]}


# ---- Training aids


@_fed
def dropout(x, rate):
    """`tensorflow.compat.v1.nn.dropout`: in old code keep_prob, the share that is kept; 1 outside of training."""
    return {"training": tf.nn.dropout(x, rate=rate, seed=1), "evaluation": tf.nn.dropout(x, rate=0.0, seed=1)}


@_fed
def spatial_dropout(x, rate):
    """`tensorflow.compat.v1.nn.dropout(noise_shape=)`: along an axis of size 1 all is dropped together."""
    return tf.nn.dropout(x, rate=rate, noise_shape=[x.shape[0], 1, 1, x.shape[3]], seed=1)


@_fed
def l1_l2(weights, l1, l2):
    """Added to the loss; tf.nn.l2_loss is half of the sum of squares."""
    return l1 * tf.reduce_sum(tf.abs(weights)) + l2 * 2 * tf.nn.l2_loss(weights)


def _trained(draw, weights, gradients):
    """The weights after a step along each gradient; draw(variable, gradient) puts the step into the graph."""
    with tf.Graph().as_default(), tf.Session() as session:
        variable, gradient = tf.Variable(weights), tf.placeholder(weights.dtype, weights.shape)
        step = draw(variable, gradient)
        session.run(tf.global_variables_initializer())
        session.run(tf.get_collection("after_initializer"))
        for row in gradients:
            session.run(step, {gradient: row})
        return session.run(variable)


def _optimised(optimizer, weights, gradients):
    return _trained(lambda variable, gradient: optimizer.apply_gradients([(gradient, variable)]), weights, gradients)


def weight_decay(weights, gradients, learning_rate, decay):
    """As an L2 penalty in the loss, which is the same without momentum."""

    def step(variable, gradient):
        loss = tf.reduce_sum(gradient * variable) + decay * tf.nn.l2_loss(variable)
        return tf.train.GradientDescentOptimizer(learning_rate).minimize(loss)

    return _trained(step, weights, gradients)


@_fed
def clip_by_norm(kernel, bias, limit):
    """`tensorflow.compat.v1.clip_by_global_norm`: gives the norm too; tf.clip_by_norm is for one gradient alone."""
    gradients, _ = tf.clip_by_global_norm([kernel, bias], limit)
    return gradients


@_fed
def clip_by_value(gradient, limit):
    """`tensorflow.compat.v1.clip_by_value`: between any two limits."""
    return tf.clip_by_value(gradient, -limit, limit)


@_fed
def step_schedule(rate, factor, every, steps):
    """`tensorflow.compat.v1.train.exponential_decay(staircase=)`: a tensor, to be given to an optimiser."""
    return tf.train.exponential_decay(rate, steps, every, factor, staircase=True)


@_fed
def cosine_schedule(rate, total, steps):
    """`tensorflow.compat.v1.train.cosine_decay`: a tensor, to be given to an optimiser."""
    return tf.train.cosine_decay(rate, steps, total)


@_fed
def warm_up(rate, warm_up, steps):
    """One formula of the global step."""
    return rate * tf.minimum(1.0, 0.1 + 0.9 * tf.cast(steps, tf.float32) / warm_up)


def momentum(weights, gradients, learning_rate, momentum):
    """`tensorflow.compat.v1.train.MomentumOptimizer`: the learning rate stays out of the velocity."""
    return _optimised(tf.train.MomentumOptimizer(learning_rate, momentum), weights, gradients)


def nesterov(weights, gradients, learning_rate, momentum):
    """`tensorflow.compat.v1.train.MomentumOptimizer(use_nesterov=)`: an option of momentum."""
    return _optimised(tf.train.MomentumOptimizer(learning_rate, momentum, use_nesterov=True), weights, gradients)


def adam(weights, gradients, learning_rate):
    """`tensorflow.compat.v1.train.AdamOptimizer`: epsilon, 1e-8, is added before the bias correction."""
    return _optimised(tf.train.AdamOptimizer(learning_rate), weights, gradients)


def adamw(weights, gradients, learning_rate, decay):
    """The weights are shrunk before Adam's step; tf.contrib, which had it, is gone."""

    def step(variable, gradient):
        with tf.control_dependencies([variable.assign_sub(learning_rate * decay * variable)]):
            return tf.train.AdamOptimizer(learning_rate).apply_gradients([(gradient, variable)])

    return _trained(step, weights, gradients)


def rmsprop(weights, gradients, learning_rate, decay):
    """`tensorflow.compat.v1.train.RMSPropOptimizer`: its mean square begins at 1: the first steps are small; here 0."""
    optimizer = tf.train.RMSPropOptimizer(learning_rate, decay, epsilon=1e-12)

    def step(variable, gradient):
        update = optimizer.apply_gradients([(gradient, variable)])
        tf.add_to_collection("after_initializer", optimizer.get_slot(variable, "rms").assign(tf.zeros_like(variable)))
        return update

    return _trained(step, weights, gradients)


def weight_average(weights, decay):
    """`tensorflow.compat.v1.train.ExponentialMovingAverage`: begins with the initial weights."""
    with tf.Graph().as_default(), tf.Session() as session:
        variable, average = tf.Variable(weights[0]), tf.train.ExponentialMovingAverage(decay)
        step = average.apply([variable])
        session.run(tf.global_variables_initializer())
        for current in weights:
            variable.load(current, session)  # what a step of training would do
            session.run(step)
        return session.run(average.average(variable))


def early_stopping(losses, patience):
    """A best value and a counter in one's own loop."""
    best, waited = math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            return epoch
    return len(losses)


def _momentum_step(weights, learning_rate, momentum):
    variable, gradient = tf.Variable(weights), tf.placeholder(weights.dtype, weights.shape)
    step = tf.train.MomentumOptimizer(learning_rate, momentum).apply_gradients([(gradient, variable)])
    return variable, gradient, step


def _run_steps(session, drawn, gradients):
    variable, gradient, step = drawn
    for row in gradients:
        session.run(step, {gradient: row})
    return session.run(variable)


def checkpoint(weights, gradients, learning_rate, momentum, folder):
    """`tensorflow.compat.v1.train.Saver`: all variables by their names, the optimiser's too; here for a new session."""
    with tf.Graph().as_default(), tf.Session() as session, tf.Session() as new:
        drawn, saver = _momentum_step(weights, learning_rate, momentum), tf.train.Saver()
        session.run(tf.global_variables_initializer())
        _run_steps(session, drawn, gradients[:2])
        saver.restore(new, saver.save(session, f"{folder}/state"))
        later = gradients[2:]
        return {"resumed": _run_steps(new, drawn, later), "unbroken": _run_steps(session, drawn, later)}


def mixed_precision(x, kernel):
    """One casts by hand; on GPUs enable_mixed_precision_graph_rewrite changes the graph for an optimiser."""
    with tf.Graph().as_default(), tf.Session() as session:
        inputs, kernel = tf.placeholder(tf.float32, x.shape), tf.Variable(kernel)
        product = tf.matmul(tf.cast(inputs, tf.bfloat16), tf.cast(kernel, tf.bfloat16))
        session.run(tf.global_variables_initializer())
        result = session.run(tf.cast(product, tf.float32), {inputs: x})
        return {"result": result, "weights": kernel.dtype.name}


def _accumulation(weights, learning_rate, every):
    """Operations that add a gradient, and that add one and make a step along the mean of the last few."""
    variable, gradient = tf.Variable(weights), tf.placeholder(weights.dtype, weights.shape)
    accumulator = tf.ConditionalAccumulator(weights.dtype, weights.shape)
    add = accumulator.apply_grad(gradient, local_step=tf.int64.max)
    with tf.control_dependencies([add]):
        mean = accumulator.take_grad(every)
    return variable, gradient, add, tf.train.GradientDescentOptimizer(learning_rate).apply_gradients([(mean, variable)])


def gradient_accumulation(weights, gradients, learning_rate, every):
    """`tensorflow.compat.v1.ConditionalAccumulator`: also for the gradients of several machines."""
    after = []
    with tf.Graph().as_default(), tf.Session() as session:
        variable, gradient, add, step = _accumulation(weights, learning_rate, every)
        session.run(tf.global_variables_initializer())
        for number, row in enumerate(gradients, start=1):
            session.run(add if number % every else step, {gradient: row})
            after.append(session.run(variable))
    return after


@_fed
def mirror(images):
    """`tensorflow.compat.v1.image.flip_left_right`: random_flip_left_right leaves it to chance."""
    return tf.image.flip_left_right(images)


@_fed
def crop(images, top, left, height, width):
    """`tensorflow.compat.v1.image.crop_to_bounding_box`: random_crop leaves the place to chance."""
    return tf.image.crop_to_bounding_box(images, top, left, height, width)


def _warped(image, *rows):
    """Each pixel (x, y, 1) comes from where the two rows of a matrix lead; bilinear, 0 outside."""
    result = tf.raw_ops.ImageProjectiveTransformV3(
        images=image[tf.newaxis, ..., tf.newaxis],
        transforms=[[*rows[0], *rows[1], 0.0, 0.0]],
        output_shape=image.shape,
        fill_value=0.0,
        interpolation="BILINEAR",
    )
    return result[0, ..., 0]


@_fed
def shear(image):
    """By the bare kernel ImageProjectiveTransform, which tf.contrib.image.transform was for."""
    middle = image.shape.as_list()[0] // 2
    return _warped(image, (1.0, -1.0, middle), (0.0, 1.0, 0.0))


@_fed
def rotate(image, degrees):
    """By the bare kernel ImageProjectiveTransform, which tf.contrib.image.rotate was for."""
    middle, angle = image.shape.as_list()[0] // 2, math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return _warped(image, (cos, -sin, middle * (1 - cos + sin)), (sin, cos, middle * (1 - cos - sin)))


@_fed
def class_weights(logits, labels, weights):
    """The loss takes a weight for each example; its mean divides by the number of those that aren't 0."""
    weights = tf.gather(weights, labels)
    return tf.losses.sparse_softmax_cross_entropy(labels, logits, weights, reduction=tf.losses.Reduction.NONE)


def seeds(seed, count):
    """`tensorflow.compat.v1.set_random_seed`: of the graph; an operation's number in the graph counts too."""

    def random(seed):
        with tf.Graph().as_default(), tf.Session() as session:
            tf.set_random_seed(seed)
            return session.run(tf.random_uniform([count]))

    return [random(number) for number in (seed, seed, seed + 1)]


# ---- Helper functions


def _load(row):
    return row, threading.get_ident()


def data_loading(rows, batch_size):
    """`tensorflow.compat.v1.data.Dataset.prefetch`: the iterator's batch is a tensor of the graph."""
    with tf.Graph().as_default(), tf.Session() as session:
        data = tf.data.Dataset.from_tensor_slices(rows)
        data = data.map(lambda row: tf.numpy_function(_load, [row], [tf.float32, tf.int64]))
        iterator = tf.data.make_initializable_iterator(data.batch(batch_size).prefetch(1))
        batch = iterator.get_next()
        session.run(iterator.initializer)
        batches, loaders = zip(*(session.run(batch) for _ in range(0, len(rows), batch_size)), strict=True)
    return {"batches": batches, "loaders": np.concatenate(loaders), "consumer": threading.get_ident()}


def progress(steps):
    """A print in one's own loop; tf.train.LoggingTensorHook logs values every so many steps."""
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        for step in range(1, steps + 1):
            print(f"\rstep {step}/{steps}", end="")
    return shown.getvalue()


def metrics(labels, scores):
    """`tensorflow.compat.v1.metrics.precision`: gives two tensors: the value so far, and what takes in a batch."""
    measures = {"accuracy": tf.metrics.accuracy, "precision": tf.metrics.precision, "recall": tf.metrics.recall}
    with tf.Graph().as_default(), tf.Session() as session:
        label, score = (tf.placeholder(tf.float32, [None]) for _ in range(2))
        found = {name: measure(label, score > 0.5) for name, measure in measures.items()}
        session.run(tf.local_variables_initializer())
        for batch in zip(labels, scores, strict=True):
            session.run([update for _, update in found.values()], {label: batch[0], score: batch[1]})
        return session.run({name: value for name, (value, _) in found.items()})


def model_summary(sizes):
    """`tensorflow.compat.v1.profiler.profile`: counts by the scopes of the variables' names."""
    builder = tf.profiler.ProfileOptionBuilder(tf.profiler.ProfileOptionBuilder.trainable_variables_parameter())
    with tf.Graph().as_default() as graph, tempfile.NamedTemporaryFile("r") as file:
        for number, (inputs, units) in enumerate(itertools.pairwise(sizes)):
            with tf.variable_scope(f"dense_{number}"):
                tf.get_variable("kernel", initializer=tf.zeros([inputs, units]))
                tf.get_variable("bias", initializer=tf.zeros(units))
        tf.profiler.profile(graph, options=builder.with_file_output(file.name).build())
        return file.read()


def parameter_summary(kernel, bias):
    """`tensorflow.compat.v1.trainable_variables`: all of the graph, with their names."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("kernel", initializer=kernel)
        tf.get_variable("bias", initializer=bias)
        session.run(tf.global_variables_initializer())
        variables = {variable.op.name: variable for variable in tf.trainable_variables()}
        measures = (tf.size, tf.reduce_mean, tf.math.reduce_std)
        return session.run({name: [measure(v) for measure in measures] for name, v in variables.items()})


def profiling(a, b):
    """`tensorflow.compat.v1.RunOptions(trace_level=)`: for one session.run; tf.profiler makes tables of it."""
    metadata = tf.RunMetadata()
    with tf.Graph().as_default(), tf.Session() as session:
        left, right = (tf.placeholder(tf.float32, array.shape) for array in (a, b))
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        session.run(tf.matmul(left, right), {left: a, right: b}, options=options, run_metadata=metadata)
    return str(metadata)


def tensorboard(values, folder):
    """`tensorflow.compat.v1.summary.FileWriter`: writes without the package tensorboard, which shows it."""
    with tf.Graph().as_default(), tf.Session() as session, tf.summary.FileWriter(folder) as writer:
        loss = tf.placeholder(tf.float32, [])
        summary = tf.summary.scalar("loss", loss)
        for step, value in enumerate(values):
            writer.add_summary(session.run(summary, {loss: value}), step)


@_fed
def filter_images(kernel):
    """Two changes of the shape, and one scale for all; tf.summary.image or tf.image.encode_png shows it."""
    height, width, _, count = kernel.shape.as_list()
    filters = tf.transpose(tf.reshape(kernel, (height, width, 2, count // 2)), (2, 0, 3, 1))
    picture = tf.reshape(filters, (2 * height, -1))
    least, most = tf.reduce_min(picture), tf.reduce_max(picture)
    return (picture - least) / (most - least)


def _dot_int8(x, kernel):
    """The product with weights of 8 bits, and these weights."""
    limit = tf.reduce_max(tf.abs(kernel))
    weights = tf.quantization.quantize(kernel, -limit, limit, tf.qint8, mode="SCALED", narrow_range=True).output
    scale = {"rhs_scales": limit / 127, "rhs_zero_points": 0}
    scale |= {"rhs_quantization_min_val": -127, "rhs_quantization_max_val": 127}
    return tf.raw_ops.UniformQuantizedDotHybrid(lhs=x, rhs=weights, Tout=tf.float32, **scale), weights


def quantisation(x, kernel):
    """By a bare kernel for int8 weights; tf.lite quantises whole models."""
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(tf.float32, x.shape)
        result, weights = _dot_int8(inputs, tf.constant(kernel))
        return {"result": session.run(result, {inputs: x}), "weights": weights.dtype.name}


# ---- Abstraction


def eager(number):
    """`tensorflow.compat.v1.enable_eager_execution`: at a program's start; graphs then need a `with`, as here."""
    tf.enable_eager_execution()
    value, count = tf.constant(number), 0
    while value != 1:
        value = value // 2 if value % 2 == 0 else 3 * value + 1
        count += 1
    return count


def traced_graph(x):
    """`tensorflow.compat.v1.Session.make_callable`: Python draws the graph once, ifs and loops by tf.cond and so on."""
    calls = []

    def function(x):
        calls.append(1)
        return tf.tanh(x) ** 2

    with tf.Graph().as_default(), tf.Session() as session:
        row = tf.placeholder(tf.float32, x[0].shape)
        run = session.make_callable(function(row), [row])
        return {"results": [run(row) for row in x], "python_calls": len(calls)}


def static_graph(x):
    """`tensorflow.compat.v1.Graph`: the only way; names of operations and scopes make it readable."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        inputs = tf.placeholder(tf.float32, x.shape)
        result = 2 * tf.tanh(inputs)
        return {"graph": str(graph.as_graph_def()), "result": session.run(result, {inputs: x})}


@_fed
def functional_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """Plain functions of tensors, called on each other."""
    hidden = tf.nn.relu(tf.nn.xw_plus_b(x, kernel_1, bias_1))
    return tf.nn.xw_plus_b(hidden, kernel_2, bias_2) + x


def _two_layers(x, kernel_1, bias_1, kernel_2, bias_2):
    """dense, ReLU, dense, as a list of functions."""
    first, second = (tf.Variable(kernel_1), tf.Variable(bias_1)), (tf.Variable(kernel_2), tf.Variable(bias_2))
    layers = [lambda x: tf.nn.xw_plus_b(x, *first), tf.nn.relu, lambda x: tf.nn.xw_plus_b(x, *second)]
    return functools.reduce(lambda value, layer: layer(value), layers, x)


def sequential_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """A list of functions."""
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(tf.float32, [None, x.shape[1]])
        output = _two_layers(inputs, kernel_1, bias_1, kernel_2, bias_2)
        session.run(tf.global_variables_initializer())
        return session.run(output, {inputs: x})


class _Dense(tf.Module):
    def __init__(self, kernel, bias):
        super().__init__(name="dense")
        self.kernel, self.bias = tf.Variable(kernel), tf.Variable(bias)

    def __call__(self, x):
        return tf.nn.xw_plus_b(x, self.kernel, self.bias)


class _Shortcut(tf.Module):
    def __init__(self, first, second):
        super().__init__(name="shortcut")
        self.first, self.second = first, second

    def __call__(self, x):
        return self.second(tf.nn.relu(self.first(x))) + x


def subclassed_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`tensorflow.compat.v1.Module`: older code shares variables by tf.variable_scope(reuse=True)."""
    with tf.Graph().as_default(), tf.Session() as session:
        model = _Shortcut(_Dense(kernel_1, bias_1), _Dense(kernel_2, bias_2))
        inputs = tf.placeholder(tf.float32, [None, x.shape[1]])
        output = model(inputs)
        session.run(tf.global_variables_initializer())
        return session.run(output, {inputs: x})


def _regression(x, y):
    """Weights from zero, the loss of x @ weights, and what to feed."""
    inputs, targets = tf.placeholder(tf.float32, [None, x.shape[1]]), tf.placeholder(tf.float32, [None])
    weights = tf.Variable(tf.zeros(x.shape[1]))
    loss = tf.losses.mean_squared_error(targets, tf.linalg.matvec(inputs, weights))
    return weights, loss, {inputs: x, targets: y}


def training_loop(x, y, learning_rate, epochs):
    """One's own loop around session.run; tf.estimator, which had one, is gone."""
    with tf.Graph().as_default(), tf.Session() as session:
        weights, loss, fed = _regression(x, y)
        step = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss)
        session.run(tf.global_variables_initializer())
        for _ in range(epochs):
            session.run(step, fed)
        return session.run(weights)


class _Told(tf.train.SessionRunHook):
    def __init__(self, loss):
        self.loss, self.losses = loss, []

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(self.loss)

    def after_run(self, run_context, run_values):
        self.losses.append(run_values.results)


def callbacks(x, y, learning_rate, epochs):
    """A tf.train.SessionRunHook is called around each session.run; the loop and its epochs are one's own."""
    with tf.Graph().as_default():
        _, loss, fed = _regression(x, y)
        step = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, tf.train.create_global_step())
        hooks = [tf.train.StopAtStepHook(epochs), told := _Told(loss)]
        with tf.train.MonitoredSession(hooks=hooks) as session:
            while not session.should_stop():
                session.run(step, fed)
    return told.losses


# ---- Customisation


def _scaled(x, scale):
    """A layer with a variable of its own."""
    with tf.variable_scope("scaled"):
        return x * tf.get_variable("scale", initializer=scale)


def custom_layer(x, scale):
    """A function that makes its variable; the graph knows all variables."""
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(tf.float32, x.shape)
        output = _scaled(inputs, scale)
        (gradient,) = tf.gradients(output, tf.trainable_variables())
        session.run(tf.global_variables_initializer())
        return session.run({"output": output, "gradient": gradient}, {inputs: x})


@_fed
def custom_loss(predictions, targets):
    """A function of tensors; its gradient is found. tf.cosh overflows above 88, softplus wouldn't."""
    loss = tf.reduce_mean(tf.log(tf.cosh(predictions - targets)))
    return {"loss": loss, "gradient": tf.gradients(loss, predictions)[0]}


class _SignDescent(tf.train.Optimizer):
    def __init__(self, learning_rate):
        super().__init__(use_locking=False, name="SignDescent")
        self.learning_rate = learning_rate

    def _resource_apply_dense(self, grad, handle):
        return handle.assign_sub(self.learning_rate * tf.sign(grad))


def custom_optimiser(weights, gradients, learning_rate):
    """`tensorflow.compat.v1.train.Optimizer`: a class with a step; minimize, slots and saving come with it."""
    return _optimised(_SignDescent(learning_rate), weights, gradients)


@tf.custom_gradient
def _turned_square(x):
    return x**2, lambda upstream: -0.5 * upstream


@_fed
def custom_gradient(x, upstream):
    """`tensorflow.compat.v1.custom_gradient`: the function gives its value and the function for the gradient."""
    value = _turned_square(x)
    return {"value": value, "gradient": tf.gradients(value, x, grad_ys=upstream)[0]}


def custom_training_step(x, y, learning_rate, epochs):
    """`tensorflow.compat.v1.train.Optimizer.compute_gradients`: and apply_gradients are the halves of minimize."""
    with tf.Graph().as_default(), tf.Session() as session:
        weights, loss, fed = _regression(x, y)
        optimizer = tf.train.GradientDescentOptimizer(learning_rate)
        step = optimizer.apply_gradients([(g / tf.norm(g), w) for g, w in optimizer.compute_gradients(loss)])
        session.run(tf.global_variables_initializer())
        for _ in range(epochs):
            session.run(step, fed)
        return session.run(weights)


def _operation(name, code, folder):
    """Makes an operation x -> y of a kernel in C++, and loads it."""
    headers = [f"#include <tensorflow/core/framework/{header}.h>" for header in ("op", "op_kernel")]
    register = f'REGISTER_OP("{name}").Input("x: float").Output("y: float");'
    register_kernel = f'REGISTER_KERNEL_BUILDER(Name("{name}").Device(tensorflow::DEVICE_CPU), {name});'
    source, library = "\n".join([*headers, code, register, register_kernel]), f"{folder}/{name}.so"
    flags = [*tf.sysconfig.get_compile_flags(), *tf.sysconfig.get_link_flags(), "-shared", "-fPIC", "-w"]
    subprocess.run(["g++", "-x", "c++", "-", "-o", library, *flags], input=source.encode(), check=True)
    return tf.load_op_library(library)


@_fed
def custom_kernel(x, folder):
    """`tensorflow.compat.v1.load_op_library`: C++ or CUDA, against TensorFlow's headers, slow to compile."""
    code = """struct SquarePlusOne : tensorflow::OpKernel {
        using OpKernel::OpKernel;
        void Compute(tensorflow::OpKernelContext *context) override {
            tensorflow::Tensor *y;
            OP_REQUIRES_OK(context, context->allocate_output(0, context->input(0).shape(), &y));
            float *value = y->flat<float>().data(); const float *x = context->input(0).flat<float>().data();
            for (int i = 0; i < y->NumElements(); i++) value[i] = x[i] * x[i] + 1; }};"""
    return _operation("SquarePlusOne", code, folder).square_plus_one(x)


def forward_hook(x, kernel_1, bias_1, kernel_2, bias_2):
    """`tensorflow.compat.v1.Graph.get_tensor_by_name`: a session runs up to any tensor of the graph."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        inputs = tf.placeholder(tf.float32, [None, x.shape[1]])
        _two_layers(inputs, kernel_1, bias_1, kernel_2, bias_2)
        session.run(tf.global_variables_initializer())
        return session.run(graph.get_tensor_by_name("Relu:0"), {inputs: x})


@_fed
def second_derivative(x):
    """`tensorflow.compat.v1.gradients`: adds operations to the graph, which have gradients too."""
    (slope,) = tf.gradients(x**3 + tf.sin(x), x)
    return tf.gradients(slope, x)[0]


@_fed
def jacobian(matrix, x):
    """A gradient for each output."""
    value = tf.tanh(tf.linalg.matvec(matrix, x))
    return tf.stack([tf.gradients(output, x)[0] for output in tf.unstack(value)])


@_fed
def hessian_vector_product(matrix, x, vector):
    """The gradient of the gradient times the vector; tf.hessians gives the whole Hessian."""
    (gradient,) = tf.gradients(tf.reduce_sum(tf.linalg.matvec(matrix, x) ** 4), x)
    return tf.gradients(tf.reduce_sum(gradient * vector), x)[0]


@_fed
def per_example_gradients(x, y, weights):
    """A gradient for each example: the graph grows with the batch."""
    losses = (tf.linalg.matvec(x, weights) - y) ** 2
    return tf.stack([tf.gradients(loss, weights)[0] for loss in tf.unstack(losses)])


@_fed
def vectorising_map(matrix, batch):
    """`tensorflow.compat.v1.vectorized_map`: no loop inside; tf.map_fn is a loop in the graph."""
    return tf.vectorized_map(lambda vector: tf.linalg.matvec(matrix, vector) / tf.norm(vector), batch)


# ---- Devices and scale


def _tower(device, x, y, weights):
    """The gradient of one part of the batch, on one device, and the number of its examples."""
    with tf.device(device):
        loss = tf.losses.mean_squared_error(y, tf.linalg.matvec(x, weights))
        return tf.gradients(loss, weights)[0], tf.shape(x)[0]


def data_parallel(x, y, weights):
    """By tf.device: a part of the graph for each device, and the mean of their gradients."""
    two_devices = tf.ConfigProto(device_count={"CPU": 2})
    with tf.Graph().as_default(), tf.Session(config=two_devices) as session:
        weights = tf.constant(weights)
        halves = zip(tf.split(x, 2), tf.split(y, 2), strict=True)
        towers = [_tower(f"/cpu:{number}", *half, weights) for number, half in enumerate(halves)]
        gradients, shares = zip(*towers, strict=True)
        return session.run({"gradient": tf.add_n(gradients) / 2, "shares": shares})


def model_sharding(x, kernel):
    """By tf.device: a variable on each, and one joins their products."""
    two_devices, shards, products = tf.ConfigProto(device_count={"CPU": 2}), [], []
    with tf.Graph().as_default(), tf.Session(config=two_devices) as session:
        for number, half in enumerate(np.split(kernel, 2, axis=1)):
            with tf.device(f"/cpu:{number}"):
                shards.append(tf.Variable(half))
                products.append(tf.matmul(x, shards[-1]))
        session.run(tf.global_variables_initializer())
        return session.run({"result": tf.concat(products, axis=1), "shards": [tf.shape(shard) for shard in shards]})


def cpu_threads(a, b, threads):
    """`tensorflow.compat.v1.config.threading.set_intra_op_parallelism_threads`: before any session."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    with tf.Graph().as_default(), tf.Session() as session:
        left, right = (tf.placeholder(tf.float32, array.shape) for array in (a, b))
        result = session.run(tf.matmul(left, right), {left: a, right: b})
    return {"result": result, "threads": tf.config.threading.get_intra_op_parallelism_threads()}


# ---- Deployment


def safe_saving(x, kernel, bias, folder, trap):
    """`tensorflow.compat.v1.train.Saver`: holds arrays and their names; restore needs the graph."""
    with tf.Graph().as_default(), tf.Session() as session, tf.Session() as other:
        output, saver = _Dense(kernel, bias)(tf.constant(x)), tf.train.Saver()
        session.run(tf.global_variables_initializer())
        saver.restore(other, saver.save(session, f"{folder}/weights"))
        try:
            saver.restore(other, trap)
        except tf.errors.DataLossError as error:
            return {"output": other.run(output), "refusal": error.message}


def onnx_export(kernel, bias, file):
    """`tf2onnx.convert.from_graph_def`: a package of the ONNX project; variables must be frozen first."""
    import tf2onnx

    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, len(kernel)], name="x")
        tf.tanh(tf.nn.xw_plus_b(x, kernel, bias), name="y")
    tf2onnx.convert.from_graph_def(graph.as_graph_def(), input_names=["x:0"], output_names=["y:0"], output_path=file)


def graph_export(x, kernel, bias, folder):
    """`tensorflow.compat.v1.saved_model.simple_save`: a folder with the graph and its variables."""
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(tf.float32, [None, x.shape[1]], name="x")
        output = tf.tanh(_Dense(kernel, bias)(inputs), name="y")
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, f"{folder}/model", {"x": inputs}, {"y": output})
    with tf.Graph().as_default(), tf.Session() as session:
        tf.saved_model.load(session, ["serve"], f"{folder}/model")
        return session.run("y:0", {"x:0": x})


DOCUMENTED = {
    "pretrained_models": (
        "add-on",
        "TF-Slim has networks for images, with checkpoints; in TensorFlow 2 it runs on tf.compat.v1.",
        "https://github.com/tensorflow/models/tree/master/research/slim",
    ),
    "gpu": (
        "built in",
        "Operations run on a GPU by themselves where there is one; tf.device says where.",
        "https://www.tensorflow.org/guide/gpu",
    ),
    "several_machines": (
        "built in",
        "A tf.train.Server on each machine; replica_device_setter spreads variables over parameter servers.",
        "https://www.tensorflow.org/api_docs/python/tf/compat/v1/train/replica_device_setter",
    ),
    "tpu": (
        "built in",
        "tf.compat.v1.tpu.rewrite compiles a computation for a TPU, which a session then runs.",
        "https://www.tensorflow.org/api_docs/python/tf/compat/v1/tpu/rewrite",
    ),
    "native_runtime": (
        "built in",
        "TensorFlow's own C library loads a graph or SavedModel, and has sessions too.",
        "https://www.tensorflow.org/install/lang_c",
    ),
    "mobile_runtime": (
        "add-on",
        "LiteRT, which was TensorFlow Lite, runs what tf.lite.TFLiteConverter makes of a session or SavedModel.",
        "https://www.tensorflow.org/api_docs/python/tf/compat/v1/lite/TFLiteConverter",
    ),
    "browser": (
        "add-on",
        "TensorFlow.js runs converted SavedModels and frozen graphs.",
        "https://github.com/tensorflow/tfjs/tree/master/tfjs-converter",
    ),
    "base_languages": ("fact", "C++ and Python", "https://github.com/tensorflow/tensorflow"),
}
