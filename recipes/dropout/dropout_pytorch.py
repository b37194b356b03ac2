# %% [markdown]
# # Dropout, in PyTorch
# `nn.Dropout` is a layer without weights: after `model.train()` it drops, after `model.eval()` it hands everything on.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% Network
class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense1 = nn.Linear(784, 100)
        self.dropout = Dropout(0.5)
        self.dense2 = nn.Linear(100, 10)

    def forward(self, images, mask=None):
        hidden = nn.functional.relu(self.dense1(images.flatten(1)))  # (N, 100)
        return self.dense2(self.dropout(hidden, mask))  # (N, 10)


def variables(seed=0):
    torch.manual_seed(seed)
    return Network().to(device)


# %% [markdown]
# `p` is the probability to be dropped, and what is kept is divided by 1 - p. The layer draws from PyTorch's global
# generator. Masks may also come from outside: with them two frameworks can be compared number by number.


# %% Dropout
class Dropout(nn.Dropout):
    def forward(self, hidden, mask=None):
        return super().forward(hidden) if mask is None else hidden * mask / (1 - self.p)


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    dropout=0.5,
    shuffle=True,
    seed=0,
    watch=None,
    masks=None,
):
    torch.manual_seed(seed)
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    masks = iter(() if masks is None else torch.as_tensor(masks, device=device))
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    model.dropout.p, history = dropout, []
    for _ in range(epochs):
        model.train()  # in the loop: whoever watches an epoch may have switched to evaluation
        order = torch.randperm(len(images)) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.to(device).split(batch_size):
            mask = next(masks, None)
            logits = model(images[batch], None if mask is None else mask[: len(batch)])
            loss = nn.functional.cross_entropy(logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        history.append(total / len(images))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# Without `model.eval()` the same image would get other scores each time.


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
