"""Keras 3 on TensorFlow, JAX and PyTorch: where the backends differ, a variant has a function of its own."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

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


# ---- Losses and activations


def cross_entropy_logits(logits, labels):
    """`keras.losses.SparseCategoricalCrossentropy(from_logits=)`: forgotten, logits are taken for probabilities."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)


def cross_entropy_probabilities(probabilities, labels):
    """`keras.losses.SparseCategoricalCrossentropy`: probabilities are clipped at 1e-7, so no loss exceeds 16.1."""
    return keras.losses.SparseCategoricalCrossentropy()(labels, probabilities)


def label_smoothing(logits, labels, smoothing):
    """`keras.losses.CategoricalCrossentropy(label_smoothing=)`: for one-hot labels."""
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    return loss(ops.one_hot(labels, logits.shape[1]), logits)


def binary_cross_entropy(logits, labels):
    """`keras.losses.BinaryCrossentropy(from_logits=)`: it can smooth labels too."""
    return keras.losses.BinaryCrossentropy(from_logits=True)(labels, logits)


def focal_loss(logits, labels, alpha, gamma):
    """`keras.losses.BinaryFocalCrossentropy`: alpha only counts with apply_class_balancing=True."""
    loss = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=alpha, gamma=gamma, from_logits=True)
    return loss(labels, logits)


def hinge_loss(scores, labels):
    """`keras.losses.Hinge`: labels of 0 and 1 are turned into -1 and 1."""
    return keras.losses.Hinge()(labels, scores)


def huber_loss(predictions, targets):
    """`keras.losses.Huber`: delta is 1 unless told otherwise."""
    return keras.losses.Huber()(targets, predictions)


def kl_divergence(p, q):
    """`keras.losses.KLDivergence`: of probabilities, which are clipped at 1e-7."""
    return keras.losses.KLDivergence()(p, q)


def ctc_loss(logits, labels):
    """`keras.losses.CTC`: class 0 is the blank, and also fills up short labels."""
    return keras.losses.CTC(reduction=None)(labels, logits)


def triplet_loss(anchor, positive, negative, margin):
    """Two norms and their difference; `keras.losses.Circle` is a near relation."""
    near, far = (ops.norm(anchor - other, axis=1) for other in (positive, negative))
    return ops.mean(ops.relu(near - far + margin))


def relu(x):
    """`keras.activations.relu`: layers take it by name too, as activation="relu"."""
    return keras.activations.relu(x)


def leaky_relu(x, slope):
    """`keras.activations.leaky_relu`: the layer LeakyReLU has another default slope, 0.3 for 0.2."""
    return keras.activations.leaky_relu(x, negative_slope=slope)


def elu(x):
    """`keras.activations.elu`: alpha is 1 unless told otherwise."""
    return keras.activations.elu(x)


def selu(x):
    """`keras.activations.selu`: to be used with lecun_normal and AlphaDropout."""
    return keras.activations.selu(x)


def gelu(x):
    """`keras.activations.gelu`: exact here; keras.ops.gelu approximates unless told not to."""
    return keras.activations.gelu(x)


def silu(x):
    """`keras.activations.silu`: swish is a second name for it."""
    return keras.activations.silu(x)


def softplus(x):
    """`keras.activations.softplus`: always strictly positive."""
    return keras.activations.softplus(x)


def mish(x):
    """`keras.activations.mish`: as a name for a layer too."""
    return keras.activations.mish(x)


def _sign(x):
    """PyTorch passes x and the upstream gradient by name, the other two the upstream gradient alone."""

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        return ops.where(ops.abs(x) <= 1, upstream, 0.0)

    return ops.sign(x), gradient


