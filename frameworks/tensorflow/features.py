"""TensorFlow's core: operations, variables, tapes and graphs. What only Keras has, as tf.keras, counts as an add-on."""

import contextlib
import functools
import io
import math
import subprocess
import tempfile
import threading
from pathlib import Path

import numpy as np
import tensorflow as tf

# ---- Layers


def dense(x, kernel, bias):
    """One product and one sum; the layer is Keras's."""
    return tf.matmul(x, kernel) + bias


def conv_1d(x, kernel, bias):
    """`tensorflow.nn.conv1d`: padding is "VALID" or "SAME"; the bias is added apart."""
    return tf.nn.conv1d(x, kernel, stride=1, padding="VALID") + bias


def conv_2d(x, kernel, bias):
    """`tensorflow.nn.conv2d`: padding may be numbers too; channels come last unless told otherwise."""
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
    """`tensorflow.nn.ctc_loss`: takes logits and every length; the blank is 0 unless told otherwise."""
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


# ---- Training aids


def dropout(x, rate):
    """`tensorflow.nn.dropout`: knows nothing of training; outside of it the rate is 0, or one leaves it out."""
    return {"training": tf.nn.dropout(x, rate, seed=1), "evaluation": tf.nn.dropout(x, 0.0, seed=1)}


def spatial_dropout(x, rate):
    """`tensorflow.nn.dropout(noise_shape=)`: along an axis of size 1 all is dropped together."""
    n, _, _, channels = x.shape
    return tf.nn.dropout(x, rate, noise_shape=(n, 1, 1, channels), seed=1)


def l1_l2(weights, l1, l2):
    """Added to the loss; tf.nn.l2_loss is half of the sum of squares."""
    return l1 * tf.reduce_sum(tf.abs(weights)) + l2 * tf.reduce_sum(tf.square(weights))


def _optimised(optimizer, weights, gradients):
    """The weights after a step along each gradient."""
    variable = tf.Variable(weights)
    for gradient in tf.constant(gradients):
        optimizer.apply_gradients([(gradient, variable)])
    return variable


def weight_decay(weights, gradients, learning_rate, decay):
    """`tensorflow.optimizers.SGD(weight_decay=)`: the optimisers are Keras's; decoupled in every one of them."""
    return _optimised(tf.optimizers.SGD(learning_rate, weight_decay=decay), weights, gradients)


def clip_by_norm(kernel, bias, limit):
    """`tensorflow.clip_by_global_norm`: gives the norm too; tf.clip_by_norm is for one gradient alone."""
    gradients, _ = tf.clip_by_global_norm([kernel, bias], limit)
    return gradients


def clip_by_value(gradient, limit):
    """`tensorflow.clip_by_value`: between any two limits."""
    return tf.clip_by_value(gradient, -limit, limit)


def step_schedule(rate, factor, every, steps):
    """`tensorflow.optimizers.schedules.ExponentialDecay(staircase=)`: PiecewiseConstantDecay takes any steps."""
    schedule = tf.optimizers.schedules.ExponentialDecay(rate, every, factor, staircase=True)
    return [schedule(step) for step in steps]


def cosine_schedule(rate, total, steps):
    """`tensorflow.optimizers.schedules.CosineDecay`: CosineDecayRestarts begins again and again."""
    schedule = tf.optimizers.schedules.CosineDecay(rate, total)
    return [schedule(step) for step in steps]


def warm_up(rate, warm_up, steps):
    """One formula; tf.optimizers.schedules.CosineDecay can put it in front of a cosine."""
    return rate * tf.minimum(1.0, 0.1 + 0.9 * tf.cast(steps, tf.float32) / warm_up)


def momentum(weights, gradients, learning_rate, momentum):
    """`tensorflow.optimizers.SGD(momentum=)`: the optimisers are Keras's; by hand it takes two lines."""
    return _optimised(tf.optimizers.SGD(learning_rate, momentum=momentum), weights, gradients)


