# %% [markdown]
# # The first network of the book, in PyTorch
# Two layers with a sigmoid after each. PyTorch's `MSELoss` isn't the quadratic cost, so that is written out.

# %% Init
from collections import OrderedDict
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% Network
def variables(seed=0):
    torch.manual_seed(seed)
    layers = OrderedDict(flatten=nn.Flatten())  # (N, 784)
    layers |= {"dense1": nn.Linear(784, 30), "sigmoid1": nn.Sigmoid()}
    layers |= {"dense2": nn.Linear(30, 10), "sigmoid2": nn.Sigmoid()}
    model = nn.Sequential(layers).to(device)
    for parameter in model.parameters():  # as in the book: normal with the standard deviation 1
        nn.init.normal_(parameter)
    return model


# %% [markdown]
# `nn.functional.mse_loss` is the mean over all ten outputs of all images, without the half: a fifth of this, and the
# learning rate would have to be 15.


# %% Cost
def quadratic_cost(outputs, labels):
    targets = nn.functional.one_hot(labels, 10)  # (N, 10)
    return ((outputs - targets) ** 2).sum(dim=1).mean() / 2


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=10, learning_rate=3.0, shuffle=True, seed=0, watch=None):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    generator, history = torch.Generator().manual_seed(seed), []
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(images), generator=generator) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.to(device).split(batch_size):
            loss = quadratic_cost(model(images[batch]), labels[batch])
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
    model.eval()
    return model(torch.as_tensor(images, device=device)).cpu().numpy()  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:50_000, ..., None] / np.float32(255), mnist["y_train"][:50_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