def custom_activation__keras_tf(x):
    """`keras.ops.custom_gradient`: the gradient itself is asked of TensorFlow."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(x))
        value = ops.custom_gradient(_sign)(x)
    return {"value": value, "gradient": tape.gradient(value, x)}


def custom_activation__keras_jax(x):
    """`keras.ops.custom_gradient`: the gradient itself is asked of JAX."""
    import jax

    value, pull_back = jax.vjp(ops.custom_gradient(_sign), x)
    return {"value": value, "gradient": pull_back(ops.ones_like(value))[0]}


def custom_activation__keras_torch(x):
    """`keras.ops.custom_gradient`: the gradient itself is asked of PyTorch."""
    import torch

    x = torch.tensor(x, requires_grad=True)
    value = ops.custom_gradient(_sign)(x)
    return {"value": value, "gradient": torch.autograd.grad(value.sum(), x)[0]}


# ---- Training aids


def dropout(x, rate):
    """`keras.layers.Dropout`: off unless training=True; fit says so by itself."""
    layer = layers.Dropout(rate)
    return {"training": layer(x, training=True), "evaluation": layer(x)}


def spatial_dropout(x, rate):
    """`keras.layers.SpatialDropout2D`: for 1, 2 and 3 dimensions."""
    return layers.SpatialDropout2D(rate)(x, training=True)


def l1_l2(weights, l1, l2):
    """`keras.regularizers.L1L2`: given to a layer as kernel_regularizer, it is added to the loss by itself."""
    return keras.regularizers.L1L2(l1, l2)(weights)


def _optimised(optimizer, weights, gradients):
    """The weights after a step for each gradient."""
    variable = keras.Variable(weights)
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(gradient)], [variable])
    return variable


def weight_decay(weights, gradients, learning_rate, decay):
    """`keras.optimizers.SGD(weight_decay=)`: decoupled in every optimiser, Adam too; it comes before the step."""
    return _optimised(keras.optimizers.SGD(learning_rate, weight_decay=decay), weights, gradients)


def clip_by_norm(kernel, bias, limit):
    """`keras.optimizers.SGD(global_clipnorm=)`: an option of every optimiser; clipnorm= is for each gradient alone."""
    optimizer = keras.optimizers.SGD(1.0, global_clipnorm=limit)
    weights = [keras.Variable(ops.zeros(kernel.shape)), keras.Variable(ops.zeros(bias.shape))]
    optimizer.apply([ops.convert_to_tensor(kernel), ops.convert_to_tensor(bias)], weights)
    return [ops.negative(variable) for variable in weights]


def clip_by_value(gradient, limit):
    """`keras.optimizers.SGD(clipvalue=)`: an option of every optimiser."""
    optimizer = keras.optimizers.SGD(1.0, clipvalue=limit)
    return ops.negative(_optimised(optimizer, ops.zeros(gradient.shape), [gradient]))


def step_schedule(rate, factor, every, steps):
    """`keras.optimizers.schedules.ExponentialDecay(staircase=)`: PiecewiseConstantDecay takes any steps."""
    schedule = keras.optimizers.schedules.ExponentialDecay(rate, every, factor, staircase=True)
    return [schedule(step) for step in steps]


def cosine_schedule(rate, total, steps):
    """`keras.optimizers.schedules.CosineDecay`: CosineDecayRestarts begins again and again."""
    schedule = keras.optimizers.schedules.CosineDecay(rate, total)
    return [schedule(step) for step in steps]


def warm_up(rate, warm_up, steps):
    """`keras.optimizers.schedules.CosineDecay(warmup_steps=)`: in front of a cosine, which alpha=1 makes flat."""
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 10, decay_steps=100, alpha=1.0, warmup_target=rate, warmup_steps=warm_up
    )
    return [schedule(step) for step in steps]


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
    """`keras.optimizers.AdamW`: its decay is 0.004 unless told otherwise; exclude_from_weight_decay spares biases."""
    return _optimised(keras.optimizers.AdamW(learning_rate, weight_decay=decay), weights, gradients)


def rmsprop(weights, gradients, learning_rate, decay):
    """`keras.optimizers.RMSprop`: epsilon, 1e-7, is added inside of the root, where it matters for small gradients."""
    return _optimised(keras.optimizers.RMSprop(learning_rate, rho=decay, epsilon=1e-12), weights, gradients)


def weight_average(weights, decay):
    """`keras.optimizers.SGD(use_ema=)`: in every optimiser; the average begins with the weights after one step."""
    optimizer = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=decay)
    variable = keras.Variable(ops.zeros(weights.shape[1]))
    for current in weights:  # a step with the learning rate 1 along the difference leads to the current weights
        optimizer.apply([variable - current], [variable])
    optimizer.finalize_variable_values([variable])
    return variable


def _fit_to_losses(losses, callback):
    """Trains a model for an epoch for each loss, in which that loss comes out, whatever the model gives."""
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    model.compile(loss=lambda loss, output: loss + 0 * output)
    batches = ((np.zeros((1, 1)), np.array([[loss]])) for loss in losses)
    history = model.fit(batches, steps_per_epoch=1, epochs=len(losses), shuffle=False, callbacks=[callback], verbose=0)
    return history.history["loss"]


def early_stopping(losses, patience):
    """`keras.callbacks.EarlyStopping`: can also restore the best weights."""
    return len(_fit_to_losses(losses, keras.callbacks.EarlyStopping(monitor="loss", patience=patience)))


def _linear(weights, optimizer, loss="mean_squared_error"):
    """A model with one layer: x @ weights."""
    model = keras.Sequential([keras.Input(weights.shape), layers.Dense(1, use_bias=False)])
    model.set_weights([weights[:, None]])
    model.compile(optimizer, loss)
    return model


def checkpoint(weights, gradients, learning_rate, momentum, folder):
    """`keras.Model.save`: one file with layers, weights and the optimiser's state; BackupAndRestore does it in fit."""

    def train(model, gradients):
        for gradient in gradients:
            model.optimizer.apply([ops.convert_to_tensor(gradient[:, None])], model.trainable_variables)
        return model

    first, unbroken = (_linear(weights, keras.optimizers.SGD(learning_rate, momentum)) for _ in range(2))
    train(first, gradients[:2]).save(f"{folder}/model.keras")
    resumed = train(keras.saving.load_model(f"{folder}/model.keras"), gradients[2:])
    return {"resumed": resumed.get_weights()[0][:, 0], "unbroken": train(unbroken, gradients).get_weights()[0][:, 0]}


def mixed_precision(x, kernel):
    """`keras.layers.Dense(dtype=)`: or keras.config.set_dtype_policy for all layers; fit scales the loss by itself."""
    layer = layers.Dense(kernel.shape[1], use_bias=False, dtype="mixed_float16")
    return {"result": _apply(layer, x, kernel), "weights": layer.kernel.dtype}


def gradient_accumulation(weights, gradients, learning_rate, every):
    """`keras.optimizers.SGD(gradient_accumulation_steps=)`: an option of every optimiser; it takes the mean."""
    optimizer = keras.optimizers.SGD(learning_rate, gradient_accumulation_steps=every)
    variable, after = keras.Variable(weights), []
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(gradient)], [variable])
        after.append(ops.convert_to_numpy(variable))
    return np.stack(after)


def mirror(images):
    """`keras.ops.flip`: the layer RandomFlip leaves it to chance."""
    return ops.flip(images, axis=2)


def crop(images, top, left, height, width):
    """`keras.ops.image.crop_images`: the layers RandomCrop, CenterCrop and Cropping2D do it in a model."""
    return ops.image.crop_images(images, top, left, target_height=height, target_width=width)