def nesterov(weights, gradients, learning_rate, momentum):
    """`tensorflow.optimizers.SGD(nesterov=)`: does nothing without a momentum."""
    return _optimised(tf.optimizers.SGD(learning_rate, momentum=momentum, nesterov=True), weights, gradients)


def adam(weights, gradients, learning_rate):
    """`tensorflow.optimizers.Adam`: epsilon, 1e-7, is added before the bias correction; 32-fold at step 1."""
    return _optimised(tf.optimizers.Adam(learning_rate), weights, gradients)


def adamw(weights, gradients, learning_rate, decay):
    """`tensorflow.optimizers.AdamW`: its decay is 0.004 unless told otherwise."""
    return _optimised(tf.optimizers.AdamW(learning_rate, weight_decay=decay), weights, gradients)


def rmsprop(weights, gradients, learning_rate, decay):
    """`tensorflow.optimizers.RMSprop`: epsilon, 1e-7, is added inside of the root."""
    return _optimised(tf.optimizers.RMSprop(learning_rate, rho=decay, epsilon=1e-12), weights, gradients)


def weight_average(weights, decay):
    """`tensorflow.train.ExponentialMovingAverage`: begins with the weights at its first call."""
    variable, average = tf.Variable(weights[0]), tf.train.ExponentialMovingAverage(decay)
    for current in weights:
        variable.assign(current)  # what a step of training would do
        average.apply([variable])
    return average.average(variable)


def early_stopping(losses, patience):
    """A best value and a counter in one's own loop; Keras has a callback."""
    best, waited = math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            return epoch
    return len(losses)


class _Momentum(tf.Module):
    def __init__(self, weights, learning_rate, momentum):
        self.learning_rate, self.momentum = learning_rate, momentum
        self.weights, self.velocity = tf.Variable(weights), tf.Variable(tf.zeros_like(weights))

    def train(self, gradients):
        for gradient in gradients:
            self.velocity.assign(self.momentum * self.velocity + gradient)
            self.weights.assign_sub(self.learning_rate * self.velocity)


def checkpoint(weights, gradients, learning_rate, momentum, folder):
    """`tensorflow.train.Checkpoint`: finds all variables below an object; CheckpointManager keeps the latest few."""
    first, unbroken, resumed = (_Momentum(weights, learning_rate, momentum) for _ in range(3))
    unbroken.train(gradients)
    first.train(gradients[:2])
    path = tf.train.Checkpoint(run=first).write(f"{folder}/state")
    tf.train.Checkpoint(run=resumed).read(path).assert_consumed()
    resumed.train(gradients[2:])
    return {"resumed": resumed.weights, "unbroken": unbroken.weights}


def mixed_precision(x, kernel):
    """One casts by hand; Keras has policies, and on GPUs a grappler option casts whole graphs."""
    kernel = tf.Variable(kernel)
    result = tf.matmul(tf.cast(x, tf.bfloat16), tf.cast(kernel, tf.bfloat16))
    return {"result": tf.cast(result, tf.float32), "weights": kernel.dtype.name}


def gradient_accumulation(weights, gradients, learning_rate, every):
    """A variable for the sum and a condition in one's own loop; Keras's optimisers have it as an option."""
    weights, total, after = tf.Variable(weights), tf.Variable(tf.zeros_like(weights)), []
    for step, gradient in enumerate(gradients, start=1):
        total.assign_add(gradient / every)
        if step % every == 0:
            weights.assign_sub(learning_rate * total)
            total.assign(tf.zeros_like(total))
        after.append(tf.identity(weights))
    return after


def mirror(images):
    """`tensorflow.image.flip_left_right`: stateless_random_flip_left_right leaves it to chance, by a seed."""
    return tf.image.flip_left_right(images)


def crop(images, top, left, height, width):
    """`tensorflow.image.crop_to_bounding_box`: stateless_random_crop leaves the place to chance, by a seed."""
    return tf.image.crop_to_bounding_box(images, top, left, height, width)


