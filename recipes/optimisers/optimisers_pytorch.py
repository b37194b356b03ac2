# %% [markdown]
# # Optimisers, in PyTorch
# An optimiser is made of the parameters. It keeps what it remembers of each, and `step()` changes them all.

# %% Init
from collections import OrderedDict
from functools import partial
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
    layers |= {"dense1": nn.Linear(784, 100), "relu": nn.ReLU(), "dense2": nn.Linear(100, 10)}  # (N, 10)
    return nn.Sequential(layers).to(device)


# %% [markdown]
# All six are classes of `torch.optim`. PyTorch's own constants are others: alpha is 0.99 in RMSprop, eps is 1e-8 in
# RMSprop and Adam, and 1e-10 in Adagrad.

# %% Optimiser
optimizers = {
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9),
    "nesterov": partial(torch.optim.SGD, momentum=0.9, nesterov=True),
    "adagrad": partial(torch.optim.Adagrad, eps=1e-7),
    "rmsprop": partial(torch.optim.RMSprop, alpha=0.9, eps=1e-7),
    "adam": partial(torch.optim.Adam, betas=(0.9, 0.999), eps=1e-7),
}


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=3,
    batch_size=50,
    learning_rate=0.1,
    optimizer="sgd",
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    optimizer = optimizers[optimizer](model.parameters(), lr=learning_rate)
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
    model, history = train(variables(), images, labels, optimizer="adam", learning_rate=0.003)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
