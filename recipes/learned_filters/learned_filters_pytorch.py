# %% [markdown]
# # Learned filters, in PyTorch
# Sixteen filters slide over a digit. What they become is in `model.conv.weight`, after a training loop that is written
# out.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
# A layer initialises itself. `nn.Conv2d` draws filters with a deviation of 0.08, which would hide what they learn: here
# it is 0.01. In PyTorch the channels come before height and width.


# %% Network
class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.dense = nn.Conv2d(1, 16, kernel_size=7), nn.Linear(16 * 11 * 11, 10)
        nn.init.normal_(self.conv.weight, std=0.01)

    def forward(self, images):  # (N, 28, 28, 1)
        maps = nn.functional.relu(self.conv(images.permute(0, 3, 1, 2)))  # (N, 16, 22, 22)
        return self.dense(nn.functional.max_pool2d(maps, 2).flatten(1))  # (N, 1936) to (N, 10)


def variables(seed=0):
    torch.manual_seed(seed)
    return Network().to(device)


# %% [markdown]
# `backward` adds to the gradients that are there, so they are cleared for each step. All of MNIST fits into memory, and
# indexing it is enough: a `DataLoader` would collect each batch image by image.


# %% Train
def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    generator, history = torch.Generator().manual_seed(seed), []
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(images), generator=generator) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.to(device).split(batch_size):
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])  # of logits; the batch's mean
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        history.append(total / len(images))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# Nobody asks for gradients here, so nothing is kept for them.


# %% Evaluate
@torch.inference_mode()
def predict(model, images):
    model.eval()
    return torch.cat([model(batch) for batch in torch.as_tensor(images, device=device).split(500)]).cpu().numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    model, history = train(variables(), mnist["x_train"][..., None] / np.float32(255), mnist["y_train"])
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
