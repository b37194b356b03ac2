# %% [markdown]
# # Batch normalisation, dropout, L2 and a schedule, in PyTorch

# %% Init
import numpy as np
import torch
from torch import nn

EPSILON = 2**-10  # of the batch normalisation
KEPT = 0.875  # of a moving average, at each step
L2 = 2**-5  # the penalty is half of this times the squares of the kernels
MASK = np.random.default_rng(3).random((14, 14, 4)) < 0.75  # what dropout keeps: the same in each step


# %% Variables
class Network(nn.Module):
    def __init__(self, arrays):
        super().__init__()
        self.kernel = nn.Parameter(arrays["conv_kernel"].permute(3, 2, 0, 1).contiguous())  # (4, 1, 3, 3)
        self.scale, self.shift = nn.Parameter(arrays["norm_scale"]), nn.Parameter(arrays["norm_shift"])
        self.register_buffer("mean", arrays["norm_mean"])
        self.register_buffer("variance", arrays["norm_variance"])
        self.dense, self.bias = nn.Parameter(arrays["dense_kernel"]), nn.Parameter(arrays["dense_bias"])

    def forward(self, images):  # (N, 1, 28, 28)
        padded = nn.functional.pad(images, (0, 1, 0, 1))  # SAME with stride 2: one more pixel, at the end
        maps = nn.functional.conv2d(padded, self.kernel, stride=2)  # (N, 4, 14, 14)
        mean, variance = self.mean, self.variance
        if self.training:
            variance, mean = torch.var_mean(maps, (0, 2, 3), correction=0)
            with torch.no_grad():  # PyTorch's own layer would keep the unbiased variance
                self.mean += (1 - KEPT) * (mean - self.mean)
                self.variance += (1 - KEPT) * (variance - self.variance)
        across = (1, 4, 1, 1)
        normal = (maps - mean.view(across)) / torch.sqrt(variance + EPSILON).view(across)
        hidden = nn.functional.relu(self.scale.view(across) * normal + self.shift.view(across))
        hidden = hidden.permute(0, 2, 3, 1)  # (N, 14, 14, 4)
        if self.training:
            hidden = hidden * torch.tensor(MASK) / 0.75
        return hidden.flatten(1) @ self.dense + self.bias


def variables(weights, seed=0):
    return Network({name: torch.tensor(array) for name, array in weights.items()})


def weights(model):
    tensors = {
        "conv_kernel": model.kernel.permute(2, 3, 1, 0),
        "norm_scale": model.scale,
        "norm_shift": model.shift,
        "norm_mean": model.mean,
        "norm_variance": model.variance,
        "dense_kernel": model.dense,
        "dense_bias": model.bias,
    }
    return {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}


# %% Network
def network(model, images):
    return model(torch.as_tensor(images).permute(0, 3, 1, 2))


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=64, learning_rate=0.125, momentum=0.75, shuffle=True, seed=0):
    images, labels = torch.as_tensor(images).permute(0, 3, 1, 2), torch.as_tensor(labels)
    groups = [
        {"params": [model.kernel, model.dense], "weight_decay": L2},
        {"params": [model.scale, model.shift, model.bias], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(groups, lr=learning_rate, momentum=momentum)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    generator, history = torch.Generator().manual_seed(seed), []
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.split(batch_size):
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        history.append(total / len(images))
    return model, history


# %% Evaluate
@torch.inference_mode()
def predict(model, images):
    model.eval()
    return network(model, images).numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
