# %% [markdown]
# # Three kinds of strokes, in PyTorch

# %% Init
import numpy as np
import torch
from torch import nn


# %% Network
class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(64, 3) / 10)
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, images):
        return images.flatten(1) @ self.kernel + self.bias


def variables(seed=0):
    torch.manual_seed(seed)
    return Network()


# %% Train
def train(model, images, labels, *, epochs=2, batch_size=20, learning_rate=0.5, shuffle=True, seed=0, watch=None):
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    generator, history = torch.Generator().manual_seed(seed), []
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.split(batch_size):
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        history.append(total / len(images))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
@torch.inference_mode()
def predict(model, images):
    return model(torch.as_tensor(images)).numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
