# %% [markdown]
# # Early stopping, in PyTorch
# PyTorch has no callback for it: whoever writes the training loop also writes down when it ends.

# %% Init
from collections import OrderedDict
from copy import deepcopy
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
    layers |= {"dense1": nn.Linear(784, 100), "relu": nn.ReLU(), "dense2": nn.Linear(100, 10)}
    return nn.Sequential(layers).to(device)


# %% Epoch
def train_epoch(model, optimizer, images, labels, batches):
    """Goes once through the images; gives the mean loss."""
    model.train()  # whoever watches an epoch may have switched to evaluation
    total = 0.0
    for batch in batches:
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(images)


@torch.inference_mode()
def loss_of(model, images, labels):
    model.eval()
    return nn.functional.cross_entropy(model(images), labels).item()


# %% [markdown]
# The last fifth of the images is for validation, and it is set aside before anything is shuffled: an image that is
# sometimes learnt from says nothing. `state_dict()` doesn't copy: it gives the tensors that the optimiser goes on to
# change, so without `deepcopy` the best model would be the last one.


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    patience=5,
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    count = len(images) * 4 // 5
    unseen, images, labels = (images[count:], labels[count:]), images[:count], labels[:count]
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    generator, history = torch.Generator().manual_seed(seed), []
    lowest, best, waited = np.inf, deepcopy(model.state_dict()), 0
    for _ in range(epochs):
        order = torch.randperm(count, generator=generator) if shuffle else torch.arange(count)
        history.append(train_epoch(model, optimizer, images, labels, order.to(device).split(batch_size)))
        validation_loss = loss_of(model, *unseen)
        waited += 1
        if validation_loss < lowest:
            lowest, best, waited = validation_loss, deepcopy(model.state_dict()), 0
        if watch:
            watch(model)
        if waited == patience:
            break
    model.load_state_dict(best)
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
    images, labels = mnist["x_train"][:1_250, ..., None] / np.float32(255), mnist["y_train"][:1_250]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"{len(history)} epochs, loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
