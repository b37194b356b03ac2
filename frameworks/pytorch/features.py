"""PyTorch: layers, losses and optimisers are there; the training loop is one's own."""

import contextlib
import io
import itertools
import math
import os
import pickle

import torch
from torch import nn
from torch.nn import functional

# ---- Layers


def _channels_first(x):
    """PyTorch has the channels right after the batch."""
    return torch.from_numpy(x).movedim(-1, 1)


def _kernel(kernel):
    """PyTorch's kernels are (out, in, height, width)."""
    return torch.from_numpy(kernel).movedim((-1, -2), (0, 1))


def dense(x, kernel, bias):
    """`torch.nn.functional.linear`: the weight is (out, in); torch.nn.Linear owns one."""
    x, kernel, bias = map(torch.from_numpy, (x, kernel, bias))
    return functional.linear(x, kernel.mT, bias)


def conv_1d(x, kernel, bias):
    """`torch.nn.functional.conv1d`: x is (N, channels, width), the kernel (out, in, width)."""
    return functional.conv1d(_channels_first(x), _kernel(kernel), torch.from_numpy(bias)).movedim(1, -1)


def conv_2d(x, kernel, bias):
    """`torch.nn.functional.conv2d`: x is (N, channels, height, width), the kernel (out, in, height, width)."""
    return functional.conv2d(_channels_first(x), _kernel(kernel), torch.from_numpy(bias)).movedim(1, -1)


def conv_3d(x, kernel, bias):
    """`torch.nn.functional.conv3d`: x is (N, channels, depth, height, width)."""
    return functional.conv3d(_channels_first(x), _kernel(kernel), torch.from_numpy(bias)).movedim(1, -1)


def conv_transposed(x, kernel, stride):
    """`torch.nn.functional.conv_transpose2d`: the kernel is (in, out, height, width) here."""
    kernel = torch.from_numpy(kernel).movedim((-2, -1), (0, 1))
    return functional.conv_transpose2d(_channels_first(x), kernel, stride=stride).movedim(1, -1)


def conv_depthwise(x, kernel):
    """`torch.nn.functional.conv2d(groups=)`: as many groups as channels."""
    kernel = _kernel(kernel[:, :, None])
    return functional.conv2d(_channels_first(x), kernel, groups=len(kernel)).movedim(1, -1)


def conv_separable(x, depthwise, pointwise):
    """Two convolutions, the first in groups; no layer holds both."""
    depthwise, pointwise = _kernel(depthwise[:, :, None]), _kernel(pointwise[None, None])
    hidden = functional.conv2d(_channels_first(x), depthwise, groups=len(depthwise))
    return functional.conv2d(hidden, pointwise).movedim(1, -1)


def conv_dilated(x, kernel, dilation):
    """`torch.nn.functional.conv2d(dilation=)`: an option of every convolution."""
    return functional.conv2d(_channels_first(x), _kernel(kernel), dilation=dilation).movedim(1, -1)


def conv_grouped(x, kernel, groups):
    """`torch.nn.functional.conv2d(groups=)`: an option of every convolution."""
    return functional.conv2d(_channels_first(x), _kernel(kernel), groups=groups).movedim(1, -1)


def max_pooling(x, size):
    """`torch.nn.functional.max_pool2d`: the stride is the window's size unless it is given."""
    return functional.max_pool2d(_channels_first(x), size).movedim(1, -1)


def average_pooling(x, size):
    """`torch.nn.functional.avg_pool2d`: padding counts as zeros unless count_include_pad=False."""
    return functional.avg_pool2d(_channels_first(x), size).movedim(1, -1)


def global_pooling(x):
    """`torch.nn.functional.adaptive_avg_pool2d`: to one pixel; or plainly x.mean((2, 3))."""
    return functional.adaptive_avg_pool2d(_channels_first(x), 1).flatten(1)


def adaptive_pooling(x, size):
    """`torch.nn.functional.adaptive_avg_pool2d`: the windows overlap where the sizes don't divide."""
    return functional.adaptive_avg_pool2d(_channels_first(x), size).movedim(1, -1)


def batch_norm(x, scale, shift, epsilon):
    """`torch.nn.functional.batch_norm`: torch.nn.BatchNorm2d keeps the running statistics too."""
    scale, shift = torch.from_numpy(scale), torch.from_numpy(shift)
    result = functional.batch_norm(_channels_first(x), None, None, scale, shift, training=True, eps=epsilon)
    return result.movedim(1, -1)


def layer_norm(x, scale, shift, epsilon):
    """`torch.nn.functional.layer_norm`: over the last axes, whose sizes are given."""
    x, scale, shift = map(torch.from_numpy, (x, scale, shift))
    return functional.layer_norm(x, scale.shape, scale, shift, epsilon)


def group_norm(x, scale, shift, groups, epsilon):
    """`torch.nn.functional.group_norm`: neighbouring channels form a group."""
    scale, shift = torch.from_numpy(scale), torch.from_numpy(shift)
    return functional.group_norm(_channels_first(x), groups, scale, shift, epsilon).movedim(1, -1)