def _warped(image, *rows):
    """Each pixel (x, y, 1) comes from where the two rows of a matrix lead; bilinear, 0 outside."""
    result = tf.raw_ops.ImageProjectiveTransformV3(
        images=image[None, ..., None],
        transforms=[[*rows[0], *rows[1], 0.0, 0.0]],
        output_shape=image.shape,
        fill_value=0.0,
        interpolation="BILINEAR",
    )
    return result[0, ..., 0]


def shear(image):
    """By the bare kernel tf.raw_ops.ImageProjectiveTransformV3; the layer RandomShear is Keras's."""
    middle = len(image) // 2
    return _warped(image, (1.0, -1.0, middle), (0.0, 1.0, 0.0))


def rotate(image, degrees):
    """By the bare kernel tf.raw_ops.ImageProjectiveTransformV3; tf.image.rot90 has only quarter turns."""
    middle, angle = len(image) // 2, math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return _warped(image, (cos, -sin, middle * (1 - cos + sin)), (sin, cos, middle * (1 - cos - sin)))


def class_weights(logits, labels, weights):
    """Each loss times the weight at its label."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits) * tf.gather(weights, labels)


def seeds(seed, count):
    """`tensorflow.random.stateless_uniform`: Generator.from_seed(8) gives from_seed(7)'s numbers from the 5th on."""
    return [tf.random.stateless_uniform([count], seed=(number, 0)) for number in (seed, seed, seed + 1)]


# ---- Helper functions


def data_loading(rows, batch_size):
    """`tensorflow.data.Dataset.prefetch`: threads of TensorFlow's own; num_parallel_calls says how many load."""

    def load(row):
        return row, threading.get_ident()

    data = tf.data.Dataset.from_tensor_slices(rows)
    data = data.map(lambda row: tf.numpy_function(load, [row], [tf.float32, tf.int64]), num_parallel_calls=2)
    batches, loaders = zip(*data.batch(batch_size).prefetch(tf.data.AUTOTUNE), strict=True)
    return {"batches": batches, "loaders": tf.concat(loaders, axis=0), "consumer": threading.get_ident()}


def progress(steps):
    """A print in one's own loop, tf.print in a graph; Keras has a bar."""
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        for step in range(1, steps + 1):
            print(f"\rstep {step}/{steps}", end="")
    return shown.getvalue()


def metrics(labels, scores):
    """`tensorflow.metrics.Precision`: an object that gathers; the metrics are Keras's."""
    accuracy, precision, recall = tf.metrics.BinaryAccuracy(), tf.metrics.Precision(), tf.metrics.Recall()
    for metric in (accuracy, precision, recall):
        for batch in zip(labels, scores, strict=True):
            metric.update_state(*batch)
    return {"accuracy": accuracy.result(), "precision": precision.result(), "recall": recall.result()}


def model_summary(sizes):
    """`tensorflow.keras.Model.summary`: a table of all layers; a tf.Module has none."""
    model = tf.keras.Sequential([tf.keras.Input(sizes[:1]), *map(tf.keras.layers.Dense, sizes[1:].tolist())])
    lines = []
    model.summary(print_fn=lines.append)
    return "\n".join(lines)


def parameter_summary(kernel, bias):
    """`tensorflow.Module.trainable_variables`: all below the module, with their names."""
    model = tf.Module()
    model.kernel, model.bias = tf.Variable(kernel, name="kernel"), tf.Variable(bias, name="bias")
    return {
        variable.name: [tf.size(variable), tf.reduce_mean(variable), tf.math.reduce_std(variable)]
        for variable in model.trainable_variables
    }


