# %% [markdown]
# # The wrong loss, in PyTorch
# What a network learns is what its loss asks for. A loss is any function that gives one number; automatic
# differentiation does the rest, and never complains about the choice.

# %% Init
from collections import OrderedDict
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
# The network ends in logits: PyTorch's cross-entropy wants those.


# %% Network
def variables(seed=0):
    torch.manual_seed(seed)
    layers = OrderedDict(flatten=nn.Flatten())  # (N, 784)
    layers |= {"dense1": nn.Linear(784, 100), "relu": nn.ReLU(), "dense2": nn.Linear(100, 10)}
    return nn.Sequential(layers).to(device)


# %% [markdown]
# `cross_entropy` contains the softmax. Nothing stops anyone from giving it probabilities: then there are two softmaxes.
# `mse_loss` divides by the number of all outputs, ten times the number of images; it also takes a shape that doesn't
# fit, with no more than a warning.


# %% Losses
def squares(outputs, labels):
    truth = nn.functional.one_hot(labels, 10).to(outputs.dtype)  # (N, 10)
    return nn.functional.mse_loss(outputs, truth, reduction="sum") / len(labels)


losses = {
    "cross_entropy": nn.functional.cross_entropy,
    "double_softmax": lambda logits, labels: nn.functional.cross_entropy(logits.softmax(dim=1), labels),
    "softmax_squares": lambda logits, labels: squares(logits.softmax(dim=1), labels),
    "sigmoid_squares": lambda logits, labels: squares(logits.sigmoid(), labels) / 2,
    "logit_squares": squares,
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
    loss="cross_entropy",
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    generator, history = torch.Generator().manual_seed(seed), []
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(images), generator=generator) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.to(device).split(batch_size):
            mean = losses[loss](model(images[batch]), labels[batch])
            optimizer.zero_grad()
            mean.backward()
            optimizer.step()
            total += mean.item() * len(batch)
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
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