def shear(image):
    """`keras.ops.image.affine_transform`: the layer RandomShear leaves the amount to chance."""
    middle = len(image) // 2
    # An output's pixel (x, y) comes from (x - y + middle, y): the first two rows of the matrix, then 0, 0.
    matrix = np.array([1, -1, middle, 0, 1, 0, 0, 0], image.dtype)
    return ops.image.affine_transform(image[..., None], matrix)[..., 0]


def rotate(image, degrees):
    """`keras.layers.RandomRotation`: the range of angles, in whole turns, may be a single one."""
    layer = layers.RandomRotation((degrees / 360, degrees / 360), fill_mode="constant")
    return layer(image[..., None], training=True)[..., 0]


def class_weights(logits, labels, weights):
    """`keras.Model.train_on_batch(class_weight=)`: fit takes it too; a loss takes a weight for each example."""
    model = keras.Sequential([keras.Input(logits.shape[1:]), layers.Identity()])
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    losses = []
    for x, y in zip(logits, labels, strict=True):
        losses.append(model.train_on_batch(x[None], y[None], class_weight=dict(enumerate(weights))))
        model.reset_metrics()  # or the losses are averaged
    return losses


def seeds(seed, count):
    """`keras.random.uniform(seed=)`: a number always gives the same, a SeedGenerator goes on; backends differ."""
    return [keras.random.uniform((count,), seed=number) for number in (seed, seed, seed + 1)]


# ---- Helper functions


class _Rows(keras.utils.PyDataset):
    """Remembers by which thread each batch was loaded last."""

    def __init__(self, batches):
        super().__init__(workers=2)
        self.batches, self.loaders = batches, [None] * len(batches)

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        self.loaders[index] = threading.get_ident()
        return self.batches[index]


def data_loading(rows, batch_size):
    """`keras.utils.PyDataset`: from two workers on, threads or processes; TensorFlow first peeks at two batches."""
    dataset = _Rows(np.split(rows, range(batch_size, len(rows), batch_size)))
    model = keras.Sequential([keras.Input(rows.shape[1:]), layers.Identity()])
    batches = []
    take = keras.callbacks.LambdaCallback(on_predict_batch_end=lambda _, logs: batches.append(logs["outputs"]))
    model.predict(dataset, callbacks=[take], verbose=0)
    loaders = [loader for loader, batch in zip(dataset.loaders, batches, strict=True) for _ in batch]
    return {"batches": batches, "loaders": loaders, "consumer": threading.get_ident()}


def progress(steps):
    """`keras.utils.Progbar`: what fit shows; also for one's own loops."""
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        bar = keras.utils.Progbar(steps, interval=0)
        for _ in range(steps):
            bar.add(1)
    return shown.getvalue()


def metrics(labels, scores):
    """`keras.metrics.Precision`: an object that gathers; fit and evaluate take a list of them."""
    accuracy, precision, recall = keras.metrics.BinaryAccuracy(), keras.metrics.Precision(), keras.metrics.Recall()
    for metric in (accuracy, precision, recall):
        for batch in zip(labels, scores, strict=True):
            metric.update_state(*batch)
    return {"accuracy": accuracy.result(), "precision": precision.result(), "recall": recall.result()}


def model_summary(sizes):
    """`keras.Model.summary`: a table of all layers; plot_model draws the graph."""
    model = keras.Sequential([keras.Input((sizes[0],)), *map(layers.Dense, sizes[1:].tolist())])
    lines = []
    model.summary(print_fn=lines.append)
    return "\n".join(lines)


def parameter_summary(kernel, bias):
    """Variables have a name, or a path with the layers around; the sums are written by hand."""
    layer = layers.Dense(len(bias))
    _apply(layer, kernel.T, kernel, bias)
    return {variable.name: [ops.size(variable), ops.mean(variable), ops.std(variable)] for variable in layer.weights}


def profiling__keras_tf(a, b):
    """`keras.callbacks.TensorBoard(profile_batch=)`: TensorBoard shows what it writes, with the plugin xprof."""
    import tensorboard  # noqa: F401
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    model = keras.Sequential([keras.Input(a.shape[1:]), layers.Dense(b.shape[1])])
    model.compile(loss="mse")
    with tempfile.TemporaryDirectory() as folder:
        model.fit(a, b, shuffle=False, callbacks=[keras.callbacks.TensorBoard(folder, profile_batch=2)], verbose=0)
        (file,) = Path(folder).rglob("*.xplane.pb")
        return str(xplane_pb2.XSpace.FromString(file.read_bytes()))


def profiling__keras_jax(a, b):
    """JAX's own profiler; TensorBoard and Perfetto show what it writes."""
    import jax

    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            ops.matmul(a, b).block_until_ready()
        (file,) = Path(folder).rglob("*.xplane.pb")
        planes = jax.profiler.ProfileData.from_file(str(file)).planes
    events = [event for plane in planes for line in plane.lines for event in line.events]
    return "\n".join(f"{event.name}: {event.duration_ns} ns" for event in events)


def profiling__keras_torch(a, b):
    """PyTorch's own profiler, with a table of its operations."""
    import torch

    with torch.profiler.profile() as profile:
        ops.matmul(a, b)
    return profile.key_averages().table()


def tensorboard(values, folder):
    """`keras.callbacks.TensorBoard`: loss and metrics of each epoch; also of each step, histograms and pictures."""
    import tensorboard  # noqa: F401
    import tensorflow  # noqa: F401 (it writes the files, whatever the backend is)

    _fit_to_losses(values, keras.callbacks.TensorBoard(folder))