def profiling(a, b):
    """`tensorflow.profiler.experimental.Profile`: writes a file; TensorBoard shows it, with the plugin xprof."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            tf.matmul(a, b)
        (file,) = Path(folder).rglob("*.xplane.pb")
        return str(xplane_pb2.XSpace.FromString(file.read_bytes()))


def tensorboard(values, folder):
    """`tensorflow.summary.scalar`: pictures, histograms, sound, graphs too; the package tensorboard must be there."""
    import tensorboard  # noqa: F401

    with tf.summary.create_file_writer(folder).as_default():
        for step, loss in enumerate(values):
            tf.summary.scalar("loss", loss, step)


def filter_images(kernel):
    """Two changes of the shape, and one scale for all; tf.summary.image or tf.io.encode_png shows it."""
    height, width, _, count = kernel.shape
    filters = tf.transpose(tf.reshape(kernel, (height, width, 2, count // 2)), (2, 0, 3, 1))
    picture = tf.reshape(filters, (2 * height, -1))
    least, most = tf.reduce_min(picture), tf.reduce_max(picture)
    return (picture - least) / (most - least)


def pretrained_models(classes):
    """`tensorflow.keras.applications.MobileNet`: and 40 others, for ImageNet; Kaggle Models has SavedModels."""
    from keras.src.applications import mobilenet

    model = tf.keras.applications.MobileNet(weights=None, classes=classes)
    return {"parameters": model.count_params(), "weights": mobilenet.BASE_WEIGHT_PATH}


def quantisation(x, kernel):
    """By a bare kernel for int8 weights; tf.lite quantises whole models."""
    limit = tf.reduce_max(tf.abs(kernel))
    weights = tf.quantization.quantize(kernel, -limit, limit, tf.qint8, mode="SCALED", narrow_range=True).output
    scale = {"rhs_scales": limit / 127, "rhs_zero_points": 0}
    scale |= {"rhs_quantization_min_val": -127, "rhs_quantization_max_val": 127}
    result = tf.raw_ops.UniformQuantizedDotHybrid(lhs=x, rhs=weights, Tout=tf.float32, **scale)
    return {"result": result, "weights": weights.dtype.name}


# ---- Abstraction


def eager(number):
    """`tensorflow.constant`: every operation computes at once, outside of a tf.function."""
    value, count = tf.constant(number), 0
    while value != 1:
        value = value // 2 if value % 2 == 0 else 3 * value + 1
        count += 1
    return count


def traced_graph(x):
    """`tensorflow.function`: AutoGraph turns ifs and loops into the graph's; a new shape or Python number retraces."""
    calls = []

    @tf.function
    def function(x):
        calls.append(1)
        return tf.tanh(x) ** 2

    return {"results": [function(row) for row in tf.constant(x)], "python_calls": len(calls)}


def static_graph(x):
    """`tensorflow.function`: its graph can be looked at, changed and saved; tf.Graph is still there below it."""
    function = tf.function(lambda x: 2 * tf.tanh(x)).get_concrete_function(tf.TensorSpec(x.shape))
    return {"graph": str(function.graph.as_graph_def()), "result": function(tf.constant(x))}


def functional_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """Plain functions, called on each other; symbolic inputs are Keras's."""
    hidden = tf.nn.relu(tf.matmul(x, kernel_1) + bias_1)
    return tf.matmul(hidden, kernel_2) + bias_2 + x


def sequential_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """A list of functions; tf.keras.Sequential is Keras's."""
    layers = [lambda x: tf.matmul(x, kernel_1) + bias_1, tf.nn.relu, lambda x: tf.matmul(x, kernel_2) + bias_2]
    return functools.reduce(lambda value, layer: layer(value), layers, x)


class _Dense(tf.Module):
    def __init__(self, kernel, bias):
        super().__init__()
        self.kernel, self.bias = tf.Variable(kernel), tf.Variable(bias)

    def __call__(self, x):
        return tf.matmul(x, self.kernel) + self.bias


class _Shortcut(tf.Module):
    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = first, second

    def __call__(self, x):
        return self.second(tf.nn.relu(self.first(x))) + x


