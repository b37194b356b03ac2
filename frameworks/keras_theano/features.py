"""Keras 2.3 on Theano: everything is a symbolic expression, and a value only comes out of a compiled function."""

import contextlib
import ctypes
import io
import math
import multiprocessing
import pickle
import threading
from itertools import islice
from multiprocessing.connection import Client, Listener
from pathlib import Path

import keras
import numpy as np
from keras import backend, layers
from keras.utils import conv_utils

# ---- Layers


def _apply(layer, x, *weights, **options):
    """A layer makes its weights once it knows its input's shape; backend.eval compiles the expression and runs it."""
    output = layer(backend.variable(x), **options)
    layer.set_weights(weights)
    return backend.eval(output)


def _convolve(layer, x, kernel, *weights):
    """On Theano Keras flips a convolution's kernel, on TensorFlow it doesn't."""
    return _apply(layer, x, conv_utils.convert_kernel(kernel), *weights)


def dense(x, kernel, bias):
    """`keras.layers.Dense`: the number of inputs is found at the first call."""
    return _apply(layers.Dense(len(bias)), x, kernel, bias)


def conv_1d(x, kernel, bias):
    """`keras.layers.Conv1D`: its kernel is flipped on Theano."""
    return _convolve(layers.Conv1D(len(bias), len(kernel)), x, kernel, bias)


def conv_2d(x, kernel, bias):
    """`keras.layers.Conv2D`: its kernel is flipped on Theano; weights from elsewhere must be too."""
    return _convolve(layers.Conv2D(len(bias), kernel.shape[:2]), x, kernel, bias)


def conv_3d(x, kernel, bias):
    """`keras.layers.Conv3D`: its kernel is flipped on Theano."""
    return _convolve(layers.Conv3D(len(bias), kernel.shape[:3]), x, kernel, bias)


def conv_transposed(x, kernel, stride):
    """`keras.layers.Conv2DTranspose`: its kernel is (height, width, out, in), and flipped."""
    kernel = kernel.transpose(0, 1, 3, 2)
    return _convolve(
        layers.Conv2DTranspose(kernel.shape[2], kernel.shape[:2], strides=stride, use_bias=False), x, kernel
    )


def conv_depthwise(x, kernel):
    """`keras.layers.DepthwiseConv2D`: other than those of Conv2D, its filters are not flipped."""
    return _apply(layers.DepthwiseConv2D(kernel.shape[:2], use_bias=False), x, kernel[..., None])


def conv_separable(x, depthwise, pointwise):
    """`keras.layers.SeparableConv2D`: both convolutions are one layer; its filters are not flipped."""
    layer = layers.SeparableConv2D(pointwise.shape[1], depthwise.shape[:2], use_bias=False)
    return _apply(layer, x, depthwise[..., None], pointwise[None, None])


def conv_dilated(x, kernel, dilation):
    """`keras.layers.Conv2D(dilation_rate=)`: not together with strides."""
    return _convolve(layers.Conv2D(kernel.shape[3], 3, dilation_rate=dilation, use_bias=False), x, kernel)


def conv_grouped(x, kernel, groups):
    """A layer for each group of channels, side by side."""
    parts = zip(np.split(x, groups, axis=3), np.split(kernel, groups, axis=3), strict=True)
    filters = kernel.shape[3] // groups
    return np.concatenate([_convolve(layers.Conv2D(filters, 3, use_bias=False), *part) for part in parts], axis=3)


def max_pooling(x, size):
    """`keras.layers.MaxPooling2D`: each of several equal values gets the whole gradient."""
    return _apply(layers.MaxPooling2D(size), x)


def average_pooling(x, size):
    """`keras.layers.AveragePooling2D`: the strides are the size unless they are given."""
    return _apply(layers.AveragePooling2D(size), x)


def global_pooling(x):
    """`keras.layers.GlobalAveragePooling2D`: over height and width."""
    return _apply(layers.GlobalAveragePooling2D(), x)