def embedding(table, indices):
    """`torch.nn.functional.embedding`: with sparse=True its gradient is sparse."""
    return functional.embedding(torch.from_numpy(indices), torch.from_numpy(table))


def lstm(x, kernel, recurrent, bias):
    """`torch.nn.LSTM`: has two biases, which only add up; batches come second unless batch_first=True."""
    layer = nn.LSTM(kernel.shape[1], kernel.shape[2], batch_first=True)
    kernel, recurrent, bias = map(torch.from_numpy, (kernel, recurrent, bias))
    weights = {"weight_ih_l0": kernel.mT.flatten(0, 1), "weight_hh_l0": recurrent.mT.flatten(0, 1)}
    biases = {"bias_ih_l0": bias.flatten(), "bias_hh_l0": torch.zeros(bias.numel())}
    layer.load_state_dict(weights | biases)
    return layer(torch.from_numpy(x))[0]


def gru(x, kernel, recurrent, bias, recurrent_bias):
    """`torch.nn.GRU`: as in cuDNN, the reset gate comes after the recurrent product."""
    layer = nn.GRU(kernel.shape[1], kernel.shape[2], batch_first=True)
    x, kernel, recurrent, bias, recurrent_bias = map(torch.from_numpy, (x, kernel, recurrent, bias, recurrent_bias))
    weights = {"weight_ih_l0": kernel.mT.flatten(0, 1), "weight_hh_l0": recurrent.mT.flatten(0, 1)}
    biases = {"bias_ih_l0": bias.flatten(), "bias_hh_l0": recurrent_bias.flatten()}
    layer.load_state_dict(weights | biases)
    return layer(x)[0]


def multi_head_attention(x, query, key, value, output, heads):
    """`torch.nn.MultiheadAttention`: batches come second unless batch_first=True."""
    x, query, key, value, output = map(torch.from_numpy, (x, query, key, value, output))
    layer = nn.MultiheadAttention(x.shape[-1], heads, bias=False, batch_first=True)
    layer.load_state_dict({"in_proj_weight": torch.hstack([query, key, value]).mT, "out_proj.weight": output.mT})
    return layer(x, x, x, need_weights=False)[0]


def residual_block(x, first, second):
    """Two convolutions and an addition."""
    x, first, second = _channels_first(x), _kernel(first), _kernel(second)
    hidden = functional.relu(functional.conv2d(x, first, padding="same"))
    return functional.relu(x + functional.conv2d(hidden, second, padding="same")).movedim(1, -1)


def inception_block(x, one, three, five):
    """Three convolutions and a pooling, joined along the channels."""
    x = _channels_first(x)
    branches = [functional.conv2d(x, _kernel(kernel), padding="same") for kernel in (one, three, five)]
    branches.append(functional.max_pool2d(x, 3, stride=1, padding=1))
    return torch.cat(branches, dim=1).movedim(1, -1)


def upsampling(x, factor):
    """`torch.nn.functional.interpolate`: nearest, bilinear, bicubic and more."""
    return functional.interpolate(_channels_first(x), scale_factor=factor, mode="nearest").movedim(1, -1)


# ---- Losses and activations


def cross_entropy_logits(logits, labels):
    """`torch.nn.functional.cross_entropy`: labels are int64 indices or rows of probabilities."""
    return functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels))


def cross_entropy_probabilities(probabilities, labels):
    """No loss takes probabilities: nll_loss wants their logarithms."""
    return functional.nll_loss(torch.from_numpy(probabilities).log(), torch.from_numpy(labels))


def label_smoothing(logits, labels, smoothing):
    """`torch.nn.functional.cross_entropy(label_smoothing=)`: an option of the loss."""
    return functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels), label_smoothing=smoothing)


def binary_cross_entropy(logits, labels):
    """`torch.nn.functional.binary_cross_entropy_with_logits`: labels are floats, also between 0 and 1."""
    return functional.binary_cross_entropy_with_logits(torch.from_numpy(logits), torch.from_numpy(labels))


def focal_loss(logits, labels, alpha, gamma):
    """From binary cross-entropy; torchvision.ops.sigmoid_focal_loss has it ready."""
    logits, labels = torch.from_numpy(logits), torch.from_numpy(labels)
    losses = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    right = torch.exp(-losses)
    return (torch.where(labels == 1, alpha, 1 - alpha) * (1 - right) ** gamma * losses).mean()


def hinge_loss(scores, labels):
    """One line; torch.nn.functional has multi_margin_loss, which is the one for several classes."""
    return functional.relu(1 - torch.from_numpy(labels) * torch.from_numpy(scores)).mean()


def huber_loss(predictions, targets):
    """`torch.nn.functional.huber_loss`: delta is an option, 1 by default."""
    return functional.huber_loss(torch.from_numpy(predictions), torch.from_numpy(targets))


def kl_divergence(p, q):
    """`torch.nn.functional.kl_div`: takes log q first, and divides by all elements unless reduction="batchmean"."""
    return functional.kl_div(torch.from_numpy(q).log(), torch.from_numpy(p), reduction="batchmean")


