# %% [markdown]
# # A fast convolutional network for MNIST, in PyTorch
# A maximum commutes with adding a bias and with ReLU, so ReLU comes after the pooling, on a quarter of the numbers.
# Two rows and columns that the pooling would drop are never computed, and freed memory is kept.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn

np.empty(2**25 - 2**16, np.uint8)  # freed at once: from it glibc learns to keep memory of up to that size for reuse
device = "cuda" if torch.cuda.is_available() else "cpu"


# %% Variables
def variables(weights=None, seed=0):
    """The model is a module, which owns its parameters; by default each layer initialises itself."""
    torch.manual_seed(seed)
    model = ConvolutionalNetwork()
    if weights is not None:
        arrays = {name: torch.tensor(array) for name, array in weights.items()}
        dense1 = arrays["dense1_kernel"].reshape(5, 5, 64, 128)  # height, width, channel, out
        state = {
            "conv1.weight": arrays["conv1_kernel"].permute(3, 2, 0, 1),  # (32, 1, 3, 3): out, in, height, width
            "conv1.bias": arrays["conv1_bias"],
            "conv2.weight": arrays["conv2_kernel"].permute(3, 2, 0, 1),  # (64, 32, 3, 3)
            "conv2.bias": arrays["conv2_bias"],
            "dense1.weight": dense1.permute(3, 2, 0, 1).flatten(1),  # (128, 1600): out, channel x height x width
            "dense1.bias": arrays["dense1_bias"],
            "dense2.weight": arrays["dense2_kernel"].T,  # (10, 128)
            "dense2.bias": arrays["dense2_bias"],
        }
        model.to(dense1.dtype).load_state_dict(state)
    return model.to(device)


def weights(model):
    dense1 = model.dense1.weight.reshape(128, 64, 5, 5)  # out, channel, height, width
    tensors = {
        "conv1_kernel": model.conv1.weight.permute(2, 3, 1, 0),  # (3, 3, 1, 32)
        "conv1_bias": model.conv1.bias,
        "conv2_kernel": model.conv2.weight.permute(2, 3, 1, 0),  # (3, 3, 32, 64)
        "conv2_bias": model.conv2.bias,
        "dense1_kernel": dense1.permute(2, 3, 1, 0).flatten(0, 2),  # (1600, 128)
        "dense1_bias": model.dense1.bias,
        "dense2_kernel": model.dense2.weight.T,  # (128, 10)
        "dense2_bias": model.dense2.bias,
    }
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


# %% Network
class ConvolutionalNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3)
        self.dense1 = nn.Linear(64 * 5 * 5, 128)
        self.dense2 = nn.Linear(128, 10)

    def forward(self, images):  # (N, 1, 26, 26)
        pool1 = nn.functional.max_pool2d(self.conv1(images), 2)  # (N, 32, 12, 12)
        pool2 = nn.functional.max_pool2d(self.conv2(nn.functional.relu(pool1)), 2)  # (N, 64, 5, 5)
        hidden = nn.functional.relu(self.dense1(nn.functional.relu(pool2).flatten(1)))  # (N, 128)
        return self.dense2(hidden)  # (N, 10)


def to_tensor(images):
    """(N, 28, 28, 1) to (N, 1, 26, 26): the last two rows and columns only reach what the pooling leaves out."""
    return torch.as_tensor(images, device=device)[:, :26, :26].permute(0, 3, 1, 2)


def network(model, images):
    return model(to_tensor(images))  # (N, 10)


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=128, learning_rate=0.05, momentum=0.9, shuffle=True, seed=0):
    # All of MNIST fits into memory, so indexing it is enough: a DataLoader would collect each batch image by image.
    images, labels = to_tensor(images), torch.as_tensor(labels, dtype=torch.long, device=device)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)
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
    model, history = train(variables(), train_images, train_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {evaluate(model, test_images, test_labels):.4f}")