def filter_images(kernel):
    """Two changes of the shape, and one scale for all; keras.utils.save_img writes it to a file."""
    height, width, _, count = kernel.shape
    filters = ops.reshape(kernel, (height, width, 2, count // 2))
    picture = ops.reshape(ops.transpose(filters, (2, 0, 3, 1)), (2 * height, -1))
    return (picture - ops.min(picture)) / (ops.max(picture) - ops.min(picture))


def pretrained_models(classes):
    """`keras.applications.MobileNet`: and 40 others, for ImageNet; KerasHub has language models."""
    from keras.src.applications import mobilenet

    model = keras.applications.MobileNet(weights=None, classes=classes)
    return {"parameters": model.count_params(), "weights": mobilenet.BASE_WEIGHT_PATH}


def quantisation(x, kernel):
    """`keras.layers.Layer.quantize`: int8, int4, float8, GPTQ and AWQ, also of a whole model."""
    layer = layers.Dense(kernel.shape[1], use_bias=False)
    _apply(layer, x, kernel)
    layer.quantize("int8")
    return {"result": layer(x), "weights": layer.weights[0].dtype}


# ---- Abstraction


def eager(number):
    """`keras.ops.convert_to_tensor`: eager outside of fit, evaluate and predict; run_eagerly=True for those."""
    value, count = ops.convert_to_tensor(number), 0
    while value != 1:
        value = value // 2 if value % 2 == 0 else 3 * value + 1
        count += 1
    return count


def traced_graph(x):
    """`keras.Model.predict_on_batch`: fit, evaluate and predict trace by themselves, a tf.function or for XLA."""
    calls = []

    def function(x):
        calls.append(x)
        return ops.square(ops.tanh(x))

    model = keras.Sequential([keras.Input(batch_shape=(1, x.shape[1])), layers.Lambda(function)])
    return {"results": [model.predict_on_batch(row[None])[0] for row in x], "python_calls": len(calls)}


def _squared_tanh(x, calls):
    calls.append(x)
    return ops.square(ops.tanh(x))


def traced_graph__keras_torch(x):
    """By torch.export, for which a model is a torch.nn.Module; compile(jit_compile=True) uses torch.compile."""
    import torch

    calls, rows = [], torch.from_numpy(x)[:, None]
    lines = [keras.Input(batch_shape=rows[0].shape), layers.Lambda(lambda x: _squared_tanh(x, calls))]
    program = torch.export.export(keras.Sequential(lines), (rows[0],)).module()
    return {"results": [program(row)[0] for row in rows], "python_calls": len(calls)}


def static_graph(x):
    """`keras.Function`: operations on a keras.Input are recorded; a functional model is such a graph too."""
    entry = keras.Input(batch_shape=x.shape)
    graph = keras.Function(entry, 2 * ops.tanh(entry))
    return {"graph": ", ".join(operation.name for operation in graph.operations), "result": graph(x)}


def functional_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`keras.Model`: from what goes in to what comes out; it can be drawn, saved and taken apart."""
    entry = keras.Input(x.shape[1:])
    hidden = layers.Dense(len(bias_1), activation="relu")(entry)
    model = keras.Model(entry, layers.Dense(len(bias_2))(hidden) + entry)
    model.set_weights([kernel_1, bias_1, kernel_2, bias_2])
    return model(x)


def sequential_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`keras.Sequential`: layers can be added and popped later."""
    model = keras.Sequential([layers.Dense(len(bias_1), activation="relu"), layers.Dense(len(bias_2))])
    return _apply(model, x, kernel_1, bias_1, kernel_2, bias_2)


class _Residual(keras.Model):
    def __init__(self, hidden, outputs):
        super().__init__()
        self.first, self.second = layers.Dense(hidden, activation="relu"), layers.Dense(outputs)

    def call(self, x):
        return self.second(self.first(x)) + x


def subclassed_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`keras.Model`: layers are found among the attributes; to be saved, it needs get_config too."""
    model = _Residual(len(bias_1), len(bias_2))
    model(x)  # makes the weights
    model.set_weights([kernel_1, bias_1, kernel_2, bias_2])
    return model(x)


def training_loop(x, y, learning_rate, epochs):
    """`keras.Model.fit`: with batches, shuffling, progress, validation and callbacks."""
    model = _linear(np.zeros_like(x[0]), keras.optimizers.SGD(learning_rate))
    model.fit(x, y, batch_size=len(x), epochs=epochs, shuffle=False, verbose=0)
    return model.get_weights()[0][:, 0]


def callbacks(x, y, learning_rate, epochs):
    """`keras.callbacks.LambdaCallback`: a subclass of Callback can also stop the training, or change the model."""
    model, losses = _linear(np.zeros_like(x[0]), keras.optimizers.SGD(learning_rate)), []
    report = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: losses.append(logs["loss"]))
    model.fit(x, y, batch_size=len(x), epochs=epochs, shuffle=False, callbacks=[report], verbose=0)
    return losses


# ---- Customisation


class _Scale(layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=shape[1:], initializer="ones")

    def call(self, x):
        return self.scale * x


def custom_layer__keras_tf(x, scale):
    """`keras.layers.Layer`: build and call; fit trains it by itself, here the gradient is asked of TensorFlow."""
    import tensorflow as tf

    layer = _Scale()
    with tf.GradientTape() as tape:
        output = _apply(layer, x, scale)
    return {"output": output, "gradient": tape.gradient(output, layer.scale.value)}


def custom_layer__keras_jax(x, scale):
    """`keras.layers.Layer`: build and call; fit trains it by itself, here the gradient is asked of JAX."""
    import jax

    layer = _Scale()
    output = _apply(layer, x, scale)
    gradient = jax.grad(lambda weights: layer.stateless_call(weights, [], x)[0].sum())
    return {"output": output, "gradient": gradient([layer.scale.value])[0]}


def custom_layer__keras_torch(x, scale):
    """`keras.layers.Layer`: build and call; fit trains it by itself, here the gradient is asked of PyTorch."""
    layer = _Scale()
    output = _apply(layer, x, scale)
    output.sum().backward()
    return {"output": output, "gradient": layer.scale.value.grad}


def _log_cosh(targets, predictions):
    """What compile takes as a loss: any function of targets and predictions."""
    return ops.mean(ops.log(ops.cosh(predictions - targets)))


def custom_loss__keras_tf(predictions, targets):
    """One function, for compile(loss=); the gradient is TensorFlow's."""
    import tensorflow as tf

    predictions = tf.Variable(predictions)
    with tf.GradientTape() as tape:
        loss = _log_cosh(targets, predictions)
    return {"loss": loss, "gradient": tape.gradient(loss, predictions)}


def custom_loss__keras_jax(predictions, targets):
    """One function, for compile(loss=); the gradient is JAX's."""
    import jax

    loss, gradient = jax.value_and_grad(_log_cosh, argnums=1)(targets, predictions)
    return {"loss": loss, "gradient": gradient}


def custom_loss__keras_torch(predictions, targets):
    """One function, for compile(loss=); the gradient is PyTorch's."""
    import torch

    predictions = torch.tensor(predictions, requires_grad=True)
    loss = _log_cosh(torch.tensor(targets), predictions)
    loss.backward()
    return {"loss": loss, "gradient": predictions.grad}


def custom_optimiser(weights, gradients, learning_rate):
    """`keras.optimizers.Optimizer`: one method; schedules, clipping, averages and weight decay come with it."""

    class SignDescent(keras.optimizers.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, learning_rate * ops.sign(gradient))

    return _optimised(SignDescent(learning_rate), weights, gradients)


def _reversed_square(x):
    """PyTorch passes x and the upstream gradient by name, the other two the upstream gradient alone."""

    def gradient(*args, upstream=None):
        return -0.5 * (args[0] if upstream is None else upstream)

    return ops.square(x), gradient


def custom_gradient__keras_tf(x, upstream):
    """`keras.ops.custom_gradient`: the gradient itself is asked of TensorFlow."""
    import tensorflow as tf

    x = tf.Variable(x)
    with tf.GradientTape() as tape:
        value = ops.custom_gradient(_reversed_square)(x)
    return {"value": value, "gradient": tape.gradient(value, x, upstream)}


def custom_gradient__keras_jax(x, upstream):
    """`keras.ops.custom_gradient`: the gradient itself is asked of JAX."""
    import jax

    value, pull_back = jax.vjp(ops.custom_gradient(_reversed_square), x)
    return {"value": value, "gradient": pull_back(upstream)[0]}


def custom_gradient__keras_torch(x, upstream):
    """`keras.ops.custom_gradient`: the gradient itself is asked of PyTorch."""
    import torch

    x = torch.tensor(x, requires_grad=True)
    value = ops.custom_gradient(_reversed_square)(x)
    value.backward(torch.tensor(upstream))
    return {"value": value, "gradient": x.grad}


def custom_training_step(x, y, learning_rate, epochs):
    """`keras.optimizers.Optimizer.apply`: fit gives it all gradients; a train_step of one's own is for one backend."""

    class NormalisedSGD(keras.optimizers.SGD):
        def apply(self, grads, trainable_variables=None):
            super().apply([gradient / ops.norm(gradient) for gradient in grads], trainable_variables)

    model = _linear(np.zeros_like(x[0]), NormalisedSGD(learning_rate))
    model.fit(x, y, batch_size=len(x), epochs=epochs, shuffle=False, verbose=0)
    return model.get_weights()[0][:, 0]


def _loaded(code, folder):
    """TensorFlow's operation of this C++ code."""
    import tensorflow as tf

    headers = ["op", "op_kernel"]
    includes = "".join(f'#include "tensorflow/core/framework/{name}.h"\n' for name in headers)
    file, flags = f"{folder}/operation.so", [*tf.sysconfig.get_compile_flags(), *tf.sysconfig.get_link_flags()]
    command = ["g++", "-x", "c++", "-w", "-", "-shared", "-fPIC", "-o", file, *flags]
    subprocess.run(command, input=(includes + "using namespace tensorflow;" + code).encode(), check=True)
    return tf.load_op_library(file)


def custom_kernel__keras_tf(x, folder):
    """By TensorFlow's headers in C++, which take most of a minute to compile; a layer may call what comes out."""
    code = """struct Kernel : OpKernel { using OpKernel::OpKernel; void Compute(OpKernelContext* context) override {
        Tensor *y;
        OP_REQUIRES_OK(context, context->allocate_output(0, context->input(0).shape(), &y));
        auto x = context->input(0).flat<float>();
        for (int i = 0; i < x.size(); i++) y->flat<float>()(i) = x(i) * x(i) + 1; }};
    REGISTER_OP("SquarePlusOne").Input("x: float").Output("y: float");
    REGISTER_KERNEL_BUILDER(Name("SquarePlusOne").Device(DEVICE_CPU), Kernel);"""
    return _loaded(code, folder).square_plus_one(x)


def custom_kernel__keras_jax(x, folder):
    """A Pallas kernel of JAX, in Python, compiled for GPUs and TPUs, interpreted here; a layer may call it."""
    import jax
    from jax.experimental import pallas

    def kernel(x, result):
        result[...] = x[...] ** 2 + 1

    return pallas.pallas_call(kernel, out_shape=jax.typeof(x), interpret=True)(x)


def _registered(code, folder):
    """PyTorch's operation of this C++ code; the headers of its stable ABI compile in seconds."""
    import torch
    from torch.utils.cpp_extension import load_inline

    headers = "#include <torch/csrc/stable/library.h>\n#include <torch/csrc/stable/ops.h>\n"
    schema = 'STABLE_TORCH_LIBRARY(keras_probe, m) { m.def("square_plus_1(Tensor x) -> Tensor"); }\n'
    kernel = 'STABLE_TORCH_LIBRARY_IMPL(keras_probe, CPU, m) { m.impl("square_plus_1", TORCH_BOX(&square_plus_1)); }'
    source, options = headers + code + schema + kernel, {"is_python_module": False, "no_implicit_headers": True}
    load_inline("square_plus_1", source, build_directory=folder, **options)
    return torch.ops.keras_probe.square_plus_1


def custom_kernel__keras_torch(x, folder):
    """By PyTorch's headers in C++, or by Triton on GPUs; a layer may call what comes out."""
    code = """torch::stable::Tensor square_plus_1(const torch::stable::Tensor &x) {
        torch::stable::Tensor y = torch::stable::clone(x);
        float *value = static_cast<float *>(y.mutable_data_ptr());
        for (int64_t i = 0; i < y.numel(); i++) value[i] = value[i] * value[i] + 1;
        return y;
    }\n"""
    return _registered(code, folder)(ops.convert_to_tensor(x))


def forward_hook(x, kernel_1, bias_1, kernel_2, bias_2):
    """`keras.layers.Layer.output`: a second model ends there, with the same layers; for functional models."""
    model = keras.Sequential([layers.Dense(len(bias_1), activation="relu"), layers.Dense(len(bias_2))])
    _apply(model, x, kernel_1, bias_1, kernel_2, bias_2)
    return keras.Model(model.layers[0].input, model.layers[0].output)(x)


def second_derivative(x):
    """`keras.ops.jvp`: forward mode, of a function that is itself a derivative in forward mode."""

    def derivative(function):
        return lambda x: ops.jvp(function, (x,), (ops.ones_like(x),))[1]

    return derivative(derivative(lambda x: x**3 + ops.sin(x)))(ops.convert_to_tensor(x))


def jacobian(matrix, x):
    """A column for each of x, by keras.ops.jvp; the backends have the whole matrix, in reverse mode too."""
    x = ops.convert_to_tensor(x)
    columns = [ops.jvp(lambda x: ops.tanh(ops.matmul(matrix, x)), (x,), (row,))[1] for row in ops.eye(len(x))]
    return ops.stack(columns, axis=1)


def hessian_vector_product__keras_tf(matrix, x, vector):
    """The backend's gradient, differentiated forward by keras.ops.jvp."""
    import tensorflow as tf

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = ops.sum(ops.matmul(matrix, x[:, None]) ** 4)
        return tape.gradient(value, x)

    return ops.jvp(gradient, (tf.constant(x),), (tf.constant(vector),))[1]


def hessian_vector_product__keras_jax(matrix, x, vector):
    """The backend's gradient, differentiated forward by keras.ops.jvp."""
    import jax

    gradient = jax.grad(lambda x: ops.sum(ops.matmul(matrix, x) ** 4))
    return ops.jvp(gradient, (x,), (vector,))[1]


def hessian_vector_product__keras_torch(matrix, x, vector):
    """The backend's gradient, differentiated forward by keras.ops.jvp."""
    import torch

    gradient = torch.func.grad(lambda x: ops.sum(ops.matmul(matrix, x) ** 4))
    return ops.jvp(gradient, (torch.from_numpy(x),), (torch.from_numpy(vector),))[1]


def _squared_error(weights, x, y):
    return ops.square(ops.dot(x, weights) - y)


def per_example_gradients__keras_tf(x, y, weights):
    """By TensorFlow: the Jacobian of all losses."""
    import tensorflow as tf

    weights = tf.Variable(weights)
    with tf.GradientTape() as tape:
        losses = _squared_error(weights, x, y)
    return tape.jacobian(losses, weights)


def per_example_gradients__keras_jax(x, y, weights):
    """By JAX: the gradient of one, mapped over the batch."""
    import jax

    return jax.vmap(jax.grad(_squared_error), in_axes=(None, 0, 0))(weights, x, y)


def per_example_gradients__keras_torch(x, y, weights):
    """By PyTorch: the gradient of one, mapped over the batch."""
    import torch

    x, y, weights = map(torch.from_numpy, (x, y, weights))
    return torch.func.vmap(torch.func.grad(_squared_error), in_dims=(None, 0, 0))(weights, x, y)


def vectorising_map(matrix, batch):
    """`keras.ops.vectorized_map`: on TensorFlow pfor, on JAX and PyTorch vmap."""
    return ops.vectorized_map(lambda v: ops.matmul(matrix, v) / ops.norm(v), ops.convert_to_tensor(batch))


# ---- Devices and scale


def _two_processors():
    import tensorflow as tf

    device = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
    return ["cpu:0", "cpu:1"]


def _counting_loss(shares):
    """The squared error; notes how many examples each device gets."""
    import tensorflow as tf

    def loss(y, output):
        tf.py_function(lambda y: shares.append(len(y)), [y], [])
        return keras.losses.mean_squared_error(y, output)

    return loss


def data_parallel__keras_tf(x, y, weights):
    """By tf.distribute: fit shares out each batch; a step with the learning rate 1 goes along the gradient."""
    import tensorflow as tf

    shares = []
    with tf.distribute.MirroredStrategy(_two_processors()).scope():
        model = _linear(weights, keras.optimizers.SGD(1.0), _counting_loss(shares))
    model.fit(x, y, batch_size=len(x), shuffle=False, verbose=0)
    return {"gradient": weights - model.get_weights()[0][:, 0], "shares": shares}


def data_parallel__keras_jax(x, y, weights):
    """`keras.distribution.DataParallel`: fit and predict then share out each batch by themselves, as is done here."""
    import jax

    jax.config.update("jax_num_cpu_devices", 2)
    distribution = keras.distribution.DataParallel()
    layouts = [distribution.get_data_layout(x.shape), distribution.get_data_layout(y.shape)]
    x, y = map(keras.distribution.distribute_tensor, (x, y), layouts)
    gradient = jax.grad(lambda weights: ops.mean(_squared_error(weights, x, y)))(weights)
    return {"gradient": gradient, "shares": [len(shard.data) for shard in x.addressable_shards]}


def _in_two_processes(function, *arguments):
    """What function(rank, *arguments) gives in each of two processes, joined by TCP."""
    import torch

    store = torch.distributed.TCPStore("localhost", 0, is_master=True, wait_for_workers=False)
    results = torch.multiprocessing.get_context("fork").SimpleQueue()
    torch.multiprocessing.start_processes(
        _join, (function, store.port, results, arguments), nprocs=2, start_method="fork"
    )
    return [result for _, result in sorted(results.get() for _ in range(2))]


def _join(rank, function, port, results, arguments):
    import torch

    store = torch.distributed.TCPStore("localhost", port)
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)
    results.put((rank, function(rank, *arguments)))
    torch.distributed.destroy_process_group()


def _half_of_gradient(rank, x, y, weights):
    import torch

    x, y = np.split(x, 2)[rank], np.split(y, 2)[rank]
    model = _linear(weights, keras.optimizers.SGD())
    parallel = torch.nn.parallel.DistributedDataParallel(model)
    keras.losses.MeanSquaredError()(y[:, None], parallel(x)).backward()
    return model.trainable_variables[0].value.grad[:, 0].tolist(), len(x)


def data_parallel__keras_torch(x, y, weights):
    """By PyTorch's DistributedDataParallel: a process for each device; the loop is one's own."""
    (gradient, share), (_, other_share) = _in_two_processes(_half_of_gradient, x, y, weights)
    return {"gradient": gradient, "shares": [share, other_share]}


def several_machines__keras_torch(x, y, weights):
    """By PyTorch's DistributedDataParallel: torchrun starts the processes on each machine; here two talk over TCP."""
    (gradient, share), (_, other_share) = _in_two_processes(_half_of_gradient, x, y, weights)
    return {"gradient": gradient, "shares": [share, other_share]}


def model_sharding__keras_tf(x, kernel):
    """By hand, a layer on each device, side by side; keras.distribution is for JAX alone so far."""
    halves, results, shards = np.split(kernel, 2, axis=1), [], []
    for place, half in zip(_two_processors(), halves, strict=True):
        with keras.device(place):
            layer = layers.Dense(half.shape[1], use_bias=False)
            results.append(_apply(layer, x, half))
        shards.append(list(layer.kernel.shape))
    return {"result": ops.concatenate(results, axis=1), "shards": shards}


def model_sharding__keras_jax(x, kernel):
    """`keras.distribution.ModelParallel`: names of weights, by patterns, say along which axes they are split."""
    import jax

    jax.config.update("jax_num_cpu_devices", 2)
    layout = keras.distribution.LayoutMap(keras.distribution.DeviceMesh((1, 2), ["batch", "model"]))
    layout[".*kernel"] = (None, "model")
    with keras.distribution.ModelParallel(layout_map=layout).scope():
        layer = layers.Dense(kernel.shape[1], use_bias=False)
        result = _apply(layer, x, kernel)
    return {"result": result, "shards": [shard.data.shape for shard in layer.kernel.value.addressable_shards]}


def _product_with_shards(rank, x, kernel):
    import torch
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    mesh = torch.distributed.init_device_mesh("cpu", (2,))
    kernel = distribute_tensor(torch.from_numpy(kernel), mesh, [Shard(1)])
    result = ops.matmul(distribute_tensor(torch.from_numpy(x), mesh, [Replicate()]), kernel)
    return result.full_tensor().tolist(), list(kernel.to_local().shape)


def model_sharding__keras_torch(x, kernel):
    """By PyTorch's DTensor, which keras.ops takes like any tensor; keras.distribution is for JAX alone so far."""
    (result, shard), (_, other_shard) = _in_two_processes(_product_with_shards, x, kernel)
    return {"result": result, "shards": [shard, other_shard]}


def cpu_threads__keras_tf(a, b, threads):
    """By TensorFlow, before its first operation."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    return {"result": ops.matmul(a, b), "threads": tf.config.threading.get_intra_op_parallelism_threads()}


def cpu_threads__keras_jax(a, b, threads):
    """By a variable that JAX reads before its first array; it doesn't tell the number, so Linux is asked."""
    os.environ["PJRT_NPROC"] = str(threads)
    result = ops.matmul(a, b)
    names = [(thread / "comm").read_text() for thread in Path("/proc/self/task").iterdir()]
    return {"result": result, "threads": sum(name.startswith("tf_XLAEigen") for name in names)}


def cpu_threads__keras_torch(a, b, threads):
    """By PyTorch, at any time."""
    import torch

    torch.set_num_threads(threads)
    return {"result": ops.matmul(a, b), "threads": torch.get_num_threads()}


# ---- Deployment


def _dense(kernel, bias, activation=None):
    """A model with one layer."""
    layer = layers.Dense(len(bias), activation=activation)
    model = keras.Sequential([keras.Input(kernel.shape[:1]), layer])
    model.set_weights([kernel, bias])
    model(kernel.T)  # ONNX is only written of a model that has been called
    return model


def safe_saving(x, kernel, bias, folder, trap):
    """`keras.saving.load_model`: JSON and HDF5 in a zip, no pickle; Python code in a Lambda layer is refused too."""
    _dense(kernel, bias).save(f"{folder}/model.keras")
    output = keras.saving.load_model(f"{folder}/model.keras")(x)
    shutil.copy(trap, f"{folder}/trap.keras")  # other endings are refused at once
    try:
        keras.saving.load_model(f"{folder}/trap.keras")
    except ValueError as error:
        return {"output": output, "refusal": str(error)}


def onnx_export__keras_tf(kernel, bias, file):
    """`keras.Model.export(format=)`: by tf2onnx; the number of rows stays open."""
    import onnx  # noqa: F401
    import tf2onnx  # noqa: F401

    _dense(kernel, bias, "tanh").export(file, format="onnx", verbose=False)


def _export_on_tensorflow(saved, file):
    """In a process of its own: the backend is chosen when Keras is imported."""
    code = [
        "import keras",
        f"model = keras.saving.load_model({saved!r})",
        "model(keras.ops.zeros((1, *model.input_shape[1:])))",
        f"model.export({file!r}, format='onnx')",
    ]
    environment = os.environ | {"KERAS_BACKEND": "tensorflow"}
    subprocess.run([sys.executable, "-c", "\n".join(code)], env=environment, check=True)


def onnx_export__keras_jax(kernel, bias, file):
    """The saved model is exported on another backend, which takes it as it is; directly it needs jax2onnx."""
    import onnx  # noqa: F401
    import tensorflow  # noqa: F401
    import tf2onnx  # noqa: F401

    _dense(kernel, bias, "tanh").save(file.replace(".onnx", ".keras"))
    _export_on_tensorflow(file.replace(".onnx", ".keras"), file)


def onnx_export__keras_torch(kernel, bias, file):
    """`keras.Model.export(format=)`: by torch.onnx and onnxscript."""
    import onnx  # noqa: F401
    import onnxscript  # noqa: F401

    _dense(kernel, bias, "tanh").export(file, format="onnx", verbose=False)


def graph_export__keras_tf(x, kernel, bias, folder):
    """`keras.Model.export`: a SavedModel, with TensorFlow's operations; ExportArchive writes several functions."""
    import tensorflow as tf

    _dense(kernel, bias, "tanh").export(folder, verbose=False)
    loaded = tf.saved_model.load(folder)
    return loaded.serve(x)


def graph_export__keras_jax(x, kernel, bias, folder):
    """`keras.Model.export`: a SavedModel with StableHLO inside; TensorFlow must be there, to write and to run it."""
    import tensorflow as tf

    _dense(kernel, bias, "tanh").export(folder, verbose=False)
    loaded = tf.saved_model.load(folder)
    return loaded.serve(x)


def graph_export__keras_torch(x, kernel, bias, folder):
    """`keras.Model.export(format=)`: PyTorch's ExportedProgram; the number of rows is fixed unless one names it."""
    import torch

    signature = [keras.InputSpec(x.dtype.name, x.shape)]
    _dense(kernel, bias, "tanh").export(f"{folder}/model.pt2", format="torch", input_signature=signature, verbose=False)
    return torch.export.load(f"{folder}/model.pt2").module()(torch.from_numpy(x))


DOCUMENTED = {
    "gpu": (
        "built in",
        "With a backend that is built for it, everything runs on the GPU without a change.",
        "https://keras.io/getting_started/",
    ),
    "several_machines__keras_tf": (
        "a few lines",
        "The model is made in the scope of TensorFlow's MultiWorkerMirroredStrategy; fit does the rest.",
        "https://keras.io/guides/distributed_training_with_tensorflow/",
    ),
    "several_machines__keras_jax": (
        "built in",
        "keras.distribution.initialize joins the processes; DataParallel then spans all their devices.",
        "https://keras.io/guides/distribution/",
    ),
    "tpu__keras_tf": (
        "a few lines",
        "The model is made in the scope of TensorFlow's TPUStrategy; fit does the rest.",
        "https://keras.io/getting_started/faq/",
    ),
    "tpu__keras_jax": (
        "built in",
        "With JAX's build for TPUs, everything runs there without a change.",
        "https://keras.io/guides/define_custom_kernel/",
    ),
    "native_runtime__keras_tf": (
        "built in",
        "Model.export writes a SavedModel, which TensorFlow's C API and TensorFlow Serving run.",
        "https://keras.io/api/models/model_saving_apis/export/",
    ),
    "native_runtime__keras_jax": (
        "add-on",
        "Model.export writes a SavedModel for TensorFlow's C API, or ONNX for ONNX Runtime.",
        "https://keras.io/api/models/model_saving_apis/export/",
    ),
    "native_runtime__keras_torch": (
        "a few lines",
        "Model.export writes PyTorch's ExportedProgram; AOTInductor makes a library of it that C++ loads.",
        "https://docs.pytorch.org/docs/stable/torch.compiler_aot_inductor.html",
    ),
    "mobile_runtime__keras_tf": (
        "built in",
        "Model.export(format='litert') writes a file for LiteRT, which runs on Android and iOS.",
        "https://keras.io/guides/litert_export/",
    ),
    "mobile_runtime__keras_jax": (
        "add-on",
        "ONNX Runtime Mobile runs what Model.export writes as ONNX; LiteRT takes no model from JAX's backend.",
        "https://onnxruntime.ai/docs/tutorials/mobile/",
    ),
    "mobile_runtime__keras_torch": (
        "add-on",
        "Model.export(format='litert') writes a file for LiteRT, by the package litert-torch.",
        "https://keras.io/guides/litert_export/",
    ),
    "browser": (
        "add-on",
        "ONNX Runtime Web runs what Model.export writes as ONNX.",
        "https://onnxruntime.ai/docs/tutorials/web/",
    ),
    "base_languages": ("fact", "Python, over backends in C++", "https://github.com/keras-team/keras"),
}