def ctc_loss(logits, labels):
    """`torch.nn.functional.ctc_loss`: takes log probabilities with the time first, and every length."""
    steps = torch.from_numpy(logits).log_softmax(dim=2).swapaxes(0, 1)
    times, lengths = (torch.full((len(labels),), size) for size in (logits.shape[1], labels.shape[1]))
    return functional.ctc_loss(steps, torch.from_numpy(labels), times, lengths, reduction="none")


def triplet_loss(anchor, positive, negative, margin):
    """`torch.nn.functional.triplet_margin_loss`: of any p-norm; another one takes any distance."""
    return functional.triplet_margin_loss(*map(torch.from_numpy, (anchor, positive, negative)), margin=margin)


def relu(x):
    """`torch.nn.functional.relu`: its slope at 0 is 0."""
    return functional.relu(torch.from_numpy(x))


def leaky_relu(x, slope):
    """`torch.nn.functional.leaky_relu`: the slope is 0.01 by default."""
    return functional.leaky_relu(torch.from_numpy(x), slope)


def elu(x):
    """`torch.nn.functional.elu`: alpha is an option, 1 by default."""
    return functional.elu(torch.from_numpy(x))


def selu(x):
    """`torch.nn.functional.selu`: goes with torch.nn.AlphaDropout."""
    return functional.selu(torch.from_numpy(x))


def gelu(x):
    """`torch.nn.functional.gelu`: exact by default; approximate="tanh" is the other one."""
    return functional.gelu(torch.from_numpy(x))


def silu(x):
    """`torch.nn.functional.silu`: SiLU is its only name here."""
    return functional.silu(torch.from_numpy(x))


def softplus(x):
    """`torch.nn.functional.softplus`: a line above 20, where float32 sees no difference."""
    return functional.softplus(torch.from_numpy(x))


def mish(x):
    """`torch.nn.functional.mish`: torch.nn.Mish is the layer."""
    return functional.mish(torch.from_numpy(x))


class _Sign(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.sign()

    @staticmethod
    def backward(context, upstream):
        return torch.where(context.saved_tensors[0].abs() <= 1, upstream, 0)


def custom_activation(x):
    """`torch.autograd.Function`: forward and backward as two static methods."""
    x = torch.tensor(x, requires_grad=True)
    value = _Sign.apply(x)
    value.sum().backward()
    return {"value": value, "gradient": x.grad}


# ---- Training aids


def dropout(x, rate):
    """`torch.nn.Dropout`: train() and eval() of the model switch it."""
    layer, x = nn.Dropout(rate), torch.from_numpy(x)
    return {"training": layer.train()(x), "evaluation": layer.eval()(x)}


def spatial_dropout(x, rate):
    """`torch.nn.functional.dropout2d`: drops whole channels of each image."""
    return functional.dropout2d(_channels_first(x), rate).movedim(1, -1)


def l1_l2(weights, l1, l2):
    """Added to the loss; optimisers have weight_decay, which is the L2 half alone."""
    weights = torch.from_numpy(weights)
    return l1 * weights.abs().sum() + l2 * weights.square().sum()


def _stepped(optimizer, gradients):
    """The optimiser's one parameter after a step along each gradient."""
    (weights,) = optimizer.param_groups[0]["params"]
    for gradient in gradients:
        weights.grad = torch.from_numpy(gradient)
        optimizer.step()
    return weights


def weight_decay(weights, gradients, learning_rate, decay):
    """`torch.optim.SGD(weight_decay=)`: for all weights, biases too, unless they form a group of their own."""
    weights = nn.Parameter(torch.from_numpy(weights))
    return _stepped(torch.optim.SGD([weights], learning_rate, weight_decay=decay), gradients)


def clip_by_norm(kernel, bias, limit):
    """`torch.nn.utils.clip_grad_norm_`: changes the gradients in place, before the optimiser's step."""
    weights = [nn.Parameter(torch.zeros(gradient.shape)) for gradient in (kernel, bias)]
    for weight, gradient in zip(weights, (kernel, bias), strict=True):
        weight.grad = torch.from_numpy(gradient)
    nn.utils.clip_grad_norm_(weights, limit)
    return [weight.grad for weight in weights]


def clip_by_value(gradient, limit):
    """`torch.nn.utils.clip_grad_value_`: changes the gradients in place, before the optimiser's step."""
    weight = nn.Parameter(torch.zeros(gradient.shape))
    weight.grad = torch.from_numpy(gradient)
    nn.utils.clip_grad_value_(weight, limit)
    return weight.grad


def _rates(schedule, steps):
    """The learning rate at some steps of a schedule that begins."""
    rates = []
    for _ in range(steps.max() + 1):
        rates += schedule.get_last_lr()
        schedule.optimizer.step()
        schedule.step()
    return torch.tensor(rates)[steps]


def step_schedule(rate, factor, every, steps):
    """`torch.optim.lr_scheduler.StepLR`: one calls step() oneself, after each epoch or each batch."""
    optimizer = torch.optim.SGD([torch.zeros(1)], rate)
    return _rates(torch.optim.lr_scheduler.StepLR(optimizer, every, factor), steps)


def cosine_schedule(rate, total, steps):
    """`torch.optim.lr_scheduler.CosineAnnealingLR`: rises again after T_max steps."""
    optimizer = torch.optim.SGD([torch.zeros(1)], rate)
    return _rates(torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total), steps)


