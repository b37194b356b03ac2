# %% [markdown]
# # Learning rate schedules, in PyTorch
# A scheduler is made of an optimiser, whose rate it changes at each of its own steps.

# %% Init
from collections import OrderedDict
from math import ceil
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    SequentialLR,
)

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% Network
def variables(seed=0):
    torch.manual_seed(seed)
    layers = OrderedDict(flatten=nn.Flatten())  # (N, 784)
    layers |= {"dense1": nn.Linear(784, 100), "relu": nn.ReLU(), "dense2": nn.Linear(100, 10)}  # (N, 10)
    return nn.Sequential(layers).to(device)


# %% [markdown]
# All six are in `torch.optim.lr_scheduler`. What they count are their own steps: whether these are batches or epochs is
# decided by whoever calls `step()`. Milestones are the first steps at the lower rate, and whole numbers.


# %% Schedule
def warmup(optimizer, steps):
    first = max(1, steps // 10)
    rise, fall = LinearLR(optimizer, 0.1, total_iters=first), CosineAnnealingLR(optimizer, steps - first)
    return SequentialLR(optimizer, [rise, fall], milestones=[first])


schedulers = {
    "constant": lambda optimizer, steps: ConstantLR(optimizer, 1.0),
    "step": lambda optimizer, steps: MultiStepLR(optimizer, [ceil(6 * steps / 10), ceil(8 * steps / 10)], 0.1),
    "exponential": lambda optimizer, steps: ExponentialLR(optimizer, 0.01 ** (1 / steps)),
    "linear": lambda optimizer, steps: LinearLR(optimizer, 1.0, 0.0, total_iters=steps),
    "cosine": lambda optimizer, steps: CosineAnnealingLR(optimizer, steps),
    "warmup": warmup,
}


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=5,
    batch_size=50,
    learning_rate=0.4,
    schedule="constant",
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    scheduler = schedulers[schedule](optimizer, epochs * ceil(len(images) / batch_size))
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
            scheduler.step()  # after the optimiser's, and for each batch
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
    model, history = train(variables(), images, labels, schedule="cosine")
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
