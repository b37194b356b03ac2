# %% [markdown]
# # Batch normalisation, in PyTorch
# `nn.BatchNorm1d` is a layer with a scale and a shift that are learnt, and with two buffers that aren't: the moving
# averages. `model.train()` and `model.eval()` decide which of the two statistics it uses.

# %% Init
from collections import OrderedDict
from itertools import pairwise
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
# What PyTorch calls momentum is the share of the new batch, 0.1 where others say 0.9. And it normalises by the variance
# of the batch but collects the unbiased one, N / (N - 1) times as large, where Keras and TensorFlow collect what they
# normalise by. To have the same network in evaluation, this factor is taken out again.


# %% Normalise
class BatchNorm(nn.BatchNorm1d):
    def forward(self, inputs):  # (N, 100)
        kept, count = (1 - self.momentum) * self.running_var, len(inputs)
        outputs = super().forward(inputs)
        if self.training:
            self.running_var = kept + (self.running_var - kept) * (count - 1) / count
        return outputs


# %% Network
def variables(seed=0, hidden=(100, 100, 100)):
    torch.manual_seed(seed)
    layers = OrderedDict(flatten=nn.Flatten())  # (N, 784)
    for number, sizes in enumerate(pairwise((784, *hidden)), 1):
        layers[f"dense{number}"] = nn.Linear(*sizes, bias=False)  # the normalisation would take a bias away again
        layers[f"norm{number}"] = BatchNorm(sizes[1], eps=1e-5, momentum=0.1)
        layers[f"relu{number}"] = nn.ReLU()
    layers[f"dense{len(hidden) + 1}"] = nn.Linear(hidden[-1], 10)
    return nn.Sequential(layers).to(device)


# %% [markdown]
# `model.train()` stands inside the loop, because whoever watches an epoch may have switched to evaluation.


# %% Train
def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    generator, history = torch.Generator().manual_seed(seed), []
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(images), generator=generator) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.to(device).split(batch_size):  # PyTorch refuses a batch of one image
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
# Without `model.eval()` an image's scores would depend on the images beside it, and the averages would move.


# %% Evaluate
@torch.inference_mode()
def predict(model, images):
    model.eval()
    return model(torch.as_tensor(images, device=device)).cpu().numpy()  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