def warm_up(rate, warm_up, steps):
    """`torch.optim.lr_scheduler.LinearLR`: SequentialLR puts another schedule after it."""
    optimizer = torch.optim.SGD([torch.zeros(1)], rate)
    return _rates(torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=warm_up), steps)


def momentum(weights, gradients, learning_rate, momentum):
    """`torch.optim.SGD(momentum=)`: the learning rate stays out of the velocity."""
    weights = nn.Parameter(torch.from_numpy(weights))
    return _stepped(torch.optim.SGD([weights], learning_rate, momentum=momentum), gradients)


def nesterov(weights, gradients, learning_rate, momentum):
    """`torch.optim.SGD(nesterov=)`: an option of SGD."""
    weights = nn.Parameter(torch.from_numpy(weights))
    return _stepped(torch.optim.SGD([weights], learning_rate, momentum=momentum, nesterov=True), gradients)


def adam(weights, gradients, learning_rate):
    """`torch.optim.Adam`: AMSGrad is an option; fused=True updates all weights in one kernel."""
    return _stepped(torch.optim.Adam([nn.Parameter(torch.from_numpy(weights))], learning_rate), gradients)


def adamw(weights, gradients, learning_rate, decay):
    """`torch.optim.AdamW`: decays by 0.01 unless told otherwise."""
    weights = nn.Parameter(torch.from_numpy(weights))
    return _stepped(torch.optim.AdamW([weights], learning_rate, weight_decay=decay), gradients)


def rmsprop(weights, gradients, learning_rate, decay):
    """`torch.optim.RMSprop`: the decay is called alpha, and is 0.99 by default."""
    weights = nn.Parameter(torch.from_numpy(weights))
    return _stepped(torch.optim.RMSprop([weights], learning_rate, alpha=decay), gradients)


def weight_average(weights, decay):
    """`torch.optim.swa_utils.AveragedModel`: a copy of the model, with any rule for the average."""
    from torch.optim import swa_utils

    model = nn.Linear(weights.shape[1], 1, bias=False)
    average = swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(decay))
    for current in torch.from_numpy(weights):
        model.load_state_dict({"weight": current[None]})  # what a step of training would do
        average.update_parameters(model)
    return average.module.weight[0]


def early_stopping(losses, patience):
    """A best value and a counter in one's own loop; Lightning and Ignite have it ready."""
    best, waited = torch.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            return epoch
    return len(losses)


def _with_momentum(weights, learning_rate, momentum):
    weights = torch.as_tensor(weights).detach().clone()
    return torch.optim.SGD([nn.Parameter(weights)], learning_rate, momentum=momentum)


def checkpoint(weights, gradients, learning_rate, momentum, folder):
    """`torch.save`: one dict of the states of model, optimiser and schedule."""
    unbroken = _stepped(_with_momentum(weights, learning_rate, momentum), gradients)
    optimizer = _with_momentum(weights, learning_rate, momentum)
    halfway = _stepped(optimizer, gradients[:2])
    torch.save({"weights": halfway, "optimizer": optimizer.state_dict()}, f"{folder}/state.pt")
    state = torch.load(f"{folder}/state.pt")
    optimizer = _with_momentum(state["weights"], learning_rate, momentum)
    optimizer.load_state_dict(state["optimizer"])
    return {"resumed": _stepped(optimizer, gradients[2:]), "unbroken": unbroken}


def mixed_precision(x, kernel):
    """`torch.autocast`: chooses by the operation; float16 needs torch.amp.GradScaler too, bfloat16 doesn't."""
    x, kernel = torch.from_numpy(x), torch.from_numpy(kernel)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return {"result": x @ kernel, "weights": str(kernel.dtype)}


def _accumulated(optimizer, gradients, every):
    """The weights after each gradient."""
    (weights,) = optimizer.param_groups[0]["params"]
    for step, gradient in enumerate(torch.from_numpy(gradients), start=1):
        (weights @ gradient / every).backward()  # adds to weights.grad
        if step % every == 0:
            optimizer.step()
            optimizer.zero_grad()
        yield weights.tolist()


def gradient_accumulation(weights, gradients, learning_rate, every):
    """backward() adds gradients up until they are cleared; one only steps less often."""
    weights = nn.Parameter(torch.from_numpy(weights))
    return list(_accumulated(torch.optim.SGD([weights], learning_rate), gradients, every))


def mirror(images):
    """`torch.flip`: copies; torchvision mirrors at random too, with boxes and masks."""
    return torch.flip(torch.from_numpy(images), dims=[2])


def crop(images, top, left, height, width):
    """A slice: a view, without a copy."""
    return torch.from_numpy(images)[:, top : top + height, left : left + width]


