# %% [markdown]
# # The middle of a digit, in PyTorch

# %% Init
import numpy as np
import torch
from torch import nn


# %% Network
class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(49, 2) / 10)
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, inputs):
        return inputs @ self.kernel + self.bias


def variables(seed=0):
    torch.manual_seed(seed)
    return Network()


# %% Train
def train(model, inputs, targets, *, epochs=5, batch_size=50, learning_rate=0.05, shuffle=True, seed=0, watch=None):
    inputs, targets = torch.as_tensor(inputs), torch.as_tensor(targets)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    generator, history = torch.Generator().manual_seed(seed), []
    for _ in range(epochs):
        order = torch.randperm(len(inputs), generator=generator) if shuffle else torch.arange(len(inputs))
        total = 0.0
        for batch in order.split(batch_size):
            loss = nn.functional.mse_loss(model(inputs[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        history.append(total / len(inputs))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
@torch.inference_mode()
def predict(model, inputs):
    return model(torch.as_tensor(inputs)).numpy()


def evaluate(model, inputs, targets):
    return float(np.mean((predict(model, inputs) - targets) ** 2))