def adaptive_pooling(x, size):
    """The windows may overlap, so it is a loop over them."""
    images = backend.variable(x)

    def spans(length):
        return [slice(i * length // size, -(-(i + 1) * length // size)) for i in range(size)]

    rows = [[backend.mean(images[:, a, b], axis=(1, 2)) for b in spans(x.shape[2])] for a in spans(x.shape[1])]
    return backend.eval(backend.stack([backend.stack(row, axis=1) for row in rows], axis=1))


def batch_norm(x, scale, shift, epsilon):
    """`keras.layers.BatchNormalization`: only training=True takes the batch's own statistics; fit says so by itself."""
    running = np.zeros_like(shift), np.ones_like(scale)
    return _apply(layers.BatchNormalization(epsilon=epsilon), x, scale, shift, *running, training=True)


def layer_norm(x, scale, shift, epsilon):
    """Mean and variance by the backend; Keras 2.3 has no such layer."""
    rows = backend.variable(x)
    mean, variance = backend.mean(rows, axis=-1, keepdims=True), backend.var(rows, axis=-1, keepdims=True)
    return backend.eval((rows - mean) / backend.sqrt(variance + epsilon) * scale + shift)


def group_norm(x, scale, shift, groups, epsilon):
    """The channels are split in two axes first; Keras 2.3 has no such layer."""
    split = backend.reshape(backend.variable(x), (*x.shape[:3], groups, x.shape[3] // groups))
    mean, variance = (of(split, axis=[1, 2, 4], keepdims=True) for of in (backend.mean, backend.var))
    normal = backend.reshape((split - mean) / backend.sqrt(variance + epsilon), x.shape)
    return backend.eval(normal * scale + shift)


def embedding(table, indices):
    """`keras.layers.Embedding`: can also mask padding."""
    return _apply(layers.Embedding(*table.shape), indices, table)


def lstm(x, kernel, recurrent, bias):
    """`keras.layers.LSTM(unroll=)`: unrolled, for Theano's loop doesn't compile on Python 3.11; gates side by side."""
    layer = layers.LSTM(kernel.shape[2], return_sequences=True, unroll=True)
    return _apply(layer, x, np.hstack(kernel), np.hstack(recurrent), np.hstack(bias))


def gru(x, kernel, recurrent, bias, recurrent_bias):
    """`keras.layers.GRU(reset_after=)`: as in cuDNN only if asked for; update, reset, new lie side by side."""
    order = [1, 0, 2]
    biases = np.stack([np.hstack(bias[order]), np.hstack(recurrent_bias[order])])
    layer = layers.GRU(kernel.shape[2], return_sequences=True, unroll=True, reset_after=True)
    return _apply(layer, x, np.hstack(kernel[order]), np.hstack(recurrent[order]), biases)


def multi_head_attention(x, query, key, value, output, heads):
    """Products by the backend, with the heads in the batch; Keras 2.3 has no such layer."""
    n, time, width = x.shape

    def split(kernel):
        product = backend.reshape(backend.dot(backend.variable(x), kernel), (n, time, heads, width // heads))
        return backend.reshape(product.swapaxes(1, 2), (n * heads, time, width // heads))

    scores = backend.softmax(backend.batch_dot(split(query), split(key), axes=(2, 2)) / math.sqrt(width // heads))
    mixed = backend.reshape(backend.batch_dot(scores, split(value)), (n, heads, time, width // heads))
    return backend.eval(backend.dot(backend.reshape(mixed.swapaxes(1, 2), (n, time, width)), output))


def _same_conv(kernel, activation=None):
    """A convolution that keeps the size; without a bias."""
    *size, _, filters = kernel.shape
    return layers.Conv2D(filters, size, padding="same", activation=activation, use_bias=False)


def residual_block(x, first, second):
    """Two layers and a sum in a functional model."""
    entry = layers.Input(x.shape[1:])
    inner = _same_conv(second)(_same_conv(first, "relu")(entry))
    model = keras.Model(entry, layers.ReLU()(layers.Add()([entry, inner])))
    model.set_weights([conv_utils.convert_kernel(first), conv_utils.convert_kernel(second)])
    return model.predict(x)


def inception_block(x, one, three, five):
    """Three convolutions and a pooling in a functional model, joined along the channels."""
    entry = layers.Input(x.shape[1:])
    branches = [_same_conv(kernel)(entry) for kernel in (one, three, five)]
    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(entry)
    model = keras.Model(entry, layers.Concatenate()([*branches, pooled]))
    model.set_weights([conv_utils.convert_kernel(kernel) for kernel in (one, three, five)])
    return model.predict(x)


def upsampling(x, factor):
    """`keras.layers.UpSampling2D`: repeats pixels unless told to interpolate."""
    return _apply(layers.UpSampling2D(factor), x)


# ---- Losses and activations


def _value(function, *arrays):
    """A function of backend variables, compiled and run."""
    return backend.eval(function(*map(backend.variable, arrays)))


def _cross_entropies(logits, labels):
    """Of each example, also for very large logits."""
    right = backend.sum(logits * backend.one_hot(backend.cast(labels, "int32"), logits.shape[1]), axis=1)
    return backend.logsumexp(logits, axis=1) - right


def cross_entropy_logits(logits, labels):
    """By logsumexp: the loss with from_logits=True takes a softmax and clips it, so that it never exceeds 16.1."""
    return _value(lambda logits, labels: backend.mean(_cross_entropies(logits, labels)), logits, labels)


def cross_entropy_probabilities(probabilities, labels):
    """`keras.losses.SparseCategoricalCrossentropy`: probabilities are clipped at 1e-7, so no loss exceeds 16.1."""
    return _value(keras.losses.SparseCategoricalCrossentropy(), labels, probabilities)


def label_smoothing(logits, labels, smoothing):
    """`keras.losses.CategoricalCrossentropy(label_smoothing=)`: for one-hot labels."""
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    return _value(loss, keras.utils.to_categorical(labels, logits.shape[1]), logits)


def binary_cross_entropy(logits, labels):
    """`keras.losses.BinaryCrossentropy(from_logits=)`: clipped at 1e-7; it can smooth labels too."""
    return _value(keras.losses.BinaryCrossentropy(from_logits=True), labels, logits)


def focal_loss(logits, labels, alpha, gamma):
    """As written in the paper; Keras 2.3 has none."""

    def loss(logits, labels):
        losses = backend.softplus(logits) - labels * logits
        balance = labels * alpha + (1 - labels) * (1 - alpha)
        return backend.mean(balance * (1 - backend.exp(-losses)) ** gamma * losses)

    return _value(loss, logits, labels)


def hinge_loss(scores, labels):
    """`keras.losses.Hinge`: labels of 0 and 1 are turned into -1 and 1."""
    return _value(keras.losses.Hinge(), labels, scores)


def huber_loss(predictions, targets):
    """`keras.losses.Huber`: delta is 1 unless told otherwise."""
    return _value(keras.losses.Huber(), targets, predictions)


def kl_divergence(p, q):
    """`keras.losses.KLDivergence`: of probabilities, which are clipped at 1e-7."""
    return _value(keras.losses.KLDivergence(), p, q)


def _forward(before, skip):
    """One step of it: stay, move on by one, or skip a blank between two labels that differ."""
    by_one, by_two = before[:, :-1], before[:, :-2] + skip
    after = [before[:, 0], backend.logsumexp(backend.stack([before[:, 1], by_one[:, 0]]), axis=0)]
    rest = backend.logsumexp(backend.stack([before[:, 2:], by_one[:, 1:], by_two]), axis=0)
    return backend.concatenate([backend.stack(after, axis=1), rest], axis=1)


def ctc_loss(logits, labels):
    """The forward recursion, step by step; keras.backend.ctc_batch_cost mixes in 1e-4 of a uniform distribution."""
    path = np.stack([np.insert(label, range(len(label) + 1), 0) for label in labels])  # blanks around each label
    choice = backend.variable(keras.utils.to_categorical(path, logits.shape[2]).swapaxes(1, 2))
    steps = backend.log(backend.batch_dot(backend.softmax(backend.variable(logits)), choice))
    skip = np.where((path != 0) & (path != np.roll(path, 2, axis=1)), 0, -1e30)[:, 2:]
    forward = steps[:, 0] + np.where(np.arange(path.shape[1]) < 2, 0, -1e30)
    for t in range(1, logits.shape[1]):
        forward = steps[:, t] + _forward(forward, skip)
    return backend.eval(-backend.logsumexp(forward[:, -2:], axis=1))


def triplet_loss(anchor, positive, negative, margin):
    """Two norms and their difference."""

    def loss(anchor, positive, negative):
        near, far = (backend.sqrt(backend.sum((anchor - other) ** 2, axis=1)) for other in (positive, negative))
        return backend.mean(backend.relu(near - far + margin))

    return _value(loss, anchor, positive, negative)


def relu(x):
    """`keras.activations.relu`: its slope at 0 is 1/2 on Theano."""
    return _value(keras.activations.relu, x)


def leaky_relu(x, slope):
    """`keras.layers.LeakyReLU`: as a layer only."""
    return _apply(layers.LeakyReLU(slope), x)


def elu(x):
    """`keras.activations.elu`: alpha is 1 unless told otherwise."""
    return _value(keras.activations.elu, x)


def selu(x):
    """`keras.activations.selu`: to be used with lecun_normal and AlphaDropout."""
    return _value(keras.activations.selu, x)


def gelu(x):
    """By Theano's error function; Keras 2.3 has none."""
    from theano import tensor

    return _value(lambda x: x * (1 + tensor.erf(x / math.sqrt(2))) / 2, x)


def silu(x):
    """One line."""
    return _value(lambda x: x * backend.sigmoid(x), x)


def softplus(x):
    """`keras.activations.softplus`: always strictly positive."""
    return _value(keras.activations.softplus, x)


def mish(x):
    """One line."""
    return _value(lambda x: x * backend.tanh(backend.softplus(x)), x)


def custom_activation(x):
    """The gradient is that of clip; stop_gradient lets the difference to sign through in value alone."""
    x = backend.variable(x)
    slope = backend.clip(x, -1, 1)
    value = slope + backend.stop_gradient(backend.sign(x) - slope)
    return {"value": backend.eval(value), "gradient": backend.eval(backend.gradients(backend.sum(value), x))}


# ---- Training aids


def dropout(x, rate):
    """`keras.layers.Dropout`: off unless training=True; fit says so by itself."""
    return {mode: _apply(layers.Dropout(rate), x, training=mode == "training") for mode in ("training", "evaluation")}


def spatial_dropout(x, rate):
    """`keras.layers.SpatialDropout2D`: for 1, 2 and 3 dimensions."""
    return _apply(layers.SpatialDropout2D(rate), x, training=True)


def l1_l2(weights, l1, l2):
    """`keras.regularizers.L1L2`: given to a layer as kernel_regularizer, it is added to the loss by itself."""
    return _value(keras.regularizers.L1L2(l1, l2), weights)


def _step(optimizer, variable):
    """One step of an optimiser, compiled: a function of the gradient."""
    gradient = backend.placeholder(backend.int_shape(variable))
    updates = optimizer.get_updates(backend.sum(variable * gradient), [variable])
    return backend.function([gradient], [], updates=updates)


def _optimised(optimizer, weights, gradients):
    """The weights after a step for each gradient."""
    variable = backend.variable(weights)
    step = _step(optimizer, variable)
    for gradient in gradients:
        step([gradient])
    return backend.get_value(variable)


def weight_decay(weights, gradients, learning_rate, decay):
    """A method of one's own; SGD(decay=) is another thing, the learning rate's."""

    class DecayedSGD(keras.optimizers.SGD):
        def get_gradients(self, loss, params):
            return [g + decay * w for g, w in zip(super().get_gradients(loss, params), params, strict=True)]

    return _optimised(DecayedSGD(learning_rate), weights, gradients)


def clip_by_norm(kernel, bias, limit):
    """`keras.optimizers.SGD(clipnorm=)`: an option of every optimiser; the norm is that of all gradients together."""
    weights = [backend.zeros(kernel.shape), backend.zeros(bias.shape)]
    loss = backend.sum(weights[0] * kernel) + backend.sum(weights[1] * bias)
    return backend.function([], keras.optimizers.SGD(clipnorm=limit).get_gradients(loss, weights))([])


def clip_by_value(gradient, limit):
    """`keras.optimizers.SGD(clipvalue=)`: an option of every optimiser."""
    return -_optimised(keras.optimizers.SGD(1.0, clipvalue=limit), np.zeros_like(gradient), [gradient])


def _scheduled(schedule, steps):
    """The optimiser's learning rate at the beginning of these epochs."""
    model = keras.Sequential([layers.Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    callback, rates = keras.callbacks.LearningRateScheduler(schedule), []
    callback.set_model(model)
    for step in steps:
        callback.on_epoch_begin(step)
        rates.append(float(backend.get_value(model.optimizer.lr)))
    return rates


def step_schedule(rate, factor, every, steps):
    """A formula for the callback LearningRateScheduler."""
    return _scheduled(lambda epoch: float(rate * factor ** (epoch // every)), steps)


def cosine_schedule(rate, total, steps):
    """A formula for the callback LearningRateScheduler."""
    return _scheduled(lambda epoch: rate * (1 + math.cos(math.pi * epoch / total)) / 2, steps)


def warm_up(rate, warm_up, steps):
    """A formula for the callback LearningRateScheduler."""
    return _scheduled(lambda epoch: float(rate * min(1, 0.1 + 0.9 * epoch / warm_up)), steps)


def momentum(weights, gradients, learning_rate, momentum):
    """`keras.optimizers.SGD(momentum=)`: the learning rate is inside of the velocity."""
    return _optimised(keras.optimizers.SGD(learning_rate, momentum=momentum), weights, gradients)


def nesterov(weights, gradients, learning_rate, momentum):
    """`keras.optimizers.SGD(nesterov=)`: does nothing without a momentum."""
    return _optimised(keras.optimizers.SGD(learning_rate, momentum=momentum, nesterov=True), weights, gradients)


def adam(weights, gradients, learning_rate):
    """`keras.optimizers.Adam`: epsilon, 1e-7, is added before the bias correction; 32-fold at step 1."""
    return _optimised(keras.optimizers.Adam(learning_rate), weights, gradients)


def adamw(weights, gradients, learning_rate, decay):
    """A product with each weight before Adam's step; Keras 2.3 has no AdamW."""
    variable = backend.variable(weights)
    step = _step(keras.optimizers.Adam(learning_rate), variable)
    shrink = backend.function([], [], updates=[backend.update(variable, (1 - learning_rate * decay) * variable)])
    for gradient in gradients:
        shrink([])
        step([gradient])
    return backend.get_value(variable)


def rmsprop(weights, gradients, learning_rate, decay):
    """`keras.optimizers.RMSprop`: epsilon, 1e-7, is added outside of the root."""
    return _optimised(keras.optimizers.RMSprop(learning_rate, rho=decay), weights, gradients)


def weight_average(weights, decay):
    """By keras.backend.moving_average_update, which is there for batch normalisation."""
    average, current = backend.variable(weights[0]), backend.placeholder(weights[0].shape)
    update = backend.function([current], [], updates=[backend.moving_average_update(average, current, decay)])
    for row in weights[1:]:
        update([row])
    return backend.get_value(average)


def _fit_to_losses(losses, callback):
    """Trains a model for an epoch for each loss, in which that loss comes out, whatever the model gives."""
    model = keras.Sequential([layers.Dense(1, input_shape=(1,))])
    model.compile("sgd", loss=lambda loss, output: loss + 0 * output)
    batches = ((np.zeros((1, 1)), np.array([[loss]])) for loss in losses)
    history = model.fit_generator(batches, 1, epochs=len(losses), callbacks=[callback], verbose=0, workers=0)
    return history.history["loss"]


def early_stopping(losses, patience):
    """`keras.callbacks.EarlyStopping`: can also restore the best weights."""
    return len(_fit_to_losses(losses, keras.callbacks.EarlyStopping(monitor="loss", patience=patience)))


def _output(_, output):
    """A loss whose gradient is the model's input."""
    return output


def _trained(model, gradients):
    for gradient in gradients:
        model.train_on_batch(gradient[None], np.zeros((1, 1)))
    return model


def checkpoint(weights, gradients, learning_rate, momentum, folder):
    """By pickle, the optimiser comes along: load_model needs h5py 2, which there isn't for Python 3.11."""
    models = [_linear(weights, keras.optimizers.SGD(learning_rate, momentum), _output) for _ in range(2)]
    Path(folder, "model").write_bytes(pickle.dumps(_trained(models[0], gradients[:2])))
    with keras.utils.CustomObjectScope({"_output": _output}):
        resumed = pickle.loads(Path(folder, "model").read_bytes())
    ends = [_trained(resumed, gradients[2:]), _trained(models[1], gradients)]
    return {name: model.get_weights()[0][:, 0] for name, model in zip(("resumed", "unbroken"), ends, strict=True)}


def _linear(weights, optimizer, loss="mean_squared_error"):
    """A model with one layer: x @ weights."""
    model = keras.Sequential([layers.Dense(1, use_bias=False, input_shape=weights.shape)])
    model.set_weights([weights[:, None]])
    model.compile(optimizer, loss)
    return model


def mixed_precision(x, kernel):
    """Casts by the backend; on a processor float16 is NumPy's, and slow: it was made for GPUs."""
    weights = backend.variable(kernel)
    product = backend.dot(backend.cast(backend.variable(x), "float16"), backend.cast(weights, "float16"))
    return {"result": backend.eval(product), "weights": weights.dtype}


def gradient_accumulation(weights, gradients, learning_rate, every):
    """A mean and a condition in one's own loop."""
    variable, after = backend.variable(weights), []
    step = _step(keras.optimizers.SGD(learning_rate), variable)
    for count in range(1, len(gradients) + 1):
        if count % every == 0:
            step([np.mean(gradients[count - every : count], axis=0)])
        after.append(backend.get_value(variable))
    return np.stack(after)


def mirror(images):
    """`keras.preprocessing.image.ImageDataGenerator.apply_transform`: or by chance, with flow, while fit runs."""
    generator = keras.preprocessing.image.ImageDataGenerator()
    return np.stack([generator.apply_transform(image, {"flip_horizontal": True}) for image in images])


def crop(images, top, left, height, width):
    """`keras.layers.Cropping2D`: takes what is to be cut off at each side."""
    sides = (top, images.shape[1] - top - height), (left, images.shape[2] - left - width)
    return _apply(layers.Cropping2D(sides), images)


def shear(image):
    """`scipy.ndimage.affine_transform`: apply_affine_transform(shear=) of Keras shrinks the image as well."""
    from scipy import ndimage

    middle = len(image) // 2
    return ndimage.affine_transform(image, [[1, 0], [-1, 1]], offset=[0, middle], order=1)


def rotate(image, degrees):
    """`scipy.ndimage.rotate`: apply_affine_transform(theta=) of Keras turns about a point beside the centre."""
    from scipy import ndimage

    return ndimage.rotate(image, degrees, reshape=False, order=1)


def class_weights(logits, labels, weights):
    """`keras.Model.train_on_batch(class_weight=)`: fit takes it too; a loss takes a weight for each example."""
    model = keras.Sequential([layers.Activation("linear", input_shape=logits.shape[1:])])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    weights = dict(enumerate(weights))
    return [model.train_on_batch(x[None], y[None], class_weight=weights) for x, y in zip(logits, labels, strict=True)]


def seeds(seed, count):
    """`keras.backend.random_uniform(seed=)`: without a seed it draws one from NumPy's global generator."""
    return [backend.eval(backend.random_uniform((count,), seed=number)) for number in (seed, seed, seed + 1)]


# ---- Helper functions


class _Batches(keras.utils.Sequence):
    """Notes by which thread each batch was loaded."""

    def __init__(self, batches):
        self.batches, self.loaders = batches, {}

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        self.loaders[index] = [threading.get_ident()] * len(self.batches[index])
        return self.batches[index]


def data_loading(rows, batch_size):
    """`keras.utils.OrderedEnqueuer`: loads a Sequence in threads or processes; fit_generator does it by itself."""
    dataset = _Batches(np.split(rows, range(batch_size, len(rows), batch_size)))
    enqueuer = keras.utils.OrderedEnqueuer(dataset)
    enqueuer.start(workers=1)
    batches = list(islice(enqueuer.get(), len(dataset)))
    enqueuer.stop()
    loaders = np.concatenate(list(dataset.loaders.values()))
    return {"batches": batches, "loaders": loaders, "consumer": threading.get_ident()}


def progress(steps):
    """`keras.utils.Progbar`: what fit shows; also for one's own loops."""
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        bar = keras.utils.Progbar(steps, interval=0)
        for _ in range(steps):
            bar.add(1)
    return shown.getvalue()


def metrics(labels, scores):
    """`keras.metrics.Precision`: gathered by fit and evaluate, of a list that compile is given."""
    model = keras.Sequential([layers.Activation("linear", input_shape=(1,))])
    model.compile("sgd", "mse", ["binary_accuracy", keras.metrics.Precision(), keras.metrics.Recall()])
    found = model.evaluate(scores.reshape(-1, 1), labels.reshape(-1, 1), batch_size=labels.shape[1], verbose=0)
    return dict(zip(("accuracy", "precision", "recall"), found[1:], strict=True))


def model_summary(sizes):
    """`keras.Model.summary`: a table of all layers; plot_model draws the graph."""
    lines = []
    first = layers.Dense(int(sizes[1]), input_shape=(int(sizes[0]),))
    keras.Sequential([first, layers.Dense(int(sizes[2]))]).summary(print_fn=lines.append)
    return "\n".join(lines)


def parameter_summary(kernel, bias):
    """Variables have a name with the layer's in front; the sums are written by hand."""
    layer = layers.Dense(len(bias))
    _apply(layer, kernel.T, kernel, bias)
    sums = (backend.mean, backend.std)
    return {w.name: [backend.count_params(w), *(backend.eval(of(w)) for of in sums)] for w in layer.weights}


def profiling(a, b):
    """Theano's own profiler, by an option of backend.function: the time of each operation and of the compilation."""
    product = backend.dot(backend.variable(a), backend.variable(b))
    function, text = backend.function([], [product], profile=True), io.StringIO()
    function([])
    function.function.profile.summary(file=text)
    return text.getvalue()


def filter_images(kernel):
    """Two changes of the shape, and one scale for all; preprocessing.image.save_img writes it to a file."""
    height, width, _, count = kernel.shape
    filters = backend.reshape(backend.variable(kernel), (height, width, 2, count // 2))
    picture = backend.reshape(backend.permute_dimensions(filters, (2, 0, 3, 1)), (2 * height, -1))
    return backend.eval((picture - backend.min(picture)) / (backend.max(picture) - backend.min(picture)))


def pretrained_models(classes):
    """`keras.applications.MobileNet`: and 17 others, for ImageNet, in the package Keras-Applications."""
    from keras_applications import mobilenet

    model = keras.applications.MobileNet(weights=None, classes=classes)
    return {"parameters": model.count_params(), "weights": mobilenet.BASE_WEIGHT_PATH}


def quantisation(x, kernel):
    """A scale for each unit; the product itself is computed in floats."""
    kernel = backend.variable(kernel)
    scale = backend.max(backend.abs(kernel), axis=0) / 127
    weights = backend.cast(backend.round(kernel / scale), "int8")
    product = backend.dot(backend.variable(x), backend.cast(weights, "float32")) * scale
    return {"result": backend.eval(product), "weights": weights.dtype}


# ---- Abstraction


def traced_graph(x):
    """`keras.backend.function`: a function of symbols gives a formula, which is compiled to C."""
    calls, entry = [], backend.placeholder(ndim=1)

    def function(x):
        calls.append(x)
        return backend.square(backend.tanh(x))

    compiled = backend.function([entry], [function(entry)])
    return {"results": [compiled([row])[0] for row in x], "python_calls": len(calls)}


def static_graph(x):
    """`keras.backend.function`: everything is a graph of Theano, which can be printed, drawn and changed before."""
    import theano

    entry = backend.placeholder(ndim=1)
    graph = 2 * backend.tanh(entry)
    return {"graph": theano.pprint(graph), "result": backend.function([entry], [graph])([x])[0]}


def functional_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`keras.Model`: from what goes in to what comes out; it can be drawn and taken apart."""
    entry = layers.Input(x.shape[1:])
    hidden = layers.Dense(len(bias_1), activation="relu")(entry)
    model = keras.Model(entry, layers.Add()([layers.Dense(len(bias_2))(hidden), entry]))
    model.set_weights([kernel_1, bias_1, kernel_2, bias_2])
    return model.predict(x)


def _two_layers(kernel_1, bias_1, kernel_2, bias_2):
    """Dense, ReLU, dense."""
    hidden = layers.Dense(len(bias_1), activation="relu", input_shape=kernel_1.shape[:1])
    model = keras.Sequential([hidden, layers.Dense(len(bias_2))])
    model.set_weights([kernel_1, bias_1, kernel_2, bias_2])
    return model


def sequential_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`keras.Sequential`: layers can be added and popped later."""
    return _two_layers(kernel_1, bias_1, kernel_2, bias_2).predict(x)


class _Residual(keras.Model):
    def __init__(self, hidden, outputs):
        super().__init__()
        self.first, self.second = layers.Dense(hidden, activation="relu"), layers.Dense(outputs)

    def call(self, x):
        return layers.add([self.second(self.first(x)), x])


def subclassed_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`keras.Model`: layers are found among the attributes; such a model has no summary and can't be saved whole."""
    model = _Residual(len(bias_1), len(bias_2))
    model.predict(x)  # makes the weights
    model.set_weights([kernel_1, bias_1, kernel_2, bias_2])
    return model.predict(x)


def training_loop(x, y, learning_rate, epochs):
    """`keras.Model.fit`: with batches, shuffling, progress, validation and callbacks."""
    model = _linear(np.zeros_like(x[0]), keras.optimizers.SGD(learning_rate))
    model.fit(x, y, batch_size=len(x), epochs=epochs, shuffle=False, verbose=0)
    return model.get_weights()[0][:, 0]


def callbacks(x, y, learning_rate, epochs):
    """`keras.callbacks.LambdaCallback`: a subclass of Callback can also stop the training, or change the model."""
    model, losses = _linear(np.zeros_like(x[0]), keras.optimizers.SGD(learning_rate)), []
    report = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: losses.append(float(logs["loss"])))
    model.fit(x, y, batch_size=len(x), epochs=epochs, shuffle=False, callbacks=[report], verbose=0)
    return losses


# ---- Customisation


class _Scale(layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=shape[1:], initializer="ones")
        super().build(shape)

    def call(self, x):
        return x * self.scale


def custom_layer(x, scale):
    """`keras.layers.Layer`: build and call; the gradient is found by itself."""
    layer = _Scale()
    output = layer(backend.variable(x))
    layer.set_weights([scale])
    gradient = backend.gradients(backend.sum(output), layer.scale)
    return {"output": backend.eval(output), "gradient": backend.eval(gradient)}


def custom_loss(predictions, targets):
    """One function, for compile(loss=); its gradient is found by itself."""
    predictions = backend.variable(predictions)
    error = predictions - backend.variable(targets)
    loss = backend.mean(backend.log((backend.exp(error) + backend.exp(-error)) / 2))
    return {"loss": backend.eval(loss), "gradient": backend.eval(backend.gradients(loss, predictions))}


def custom_optimiser(weights, gradients, learning_rate):
    """`keras.optimizers.Optimizer`: one method, which gives all updates; clipping comes with it."""

    class SignDescent(keras.optimizers.Optimizer):
        def get_updates(self, loss, params):
            gradients = self.get_gradients(loss, params)
            return [
                backend.update_sub(w, learning_rate * backend.sign(g)) for w, g in zip(params, gradients, strict=True)
            ]

    return _optimised(SignDescent(), weights, gradients)


def custom_gradient(x, upstream):
    """By Theano's OpFromGraph, a formula as an operation with its own gradient; Keras has nothing for it."""
    from theano.compile.builders import OpFromGraph

    entry, x = backend.placeholder(ndim=1), backend.variable(x)
    square = OpFromGraph([entry], [entry**2], grad_overrides=lambda inputs, upstream: [-0.5 * upstream[0]])
    gradient = backend.gradients(backend.sum(square(x) * upstream), x)
    return {"value": backend.eval(square(x)), "gradient": backend.eval(gradient)}


def custom_training_step(x, y, learning_rate, epochs):
    """`keras.optimizers.Optimizer.get_gradients`: fit gets its gradients there, and applies what it gives."""

    class NormalisedSGD(keras.optimizers.SGD):
        def get_gradients(self, loss, params):
            gradients = super().get_gradients(loss, params)
            return [g / backend.sqrt(backend.sum(backend.square(g))) for g in gradients]

    model = _linear(np.zeros_like(x[0]), NormalisedSGD(learning_rate))
    model.fit(x, y, batch_size=len(x), epochs=epochs, shuffle=False, verbose=0)
    return model.get_weights()[0][:, 0]


def custom_kernel(x, folder):
    """By Theano, C for one element, of which it makes the loop; a layer may call what comes out."""
    from theano import scalar, tensor

    global SquarePlusOne  # for Theano's cache, which pickles it

    class SquarePlusOne(scalar.UnaryScalarOp):
        def c_code(self, node, name, inputs, outputs, sub):
            return f"{outputs[0]} = {inputs[0]} * {inputs[0]} + 1;"

    kernel = tensor.Elemwise(SquarePlusOne(scalar.upgrade_to_float))
    return backend.eval(kernel(backend.variable(x)))


def forward_hook(x, kernel_1, bias_1, kernel_2, bias_2):
    """`keras.layers.Layer.output`: a second model ends there, with the same layers; for functional models."""
    model = _two_layers(kernel_1, bias_1, kernel_2, bias_2)
    return keras.Model(model.inputs, model.layers[0].output).predict(x)


def second_derivative(x):
    """`keras.backend.gradients`: as often as one likes."""
    x = backend.variable(x)
    first = backend.gradients(backend.sum(x**3 + backend.sin(x)), x)
    return backend.eval(backend.gradients(backend.sum(first), x))


def jacobian(matrix, x):
    """A gradient for each row of the result; Theano's own needs a loop that doesn't compile on Python 3.11."""
    x = backend.variable(x)
    value = backend.tanh(backend.dot(backend.variable(matrix), x))
    return backend.eval(backend.stack([backend.gradients(value[row], x) for row in range(len(matrix))]))


def hessian_vector_product(matrix, x, vector):
    """The gradient of the gradient times the vector."""
    x = backend.variable(x)
    gradient = backend.gradients(backend.sum(backend.dot(backend.variable(matrix), x) ** 4), x)
    return backend.eval(backend.gradients(backend.sum(gradient * vector), x))


def per_example_gradients(x, y, weights):
    """A gradient for each example."""
    weights = backend.variable(weights)
    losses = backend.square(backend.dot(backend.variable(x), weights) - y)
    return backend.eval(backend.stack([backend.gradients(losses[row], weights) for row in range(len(x))]))


def vectorising_map(matrix, batch):
    """`keras.backend.map_fn`: a loop inside, by theano.scan, which is not compiled on Python 3.11."""

    def function(v):
        return backend.dot(backend.variable(matrix), v) / backend.sqrt(backend.sum(backend.square(v)))

    results = backend.map_fn(function, backend.variable(batch))
    return backend.function([], [results], mode="FAST_COMPILE")([])[0]


# ---- Devices and scale


def _share(x, y, weights):
    """The gradient for one half of the batch, and how many examples that is."""
    model = _linear(weights, keras.optimizers.SGD(1.0))
    model.train_on_batch(x, y)
    return weights - model.get_weights()[0][:, 0], len(x)


def data_parallel(x, y, weights):
    """A process for each device, by Python's multiprocessing: multi_gpu_model is for TensorFlow alone."""
    parts = [(x[:4], y[:4], weights), (x[4:], y[4:], weights)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        (first, first_share), (second, second_share) = pool.starmap(_share, parts)
    return {"gradient": (first + second) / 2, "shares": [first_share, second_share]}


def _other_machine(address, *part):
    """Sends its part of the gradient to the first machine."""
    with Client(address) as connection:
        connection.send(_share(*part))


def several_machines(x, y, weights):
    """By Python's multiprocessing.connection, gradients through a socket; here two processes talk over TCP."""
    with Listener(("localhost", 0)) as listener:
        part = (listener.address, x[4:], y[4:], weights)
        multiprocessing.get_context("fork").Process(target=_other_machine, args=part).start()
        first, first_share = _share(x[:4], y[:4], weights)
        with listener.accept() as connection:
            second, second_share = connection.recv()
    return {"gradient": (first + second) / 2, "shares": [first_share, second_share]}


def _product(x, kernel):
    """What one half of a layer gives, and the shape of the kernel that it holds."""
    layer = layers.Dense(kernel.shape[1], use_bias=False)
    return _apply(layer, x, kernel), layer.get_weights()[0].shape


def model_sharding(x, kernel):
    """A process for each half, by Python's multiprocessing; the columns are put together by hand."""
    halves = [(x, kernel[:, :2]), (x, kernel[:, 2:])]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        (left, left_shape), (right, right_shape) = pool.starmap(_product, halves)
    return {"result": np.hstack([left, right]), "shards": [left_shape, right_shape]}


def cpu_threads(a, b, threads):
    """Of products, by functions of OpenBLAS, if Theano's flags name it; Keras has nothing for it."""
    blas = ctypes.CDLL(None)
    blas.openblas_set_num_threads(threads)
    result = backend.eval(backend.dot(backend.variable(a), backend.variable(b)))
    return {"result": result, "threads": blas.openblas_get_num_threads()}


# ---- Deployment


def safe_saving(x, kernel, bias, folder, trap):
    """By numpy.savez, which has no pickles: load_weights needs h5py 2, which there isn't for Python 3.11."""
    layer = layers.Dense(len(bias))
    _apply(layer, x, kernel, bias)
    np.savez(f"{folder}/weights.npz", *layer.get_weights())
    output = _apply(layers.Dense(len(bias)), x, *np.load(f"{folder}/weights.npz").values())
    try:
        np.load(trap)
    except ValueError as error:
        return {"output": output, "refusal": str(error)}


def graph_export(x, kernel, bias, folder):
    """Theano's compiled function can be pickled; loaded, it is compiled again. A pickle may hide any code."""
    entry = backend.placeholder(ndim=2)
    value = backend.tanh(backend.dot(entry, backend.variable(kernel)) + backend.variable(bias))
    file = Path(folder, "function.pickle")
    file.write_bytes(pickle.dumps(backend.function([entry], [value])))
    return pickle.loads(file.read_bytes())([x])[0]


NOT_POSSIBLE = {
    "eager": (
        "Operations build a formula of Theano; numbers come only out of a compiled function.",
        "https://theano-pymc.readthedocs.io/en/latest/tutorial/adding.html",
    ),
    "tpu": (
        "Theano's flag device knows processors and, through libgpuarray, GPUs.",
        "https://theano-pymc.readthedocs.io/en/latest/library/config.html",
    ),
}

DOCUMENTED = {
    "tensorboard": (
        "add-on",
        "tensorboardX writes the files from a callback of fit; Keras's own asks for TensorFlow 1 beside Theano.",
        "https://github.com/lanpa/tensorboardX",
    ),
    "onnx_export": (
        "add-on",
        "With the package onnx the graph is written by hand: keras2onnx never learned to read models on Theano.",
        "https://github.com/onnx/keras-onnx/issues/217",
    ),
    "mobile_runtime": (
        "add-on",
        "Deeplearning4j, which runs on Android's Java too, imports what Keras saved, whatever the backend was.",
        "https://deeplearning4j.konduit.ai/en-1.0.0-rewrite/model-import/overview-1/backend",
    ),
    "browser": (
        "add-on",
        "Keras.js runs models of any backend; it was made for Keras 2.1 and is no longer kept up.",
        "https://github.com/transcranial/keras-js",
    ),
    "native_runtime": (
        "add-on",
        "lwtnn converts a model's architecture and weights for C++: dense and recurrent layers, no convolutions.",
        "https://github.com/lwtnn/lwtnn",
    ),
    "gpu": (
        "add-on",
        "NVIDIA's, through Theano's libgpuarray and pygpu, which nobody maintains any more.",
        "https://theano-pymc.readthedocs.io/en/latest/tutorial/using_gpu.html",
    ),
    "base_languages": ("fact", "Python, over Theano's Python and C", "https://github.com/keras-team/keras/tree/2.3.1"),
}