def _warped(image, matrix):
    """Each pixel comes from where the matrix (2, 3) leads, in coordinates from -1 to 1; bilinear, 0 outside."""
    image = torch.from_numpy(image)[None, None]
    grid = functional.affine_grid(torch.tensor([matrix]), image.shape, align_corners=False)
    return functional.grid_sample(image, grid, align_corners=False)[0, 0]


def shear(image):
    """By affine_grid and grid_sample, with gradients, on GPUs too; torchvision has it in one call."""
    return _warped(image, [[1.0, -1.0, 0.0], [0.0, 1.0, 0.0]])


def rotate(image, degrees):
    """By affine_grid and grid_sample, with gradients, on GPUs too; torchvision has it in one call."""
    angle = math.radians(degrees)
    return _warped(image, [[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0]])


def class_weights(logits, labels, weights):
    """`torch.nn.functional.cross_entropy(weight=)`: the mean divides by the sum of the weights, not by N."""
    logits, labels, weights = map(torch.from_numpy, (logits, labels, weights))
    return functional.cross_entropy(logits, labels, weight=weights, reduction="none")


def seeds(seed, count):
    """`torch.Generator`: a state of its own; torch.manual_seed sets the one for the whole program."""
    return [torch.rand(count, generator=torch.Generator().manual_seed(number)) for number in (seed, seed, seed + 1)]


# ---- Helper functions


class _Rows(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index], os.getpid()


def data_loading(rows, batch_size):
    """`torch.utils.data.DataLoader`: each worker process loads some batches ahead."""
    loader = torch.utils.data.DataLoader(_Rows(rows), batch_size, num_workers=2, prefetch_factor=2)
    batches, loaders = zip(*loader, strict=True)
    return {"batches": batches, "loaders": torch.cat(loaders), "consumer": os.getpid()}


def progress(steps):
    """A print in one's own loop; tqdm is the usual add-on."""
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        for step in range(1, steps + 1):
            print(f"\rstep {step}/{steps}", end="")
    return shown.getvalue()


def metrics(labels, scores):
    """Counts over all batches; TorchMetrics and TorchEval have them ready."""
    found, labels = torch.from_numpy(scores) > 0.5, torch.from_numpy(labels) == 1
    right = (found & labels).sum()
    return {
        "accuracy": (found == labels).float().mean(),
        "precision": right / found.sum(),
        "recall": right / labels.sum(),
    }


def model_summary(sizes):
    """print(model) lists the layers, without their parameters; torchinfo is the usual add-on."""
    model = nn.Sequential(*(nn.Linear(*pair) for pair in itertools.pairwise(sizes)))
    counts = [sum(parameter.numel() for parameter in layer.parameters()) for layer in model]
    lines = [f"{layer}: {count}" for layer, count in zip(model, counts, strict=True)]
    return "\n".join([*lines, f"in all: {sum(counts)}"])


def parameter_summary(kernel, bias):
    """`torch.nn.Module.named_parameters`: names such as `0.weight`; std is the sample's unless correction=0."""
    model = nn.Linear(*kernel.shape)
    model.load_state_dict({"weight": torch.from_numpy(kernel.T), "bias": torch.from_numpy(bias)})
    return {
        name: [parameter.numel(), parameter.mean(), parameter.std(correction=0)]
        for name, parameter in model.named_parameters()
    }


def profiling(a, b):
    """`torch.profiler.profile`: time and memory on processor and GPU, as a table or a trace for a browser."""
    a, b = torch.from_numpy(a), torch.from_numpy(b)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        a @ b
    return profile.key_averages().table(sort_by="cpu_time_total")


def tensorboard(values, folder):
    """`torch.utils.tensorboard.SummaryWriter`: scalars, images, histograms, graphs; the package must be there."""
    import tensorboard  # noqa: F401
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(folder) as writer:
        for step, loss in enumerate(values):
            writer.add_scalar("loss", loss, step)


def filter_images(kernel):
    """Two changes of the shape, and one scale for all; torchvision.utils.make_grid does it in one call."""
    filters = torch.from_numpy(kernel)[:, :, 0].permute(2, 0, 1)
    filters = (filters - filters.min()) / (filters.max() - filters.min())
    return torch.cat([torch.hstack(list(row)) for row in filters.chunk(2)])


def quantisation(x, kernel):
    """`torch.ao.quantization.quantize_dynamic`: deprecated; its successor is a package of its own, torchao."""
    model = nn.Sequential(nn.Linear(*kernel.shape, bias=False))
    model.load_state_dict({"0.weight": torch.from_numpy(kernel.T)})
    model = torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)
    return {"result": model(torch.from_numpy(x)), "weights": str(model[0].weight().dtype)}


# ---- Abstraction


def eager(number):
    """`torch.tensor`: every operation computes at once; a debugger sees each value."""
    value, count = torch.tensor(number), 0
    while value != 1:
        value = value // 2 if value % 2 == 0 else 3 * value + 1
        count += 1
    return count


