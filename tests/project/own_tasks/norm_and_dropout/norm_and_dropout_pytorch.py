# %% [markdown]
# # Batch normalisation and dropout, in PyTorch

# %% Init
import numpy as np
import torch
from torch import nn


# %% Network
class BiasedBatchNorm(nn.BatchNorm1d):
    """PyTorch's own layer collects the unbiased variance: n / (n - 1) of the batch's."""

    def forward(self, inputs):
        before, count = self.running_var.clone(), len(inputs)
        outputs = super().forward(inputs)
        if self.training:
            kept = (1 - self.momentum) * before
            self.running_var = kept + (self.running_var - kept) * (count - 1) / count
        return outputs


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense1 = nn.Linear(784, 16, bias=False)
        self.norm = BiasedBatchNorm(16, eps=1e-3, momentum=0.1)
        self.dense2 = nn.Linear(16, 10)

    def forward(self, images, rate=0.0, mask=None):
        hidden = nn.functional.relu(self.norm(self.dense1(images.flatten(1))))
        if mask is not None:
            return self.dense2(hidden * mask / (1 - rate))
        return self.dense2(nn.functional.dropout(hidden, rate, self.training))


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
    batch_size=50,
    learning_rate=0.2,
    rate=0.25,
    shuffle=True,
    seed=0,
    watch=None,
    masks=None,
):
    torch.manual_seed(seed)
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    history, step = [], 0
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(images)) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.split(batch_size):
            mask = None if masks is None else torch.as_tensor(masks[step][: len(batch)])
            loss = nn.functional.cross_entropy(model(images[batch], rate, mask), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
            step += 1
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
