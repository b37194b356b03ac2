# %% [markdown]
# # Does pooling forgive a shift? In PyTorch
# A pooling layer puts one number in the place of four. Which one decides what the network notices of a small movement.
# In PyTorch each kind is a layer, and no layer at all is one too: `nn.Identity`.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
# Without pooling the maps stay large, and the dense layer has 23 times as many inputs. The maps are flattened with
# channels last, so that the dense layer's inputs come in the same order everywhere.

# %% Network
pools = {"max": nn.MaxPool2d(2), "average": nn.AvgPool2d(2), "none": nn.Identity()}


class Network(nn.Module):
    def __init__(self, pooling):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, kernel_size=3), nn.Conv2d(8, 16, kernel_size=3)
        self.pool = pools[pooling]
        self.dense1 = nn.Linear(24 * 24 * 16 if pooling == "none" else 5 * 5 * 16, 10)

    def forward(self, images):  # (N, 28, 28, 1)
        maps = self.pool(nn.functional.relu(self.conv1(images.permute(0, 3, 1, 2))))  # (N, 8, 13, 13)
        maps = self.pool(nn.functional.relu(self.conv2(maps)))  # (N, 16, 5, 5)
        return self.dense1(maps.permute(0, 2, 3, 1).flatten(1))  # (N, 10)


def variables(seed=0, pooling="max"):
    torch.manual_seed(seed)
    return Network(pooling).to(device)


# %% [markdown]
# Automatic differentiation knows where each pooling's gradient goes: to the largest of four pixels, or to all of them.


# %% Train
def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
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
    return torch.cat([model(batch) for batch in torch.as_tensor(images, device=device).split(500)]).cpu().numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels)
    test_images, test_labels = mnist["x_test"][..., None] / np.float32(255), mnist["y_test"]
    for shift in range(5):
        moved = np.pad(test_images, ((0, 0), (0, 0), (shift, 0), (0, 0)))[:, :, :28]
        print(f"moved by {shift} pixels: test accuracy {evaluate(model, moved, test_labels):.4f}")