def traced_graph(x):
    """`torch.export.export`: AOTInductor runs such a graph without Python; torch.compile makes graphs as it goes."""
    x, calls = torch.from_numpy(x), []

    class Model(nn.Module):
        def forward(self, x):
            calls.append(1)
            return torch.tanh(x) ** 2

    program = torch.export.export(Model(), (x[0],)).module()
    return {"results": [program(row) for row in x], "python_calls": len(calls)}


def static_graph(x):
    """`torch.fx.Graph`: seldom built by hand; torch.fx.symbolic_trace makes one of a model, to be changed."""
    graph = torch.fx.Graph()
    tanh = graph.call_function(torch.tanh, (graph.placeholder("x"),))
    graph.output(graph.call_function(torch.mul, (2, tanh)))
    return {"graph": str(graph), "result": torch.fx.GraphModule({}, graph)(torch.from_numpy(x))}


def functional_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """Plain functions, called on each other; there is no API that makes a model of symbolic inputs."""
    x, *first = map(torch.from_numpy, (x, kernel_1.T, bias_1))
    second = map(torch.from_numpy, (kernel_2.T, bias_2))
    return functional.linear(functional.relu(functional.linear(x, *first)), *second) + x


def _two_layers(kernel_1, bias_1, kernel_2, bias_2):
    """dense, ReLU, dense, with these weights."""
    model = nn.Sequential(nn.Linear(*kernel_1.shape), nn.ReLU(), nn.Linear(*kernel_2.shape))
    weights = {"0.weight": kernel_1.T, "0.bias": bias_1, "2.weight": kernel_2.T, "2.bias": bias_2}
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    return model


def sequential_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`torch.nn.Sequential`: can be sliced, extended, and hold other models."""
    return _two_layers(kernel_1, bias_1, kernel_2, bias_2)(torch.from_numpy(x))


class _Shortcut(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.first, self.second = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.second(functional.relu(self.first(x))) + x


def subclassed_model(x, kernel_1, bias_1, kernel_2, bias_2):
    """`torch.nn.Module`: the usual way to write a model."""
    model = _Shortcut(*kernel_1.shape)
    weights = {"first.weight": kernel_1.T, "first.bias": bias_1, "second.weight": kernel_2.T, "second.bias": bias_2}
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    return model(torch.from_numpy(x))


def training_loop(x, y, learning_rate, epochs):
    """Not provided: one's own loop of a few lines; Lightning and Ignite have one ready."""
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    weights = torch.zeros(x.shape[1], requires_grad=True)
    optimizer = torch.optim.SGD([weights], learning_rate)
    for _ in range(epochs):
        optimizer.zero_grad()
        functional.mse_loss(x @ weights, y).backward()
        optimizer.step()
    return weights


def callbacks(x, y, learning_rate, epochs):
    """PyTorch has no loop to call back from; Ignite and Lightning, packages of their own, have."""
    from ignite.engine import Events, create_supervised_trainer

    model, losses = nn.Linear(x.shape[1], 1, bias=False), []
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), learning_rate)
    trainer = create_supervised_trainer(model, optimizer, functional.mse_loss)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: losses.append(engine.state.output))
    trainer.run([(torch.from_numpy(x), torch.from_numpy(y)[:, None])], max_epochs=epochs)
    return losses


# ---- Customisation


