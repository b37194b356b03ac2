# %% [markdown]
# # L2 regularisation, in PyTorch
# The optimiser adds the penalty's gradient by itself; the loss never sees the penalty.

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
    layers |= {"dense1": nn.Linear(784, 100), "relu": nn.ReLU(), "dense2": nn.Linear(100, 10)}  # (N, 10)
    return nn.Sequential(layers).to(device)


# %% [markdown]
# `weight_decay` is λ: what comes to the gradient is λ times the weight. It holds for all parameters of a group, biases
# too, so these are a group of their own.


# %% Penalty
def penalised(model, l2):
    """The model's parameters in two groups."""
    kernels = [module.weight for module in model if isinstance(module, nn.Linear)]
    biases = [module.bias for module in model if isinstance(module, nn.Linear)]
    return [{"params": kernels, "weight_decay": l2}, {"params": biases, "weight_decay": 0.0}]


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    l2=0.01,
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    optimizer = torch.optim.SGD(penalised(model, l2), lr=learning_rate)
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
    images, labels = mnist["x_train"][:1_000, ..., None] / np.float32(255), mnist["y_train"][:1_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
