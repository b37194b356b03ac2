# %% [markdown]
# # A network with a hidden layer, in PyTorch
# The network is a list of layers. The loss function holds the softmax, automatic differentiation finds the gradients,
# and the training loop is written out.

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
# Each layer owns its kernel and bias, and by itself starts them uniform in ±1/sqrt(inputs). The activations are layers
# too. Leaky ReLU's slope below 0 is 0.01 here, and GELU is the exact one.

# %% Network
activations = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "leaky_relu": nn.LeakyReLU}
activations |= {"elu": nn.ELU, "selu": nn.SELU, "gelu": nn.GELU, "none": nn.Identity}


def variables(seed=0, hidden=(100,), activation="relu"):
    torch.manual_seed(seed)
    layers = OrderedDict(flatten=nn.Flatten())  # (N, 784)
    for number, sizes in enumerate(pairwise((784, *hidden, 10)), 1):
        layers[f"dense{number}"] = nn.Linear(*sizes)
        layers[f"activation{number}"] = activations[activation]()
    layers.popitem()  # what follows the last layer: it gives logits
    return nn.Sequential(layers).to(device)


# %% [markdown]
# All of MNIST fits into memory, so indexing it is enough: a `DataLoader` would collect each batch image by image.


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