def subclassed_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`tensorflow.Module`: finds the variables and modules that are its attributes; one writes the layers too."""
    return _Shortcut(_Dense(kernel_1, bias_1), _Dense(kernel_2, bias_2))(x)


def _linear(x, learning_rate):
    """A model of Keras with one layer: x @ weights, from zero."""
    layer = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = tf.keras.Sequential([tf.keras.Input(x.shape[1:]), layer])
    model.compile(tf.optimizers.SGD(learning_rate), loss="mean_squared_error")
    return model


def training_loop(x, y, learning_rate, epochs):
    """`tensorflow.keras.Model.fit`: the core has none; by hand it takes the lines of custom_training_step."""
    model = _linear(x, learning_rate)
    model.fit(x, y, batch_size=len(x), epochs=epochs, shuffle=False, verbose=0)
    return tf.reshape(model.trainable_variables[0], [-1])


def callbacks(x, y, learning_rate, epochs):
    """`tensorflow.keras.callbacks.LambdaCallback`: the core has no loop to call back from."""
    losses = []
    callback = tf.keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: losses.append(logs["loss"]))
    model = _linear(x, learning_rate)
    model.fit(x, y, batch_size=len(x), epochs=epochs, shuffle=False, verbose=0, callbacks=[callback])
    return losses


# ---- Customisation


class _Scale(tf.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = tf.Variable(scale)

    def __call__(self, x):
        return x * self.scale


def custom_layer(x, scale):
    """`tensorflow.Module`: a variable is found and trained because it is an attribute."""
    layer = _Scale(scale)
    with tf.GradientTape() as tape:
        output = layer(x)
    return {"output": output, "gradient": tape.gradient(output, layer.scale)}


def custom_loss(predictions, targets):
    """A function; its gradient is found. tf.cosh overflows above 88, softplus wouldn't."""
    predictions = tf.Variable(predictions)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.math.log(tf.cosh(predictions - targets)))
    return {"loss": loss, "gradient": tape.gradient(loss, predictions)}


def custom_optimiser(weights, gradients, learning_rate):
    """One line for each step; a class of Keras's can be subclassed."""
    weights = tf.Variable(weights)
    for gradient in gradients:
        weights.assign_sub(learning_rate * tf.sign(gradient))
    return weights


@tf.custom_gradient
def _turned_square(x):
    return x**2, lambda upstream: -0.5 * upstream


def custom_gradient(x, upstream):
    """`tensorflow.custom_gradient`: the function gives its value and the function for the gradient."""
    x = tf.Variable(x)
    with tf.GradientTape() as tape:
        value = _turned_square(x)
    return {"value": value, "gradient": tape.gradient(value, x, output_gradients=tf.constant(upstream))}


def custom_training_step(x, y, learning_rate, epochs):
    """The loop is one's own, so anything goes."""
    weights = tf.Variable(tf.zeros(x.shape[1]))
    for _ in range(epochs):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.linalg.matvec(x, weights) - y) ** 2)
        gradient = tape.gradient(loss, weights)
        weights.assign_sub(learning_rate * gradient / tf.norm(gradient))
    return weights


def _operation(name, code, folder):
    """Makes an operation x -> y of a kernel in C++, and loads it."""
    headers = [f"#include <tensorflow/core/framework/{header}.h>" for header in ("op", "op_kernel")]
    register = f'REGISTER_OP("{name}").Input("x: float").Output("y: float");'
    register_kernel = f'REGISTER_KERNEL_BUILDER(Name("{name}").Device(tensorflow::DEVICE_CPU), {name});'
    source, library = "\n".join([*headers, code, register, register_kernel]), f"{folder}/{name}.so"
    flags = [*tf.sysconfig.get_compile_flags(), *tf.sysconfig.get_link_flags(), "-shared", "-fPIC", "-w"]
    subprocess.run(["g++", "-x", "c++", "-", "-o", library, *flags], input=source.encode(), check=True)
    return tf.load_op_library(library)


