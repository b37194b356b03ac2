# %% [markdown]
# # Gradient clipping, in PyTorch
# A recurrent network multiplies by the same kernel at each of 28 steps. Going back, so does the gradient, and it may
# grow. Between `backward` and `step` is the place to shorten it.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
# `nn.RNN` would have two biases, one for the rows and one for the state. Only their sum counts, but each is learnt, so
# together they learn at twice the rate. A layer of one's own has one.


# %% Network
class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(nn.init.xavier_uniform_(torch.empty(28, 64)))
        self.recurrent_kernel = nn.Parameter(nn.init.orthogonal_(torch.empty(64, 64)))
        self.bias = nn.Parameter(torch.zeros(64))

    def forward(self, images):
        state = torch.zeros(len(images), 64, dtype=images.dtype, device=images.device)
        for row in images[..., 0].unbind(dim=1):  # 28 times (N, 28)
            state = torch.tanh(row @ self.kernel + state @ self.recurrent_kernel + self.bias)
        return state  # (N, 64), the last one


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = Recurrent()
        self.dense = nn.Linear(64, 10)

    def forward(self, images):
        return self.dense(self.rnn(images))  # (N, 10)


def variables(seed=0):
    torch.manual_seed(seed)
    return Network().to(device)


# %% [markdown]
# `nn.utils.clip_grad_norm_` is all that most people need. It divides by norm + 1e-6: a millionth less than the other
# frameworks, and where all have to give the same numbers the division is written out.


# %% Clipping
def clip(parameters, max_norm):
    gradients = [parameter.grad for parameter in parameters]
    norm = nn.utils.get_total_norm(gradients)
    for gradient in gradients:
        gradient *= (max_norm / norm).clamp(max=1)


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=2,
    batch_size=100,
    learning_rate=0.03,
    momentum=0.9,
    max_norm=1.0,
    shuffle=True,
    seed=0,
    watch=None,
):
    images, labels = torch.as_tensor(images, device=device), torch.as_tensor(labels, device=device).long()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)
    generator, history = torch.Generator().manual_seed(seed), []
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(images), generator=generator) if shuffle else torch.arange(len(images))
        total = 0.0
        for batch in order.to(device).split(batch_size):
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            if max_norm is not None:
                clip(model.parameters(), max_norm)
            optimizer.step()
            total += loss.item() * len(batch)
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
    images, labels = mnist["x_train"][:10_000, ..., None] / np.float32(255), mnist["y_train"][:10_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