class _Scale(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = nn.Parameter(scale)

    def forward(self, x):
        return x * self.scale


def custom_layer(x, scale):
    """`torch.nn.Module`: a parameter is found and trained because it is an attribute."""
    layer = _Scale(torch.from_numpy(scale))
    output = layer(torch.from_numpy(x))
    output.sum().backward()
    return {"output": output, "gradient": layer.scale.grad}


def custom_loss(predictions, targets):
    """A function; its gradient is found. torch.cosh overflows above 88, softplus wouldn't."""
    predictions = torch.tensor(predictions, requires_grad=True)
    loss = (predictions - torch.from_numpy(targets)).cosh().log().mean()
    loss.backward()
    return {"loss": loss, "gradient": predictions.grad}


class _SignDescent(torch.optim.Optimizer):
    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.sub_(group["lr"] * parameter.grad.sign())


def custom_optimiser(weights, gradients, learning_rate):
    """`torch.optim.Optimizer`: a class with a step; groups of parameters and saving come with it."""
    return _stepped(_SignDescent([nn.Parameter(torch.from_numpy(weights))], learning_rate), gradients)


class _TurnedSquare(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x**2

    @staticmethod
    def backward(context, upstream):
        return -0.5 * upstream


def custom_gradient(x, upstream):
    """`torch.autograd.Function`: forward and backward as two static methods."""
    x = torch.tensor(x, requires_grad=True)
    value = _TurnedSquare.apply(x)
    value.backward(torch.from_numpy(upstream))
    return {"value": value, "gradient": x.grad}


def custom_training_step(x, y, learning_rate, epochs):
    """The loop is one's own, so anything goes."""
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    weights = torch.zeros(x.shape[1], requires_grad=True)
    for _ in range(epochs):
        (gradient,) = torch.autograd.grad(functional.mse_loss(x @ weights, y), weights)
        with torch.no_grad():
            weights -= learning_rate * gradient / gradient.norm()
    return weights


def _compiled(name, code, folder):
    """A C++ function of a tensor as torch.ops.concord.<name>; the headers of the stable ABI compile in seconds."""
    from torch.utils.cpp_extension import load_inline

    headers = ["#include <torch/csrc/stable/library.h>", "#include <torch/csrc/stable/ops.h>"]
    schema = f'STABLE_TORCH_LIBRARY(concord, library) {{ library.def("{name}(Tensor x) -> Tensor"); }}'
    kernel = f'STABLE_TORCH_LIBRARY_IMPL(concord, CPU, library) {{ library.impl("{name}", TORCH_BOX(&{name})); }}'
    sources = [*headers, code, schema, kernel]
    load_inline(name, sources, build_directory=folder, is_python_module=False, no_implicit_headers=True)
    return getattr(torch.ops.concord, name)


def custom_kernel(x, folder):
    """`torch.utils.cpp_extension.load_inline`: C++ or CUDA with the system's compiler; Triton for GPUs from Python."""
    code = """torch::stable::Tensor square_plus_1(const torch::stable::Tensor &x) {
        torch::stable::Tensor result = torch::stable::clone(x);
        auto value = static_cast<float *>(result.mutable_data_ptr());
        for (int64_t i = 0; i < result.numel(); i++) value[i] = value[i] * value[i] + 1;
        return result;
    }"""
    return _compiled("square_plus_1", code, folder)(torch.from_numpy(x))


def forward_hook(x, kernel_1, bias_1, kernel_2, bias_2):
    """`torch.nn.Module.register_forward_hook`: for any layer; a hook may also change the output."""
    model, found = _two_layers(kernel_1, bias_1, kernel_2, bias_2), []
    model[1].register_forward_hook(lambda layer, inputs, output: found.append(output))
    model(torch.from_numpy(x))
    return found[0]


def second_derivative(x):
    """`torch.func.grad`: as often as one likes; or create_graph=True with backward()."""

    def function(x):
        return x**3 + torch.sin(x)

    return torch.func.vmap(torch.func.grad(torch.func.grad(function)))(torch.from_numpy(x))


def jacobian(matrix, x):
    """`torch.func.jacrev`: jacfwd is faster where there are more outputs than inputs."""
    matrix = torch.from_numpy(matrix)
    return torch.func.jacrev(lambda x: torch.tanh(matrix @ x))(torch.from_numpy(x))


def hessian_vector_product(matrix, x, vector):
    """`torch.autograd.functional.hvp`: or torch.func.jvp of grad, where all operations have a forward mode."""
    matrix, x, vector = map(torch.from_numpy, (matrix, x, vector))
    return torch.autograd.functional.hvp(lambda x: ((matrix @ x) ** 4).sum(), x, vector)[1]


def per_example_gradients(x, y, weights):
    """`torch.func.vmap`: of torch.func.grad; functional_call makes a function of a model for it."""

    def loss(weights, x, y):
        return (x @ weights - y) ** 2

    gradients = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
    return gradients(*map(torch.from_numpy, (weights, x, y)))


def vectorising_map(matrix, batch):
    """`torch.func.vmap`: no loop inside; Python's ifs on values don't work in it."""
    matrix = torch.from_numpy(matrix)
    return torch.func.vmap(lambda vector: matrix @ vector / vector.norm())(torch.from_numpy(batch))


# ---- Devices and scale


def _in_two_processes(function, *arguments):
    """What function(rank, *arguments) gives in each of two processes, which a group with gloo joins by TCP."""
    store = torch.distributed.TCPStore("localhost", 0, is_master=True, wait_for_workers=False)
    results = torch.multiprocessing.get_context("fork").SimpleQueue()
    arguments = function, store.port, results, arguments
    torch.multiprocessing.start_processes(_join, arguments, nprocs=2, start_method="fork")
    return [result for _, result in sorted(results.get() for _ in range(2))]


def _join(rank, function, port, results, arguments):
    store = torch.distributed.TCPStore("localhost", port)
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)
    results.put((rank, function(rank, *arguments)))
    torch.distributed.destroy_process_group()


def _gradient_by_ddp(rank, x, y, weights):
    x, y = torch.from_numpy(x).chunk(2)[rank], torch.from_numpy(y).chunk(2)[rank]
    model = nn.Linear(len(weights), 1, bias=False)
    model.load_state_dict({"weight": torch.from_numpy(weights)[None]})
    model = nn.parallel.DistributedDataParallel(model)
    functional.mse_loss(model(x).flatten(), y).backward()
    return model.module.weight.grad[0].tolist(), len(x)


def data_parallel(x, y, weights):
    """`torch.nn.parallel.DistributedDataParallel`: a process for each device; gradients are averaged on the way."""
    (gradient, share), (_, other_share) = _in_two_processes(_gradient_by_ddp, x, y, weights)
    return {"gradient": gradient, "shares": [share, other_share]}


def _gradient_by_all_reduce(rank, x, y, weights):
    x, y = torch.from_numpy(x).chunk(2)[rank], torch.from_numpy(y).chunk(2)[rank]
    gradient = torch.func.grad(lambda weights: functional.mse_loss(x @ weights, y))(torch.from_numpy(weights))
    torch.distributed.all_reduce(gradient)
    return (gradient / torch.distributed.get_world_size()).tolist(), len(x)


def several_machines(x, y, weights):
    """`torch.distributed.all_reduce`: torchrun starts the processes on each machine; here two talk over TCP."""
    (gradient, share), (_, other_share) = _in_two_processes(_gradient_by_all_reduce, x, y, weights)
    return {"gradient": gradient, "shares": [share, other_share]}


def _product_with_shards(rank, x, kernel):
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    mesh = torch.distributed.init_device_mesh("cpu", (2,))
    kernel = distribute_tensor(torch.from_numpy(kernel), mesh, [Shard(1)])
    result = distribute_tensor(torch.from_numpy(x), mesh, [Replicate()]) @ kernel
    return result.full_tensor().tolist(), list(kernel.to_local().shape)


def model_sharding(x, kernel):
    """`torch.distributed.tensor.distribute_tensor`: operations know what to do with shards; FSDP2 is built on it."""
    (result, shard), (_, other_shard) = _in_two_processes(_product_with_shards, x, kernel)
    return {"result": result, "shards": [shard, other_shard]}


def cpu_threads(a, b, threads):
    """`torch.set_num_threads`: for PyTorch's own loops, MKL and oneDNN; at any time."""
    torch.set_num_threads(threads)
    return {"result": torch.from_numpy(a) @ torch.from_numpy(b), "threads": torch.get_num_threads()}


# ---- Deployment


def safe_saving(x, kernel, bias, folder, trap):
    """`torch.load(weights_only=)`: True by default; the pickle may then hold tensors and plain values alone."""
    layer = nn.Linear(*kernel.shape)
    torch.save({"weight": torch.from_numpy(kernel.T), "bias": torch.from_numpy(bias)}, f"{folder}/weights.pt")
    layer.load_state_dict(torch.load(f"{folder}/weights.pt", weights_only=True))
    try:
        torch.load(trap, weights_only=True)
    except pickle.UnpicklingError as error:
        return {"output": layer(torch.from_numpy(x)), "refusal": str(error)}


def _dense_tanh(kernel, bias):
    """tanh(x @ kernel + bias)."""
    model = nn.Sequential(nn.Linear(*kernel.shape), nn.Tanh())
    model.load_state_dict({"0.weight": torch.from_numpy(kernel.T), "0.bias": torch.from_numpy(bias)})
    return model.eval()


def onnx_export(kernel, bias, file):
    """`torch.onnx.export`: built on torch.export; onnx and onnxscript must be there."""
    import onnx  # noqa: F401
    import onnxscript  # noqa: F401

    example = torch.zeros(2, len(kernel))
    sizes = ({0: torch.export.Dim("N")},)
    model = _dense_tanh(kernel, bias)
    torch.onnx.export(model, (example,), file, dynamic_shapes=sizes, external_data=False, verbose=False)


def graph_export(x, kernel, bias, folder):
    """`torch.export.save`: takes the place of TorchScript; AOTInductor compiles the same graph for C++."""
    x = torch.from_numpy(x)
    torch.export.save(torch.export.export(_dense_tanh(kernel, bias), (x,)), f"{folder}/model.pt2")
    return torch.export.load(f"{folder}/model.pt2").module()(x)


DOCUMENTED = {
    "pretrained_models": (
        "add-on",
        "torchvision.models, in a package of its own, has networks for images, film, segmentation and detection.",
        "https://docs.pytorch.org/vision/stable/models.html",
    ),
    "gpu": (
        "built in",
        "Tensors move with .to(device): NVIDIA's with CUDA, AMD's with ROCm's HIP, Intel's as xpu, Apple's as mps.",
        "https://docs.pytorch.org/cppdocs/api/c10/device.html",
    ),
    "tpu": (
        "add-on",
        "torch_xla makes a TPU a device of PyTorch; its latest release is 2.9, behind PyTorch's own.",
        "https://pypi.org/project/torch-xla/",
    ),
    "native_runtime": (
        "built in",
        "AOTInductor compiles an exported model to a package that the C++ library loads, which is in the wheel.",
        "https://docs.pytorch.org/docs/2.12/user_guide/torch_compiler/torch.compiler_aot_inductor.html",
    ),
    "mobile_runtime": (
        "add-on",
        "ExecuTorch turns an exported model into a file that its runtime for Android and iOS executes.",
        "https://github.com/pytorch/executorch",
    ),
    "browser": (
        "add-on",
        "ONNX Runtime Web runs, with WebAssembly or WebGPU, what torch.onnx.export writes.",
        "https://onnxruntime.ai/docs/get-started/with-javascript/web.html",
    ),
    "base_languages": ("fact", "C++, Python and CUDA", "https://github.com/pytorch/pytorch"),
}
