# %% [markdown]
# # A convolutional network for MNIST, in PyTorch
# The network is a module whose `forward` is plain Python. Automatic differentiation and the optimiser do the rest, in a
# training loop that is written out.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
# A module owns its parameters, and each layer initialises itself. In PyTorch the channels come before height and width.


# %% Network
class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, kernel_size=3), nn.Conv2d(32, 64, kernel_size=3)
        self.dense1, self.dense2 = nn.Linear(64 * 5 * 5, 128), nn.Linear(128, 10)

    def forward(self, images):  # (N, 28, 28, 1)
        maps = nn.functional.max_pool2d(self.conv1(images.permute(0, 3, 1, 2)).relu(), 2)  # (N, 32, 13, 13)
        maps = nn.functional.max_pool2d(self.conv2(maps).relu(), 2)  # (N, 64, 5, 5)
        return self.dense2(self.dense1(maps.flatten(1)).relu())  # (N, 10)


def variables(seed=0):
    torch.manual_seed(seed)
    return Network().to(device)


# %% [markdown]
# `backward` adds to the gradients that are there, so they are cleared for each step. All of MNIST fits into memory, and
# indexing it is enough: a `DataLoader` would collect each batch image by image.


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=1,
    batch_size=128,
    learning_rate=0.05,
    momentum=0.9,
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)
    generator, history = torch.Generator().manual_seed(seed), []
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(images), generator=generator) if shuffle else torch.arange(len(images))
        history.append(0.0)  # the epoch's mean loss
        for batch in order.to(device).split(batch_size):
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])  # of logits; the batch's mean
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            history[-1] += loss.item() * len(batch) / len(images)
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
