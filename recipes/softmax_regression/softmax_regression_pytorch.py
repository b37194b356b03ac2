# %% [markdown]
# # Softmax regression, in PyTorch
# One linear layer gives a score for each digit. The loss function holds the softmax, automatic differentiation finds
# the gradient, and the training loop is written out.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"


# %% Variables
def variables(weights=None, seed=0):
    """The model is a module, which owns its parameters; by default they are uniform in ±1/sqrt(784)."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    if weights is not None:
        kernel, bias = torch.tensor(weights["dense_kernel"]), torch.tensor(weights["dense_bias"])
        model.to(kernel.dtype).load_state_dict({"1.weight": kernel.T, "1.bias": bias})  # (10, 784) and (10,)
    return model.to(device)


def weights(model):
    tensors = {"dense_kernel": model[1].weight.T, "dense_bias": model[1].bias}  # (784, 10) and (10,)
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


# %% Network
def network(model, images):
    """The layers are called like a function: they flatten to (N, 784) and give the logits."""
    return model(torch.as_tensor(images, device=device))  # (N, 10)


# %% Train
def train(model, images, labels, *, epochs=2, batch_size=100, learning_rate=0.5, shuffle=True, seed=0):
    # All of MNIST fits into memory, so indexing it is enough: a DataLoader would collect each batch image by image.
    images = torch.as_tensor(images, device=device)
    labels = torch.as_tensor(labels, dtype=torch.long, device=device)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    generator, history = torch.Generator().manual_seed(seed), []
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.to(device).split(batch_size):
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])  # of logits; the batch's mean
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        history.append(total / len(images))
    return model, history


# %% Evaluate
@torch.inference_mode()
def predict(model, images):
    model.eval()
    batches = [images[start : start + 1000] for start in range(0, len(images), 1000)]
    return torch.cat([network(model, batch) for batch in batches]).cpu().numpy()  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
def load_mnist(path=Path("mnist.npz")):
    """Training and test set: images (N, 28, 28, 1) from 0 to 1, labels (N,). Downloads mnist.npz if it isn't here."""
    if not path.exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz.part")
        Path("mnist.npz.part").rename(path)
    with np.load(path) as file:
        return [(file[f"x_{part}"][..., None] / np.float32(255), file[f"y_{part}"]) for part in ("train", "test")]


if __name__ == "__main__":
    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    model, history = train(variables(), train_images[:50_000], train_labels[:50_000])
    print(f"loss {history[-1]:.4f}, test accuracy {evaluate(model, test_images, test_labels):.4f}")
