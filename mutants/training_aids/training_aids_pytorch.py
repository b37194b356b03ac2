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


# %% Network
class BiasedBatchNorm(nn.BatchNorm2d):
    """PyTorch's own layer would collect the unbiased variance."""

    def forward(self, maps):  # (N, 4, 14, 14)
        mean, variance = self.running_mean, self.running_var
        if self.training:
            variance, mean = torch.var_mean(maps, (0, 2, 3), correction=0)
            with torch.no_grad():
                self.running_mean += (1 - KEPT) * (mean - self.running_mean)
                self.running_var += (1 - KEPT) * (variance - self.running_var)
        across = (1, 4, 1, 1)
        normal = (maps - mean.view(across)) / torch.sqrt(variance + EPSILON).view(across)
        return self.weight.view(across) * normal + self.bias.view(across)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, kernel_size=3, stride=2, bias=False)
        self.norm = BiasedBatchNorm(4)
        self.dense = nn.Linear(784, 10)

    def forward(self, images):  # (N, 28, 28, 1)
        padded = nn.functional.pad(images.permute(0, 3, 1, 2), (0, 1, 0, 1))  # SAME with stride 2: one more, at the end
        hidden = nn.functional.relu(self.norm(self.conv(padded)))  # (N, 4, 14, 14)
        if self.training:
            hidden = hidden * torch.tensor(MASK).permute(2, 0, 1) / 0.75
        return self.dense(hidden.flatten(1))


def variables(seed=0):
    torch.manual_seed(seed)
    return Network()


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=1,
    batch_size=64,
    learning_rate=0.125,
    momentum=0.75,
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    groups = [
        {"params": [model.conv.weight, model.dense.weight], "weight_decay": L2},
        {"params": [*model.norm.parameters(), model.dense.bias], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(groups, lr=learning_rate, momentum=momentum)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    generator, history = torch.Generator().manual_seed(seed), []
    for _ in range(epochs):
        model.train()
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
        if watch:
            watch(model)
    return model, history


# %% Evaluate
@torch.inference_mode()
def predict(model, images):
    model.eval()
    return model(torch.as_tensor(images)).numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
