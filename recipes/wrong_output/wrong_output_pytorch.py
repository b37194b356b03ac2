# %% [markdown]
# # The wrong output, in PyTorch
# A network for ten classes ends in a softmax, and its loss is the cross-entropy. The talk's network ended in sigmoids.
# What comes of that depends on what stands between the logits z and the loss.

# %% Init
import numpy as np
import torch
from torch.nn.functional import cross_entropy, logsigmoid, normalize, one_hot

device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
# The right one; what Keras makes of sigmoids, divided by their sum; the formula -y log(sigmoid(z)) as it stands; and
# the right one with its two arguments exchanged: PyTorch doesn't complain. Each takes logits and one-hot labels.

# %% Four losses
LOSSES = {
    "softmax": lambda z, y: cross_entropy(z, y, reduction="none"),
    "sigmoid": lambda z, y: -(y * normalize(z.sigmoid(), p=1).clamp(1e-7, 1 - 1e-7).log()).sum(dim=1),
    "literal": lambda z, y: -(y * logsigmoid(z)).sum(dim=1),
    "exchanged": lambda z, y: cross_entropy(y, z, reduction="none"),
}


# %% [markdown]
# The gradient is that of the mean loss, by the logits.


# %% Losses and gradients
def tensors(values, labels, classes):
    values = torch.as_tensor(values, device=device)
    return values, one_hot(torch.as_tensor(labels, device=device), classes).to(values.dtype)


def loss(name, logits, labels):
    return LOSSES[name](*tensors(logits, labels, logits.shape[1])).cpu().numpy()


def gradient(name, logits, labels):
    z, y = tensors(logits, labels, logits.shape[1])
    return torch.autograd.grad(LOSSES[name](z.requires_grad_(), y).mean(), z)[0].cpu().numpy()


# %% [markdown]
# A layer of weights that start from zero. What comes out is the mean loss and the share of right answers, before each
# step and after the last. Watch both: a loss that falls isn't yet a network that learns.


# %% Descent
def descend(name, images, labels, rate, steps):
    x, y = tensors(images, labels, labels.max() + 1)
    weights = torch.zeros(x.shape[1], y.shape[1], dtype=x.dtype, device=device, requires_grad=True)
    optimizer, history = torch.optim.SGD([weights], lr=rate), []
    for _ in range(steps + 1):
        logits = x @ weights
        value = LOSSES[name](logits, y).mean()
        history.append((value.item(), (logits.argmax(dim=1) == y.argmax(dim=1)).double().mean().item()))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return tuple(np.array(history, images.dtype).T)


# %% Run
if __name__ == "__main__":
    images = np.array([[6, 0], [6, 1], [6, 2], [6, 3], [1, 1], [1, 2], [2, 2], [2, 3]], np.float32)  # 4 bright, 4 dim
    for name in ("softmax", "sigmoid", "literal"):
        losses, accuracies = descend(name, images, np.repeat([0, 1], 4), rate=0.1, steps=200)
        print(f"{name}: after 10, 20, 100 steps loss {losses[[10, 20, 100]]}, accuracy {accuracies[[10, 20, 100]]}")