def custom_kernel(x, folder):
    """`tensorflow.load_op_library`: C++ or CUDA, against TensorFlow's own headers, which take a while to compile."""
    code = """struct SquarePlusOne : tensorflow::OpKernel {
        using OpKernel::OpKernel;
        void Compute(tensorflow::OpKernelContext *context) override {
            tensorflow::Tensor *y;
            OP_REQUIRES_OK(context, context->allocate_output(0, context->input(0).shape(), &y));
            float *value = y->flat<float>().data(); const float *x = context->input(0).flat<float>().data();
            for (int i = 0; i < y->NumElements(); i++) value[i] = x[i] * x[i] + 1; }};"""
    return _operation("SquarePlusOne", code, folder).square_plus_one(x)


def forward_hook(x, kernel_1, bias_1, kernel_2, bias_2):
    """`tensorflow.compat.v1.wrap_function`: cut to another output, its graph computes only what that needs."""

    def model(x):
        return tf.matmul(tf.nn.relu(tf.matmul(x, kernel_1) + bias_1), kernel_2) + bias_2

    function = tf.compat.v1.wrap_function(model, [tf.TensorSpec(x.shape)])
    hidden = next(operation for operation in function.graph.get_operations() if operation.type == "Relu")
    return function.prune(function.inputs, hidden.outputs[0])(tf.constant(x))


def second_derivative(x):
    """`tensorflow.GradientTape`: one tape inside of another, as often as one likes."""
    x = tf.Variable(x)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            value = x**3 + tf.sin(x)
        slope = inner.gradient(value, x)
    return outer.gradient(slope, x)


def jacobian(matrix, x):
    """`tensorflow.GradientTape.jacobian`: batch_jacobian is for a batch of independent examples."""
    x = tf.Variable(x)
    with tf.GradientTape() as tape:
        value = tf.tanh(tf.linalg.matvec(matrix, x))
    return tape.jacobian(value, x)


def hessian_vector_product(matrix, x, vector):
    """Forward mode, tf.autodiff.ForwardAccumulator, around a tape."""
    x = tf.Variable(x)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(vector)) as accumulator:
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(tf.linalg.matvec(matrix, x) ** 4)
        gradient = tape.gradient(value, x)
    return accumulator.jvp(gradient)


def per_example_gradients(x, y, weights):
    """`tensorflow.GradientTape.jacobian`: of all losses at once; it is vectorised, not a loop."""
    weights = tf.Variable(weights)
    with tf.GradientTape() as tape:
        losses = (tf.linalg.matvec(x, weights) - y) ** 2
    return tape.jacobian(losses, weights)


def vectorising_map(matrix, batch):
    """`tensorflow.vectorized_map`: no loop inside; tf.map_fn is a loop in the graph."""
    return tf.vectorized_map(lambda vector: tf.linalg.matvec(matrix, vector) / tf.norm(vector), batch)


# ---- Devices and scale


def _two_devices():
    """Makes two devices of the processor; only before anything was computed."""
    (processor,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    return ["CPU:0", "CPU:1"]


def _gradient(weights, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.linalg.matvec(x, weights) - y) ** 2)
    return tape.gradient(loss, weights)


def data_parallel(x, y, weights):
    """`tensorflow.distribute.MirroredStrategy`: a copy of the variables on each device; shares out a tf.data."""
    strategy = tf.distribute.MirroredStrategy(_two_devices())
    with strategy.scope():
        weights = tf.Variable(weights)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(len(x))
    x, y = next(iter(strategy.experimental_distribute_dataset(data)))
    gradients = strategy.run(_gradient, (weights, x, y))
    shares = [len(part) for part in strategy.experimental_local_results(x)]
    return {"gradient": strategy.reduce("MEAN", gradients, axis=None), "shares": shares}


