# %% [markdown]
# # Adam with decoupled weight decay, in PyTorch

# %% Init
from collections import OrderedDict

import numpy as np
import torch
from torch import nn

BETA1, BETA2, EPSILON, DECAY = 0.875, 0.96875, 2**-10, 2**-4


# %% Network
def variables(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(OrderedDict(flatten=nn.Flatten(), dense=nn.Linear(784, 10)))


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=64, learning_rate=0.0078125, shuffle=True, seed=0, watch=None):
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=learning_rate, betas=(BETA1, BETA2), eps=EPSILON, weight_decay=DECAY
    )
    generator, history = torch.Generator().manual_seed(seed), []
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.split(batch_size):
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
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
    return model(torch.as_tensor(images)).numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