def model_sharding(x, kernel):
    """`tensorflow.experimental.dtensor.relayout`: DTensor's operations know what to do with shards."""
    from tensorflow.experimental import dtensor

    mesh = dtensor.create_mesh([("model", 2)], devices=_two_devices())
    whole = dtensor.Layout.replicated(mesh, rank=2)
    x, kernel = dtensor.copy_to_mesh(x, whole), dtensor.copy_to_mesh(kernel, whole)
    kernel = dtensor.relayout(kernel, dtensor.Layout([dtensor.UNSHARDED, "model"], mesh))
    result = dtensor.relayout(tf.matmul(x, kernel), whole)
    return {"result": dtensor.unpack(result)[0], "shards": [part.shape.as_list() for part in dtensor.unpack(kernel)]}


def cpu_threads(a, b, threads):
    """`tensorflow.config.threading.set_intra_op_parallelism_threads`: only before anything was computed."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    return {"result": tf.matmul(a, b), "threads": tf.config.threading.get_intra_op_parallelism_threads()}


# ---- Deployment


def safe_saving(x, kernel, bias, folder, trap):
    """`tensorflow.train.Checkpoint`: holds arrays and their names; a SavedModel or .keras file is a program."""
    path = tf.train.Checkpoint(layer=_Dense(kernel, bias)).write(f"{folder}/weights")
    layer = _Dense(tf.zeros_like(kernel), tf.zeros_like(bias))
    tf.train.Checkpoint(layer=layer).read(path).assert_consumed()
    try:
        tf.train.Checkpoint(layer=layer).read(trap)
    except tf.errors.DataLossError as error:
        return {"output": layer(x), "refusal": error.message}


def onnx_export(kernel, bias, file):
    """`tf2onnx.convert.from_function`: a package of the ONNX project; it takes SavedModels and .tflite files too."""
    import tf2onnx

    @tf.function(input_signature=[tf.TensorSpec([None, len(kernel)])])
    def model(x):
        return tf.tanh(tf.matmul(x, kernel) + bias)

    tf2onnx.convert.from_function(model, model.input_signature, output_path=file)


def graph_export(x, kernel, bias, folder):
    """`tensorflow.saved_model.save`: a folder with graphs and variables, for TensorFlow Serving, C, Java and more."""
    model = tf.Module()
    model.layer = _Dense(kernel, bias)
    model.predict = tf.function(lambda x: tf.tanh(model.layer(x)), [tf.TensorSpec([None, len(kernel)])])
    tf.saved_model.save(model, f"{folder}/model")
    loaded = tf.saved_model.load(f"{folder}/model")  # without a name for it its variables would be gone
    return loaded.predict(x)


DOCUMENTED = {
    "gpu": (
        "built in",
        "Operations run on a GPU by themselves where there is one; tf.device says where.",
        "https://www.tensorflow.org/guide/gpu",
    ),
    "several_machines": (
        "built in",
        "tf.distribute.MultiWorkerMirroredStrategy: every machine runs the program, and TF_CONFIG names the others.",
        "https://www.tensorflow.org/tutorials/distribute/multi_worker_with_ctl",
    ),
    "tpu": (
        "built in",
        "tf.distribute.TPUStrategy, on Google's cloud and in Colab.",
        "https://www.tensorflow.org/guide/tpu",
    ),
    "native_runtime": (
        "built in",
        "TensorFlow's own C library loads a SavedModel and runs it; TensorFlow Serving is a server of it in C++.",
        "https://www.tensorflow.org/install/lang_c",
    ),
    "mobile_runtime": (
        "add-on",
        "LiteRT, which was TensorFlow Lite, runs on Android and iOS what tf.lite.TFLiteConverter makes of a model.",
        "https://ai.google.dev/edge/litert",
    ),
    "browser": (
        "add-on",
        "TensorFlow.js runs converted SavedModels, on WebGL, WebGPU or WebAssembly.",
        "https://www.tensorflow.org/js/tutorials/conversion/import_saved_model",
    ),
    "base_languages": ("fact", "C++ and Python", "https://github.com/tensorflow/tensorflow"),
}
