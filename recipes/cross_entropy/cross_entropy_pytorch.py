# %% [markdown]
# # Cross-entropy, in PyTorch
# A network gives each class a score, a logit. Softmax turns logits into probabilities, and the loss of an image is
# -log of the probability of its label: 0 if the network is certain and right, without limit if it is certain and wrong.

# %% Init
import numpy as np
import torch
from torch.nn.functional import cross_entropy

device = "cuda" if torch.cuda.is_available() else "cpu"


def tensors(logits, labels):
    return torch.as_tensor(logits, device=device), torch.as_tensor(labels, device=device)


# %% [markdown]
# As the formula says it. `exp` overflows above 709 in float64 (88 in float32), and underflows to 0 below -745 (-103).


# %% Naive
def naive(logits, labels):
    """Logits (N, classes) and labels (N,) give losses (N,)."""
    logits, labels = tensors(logits, labels)
    exponentials = logits.exp()
    probabilities = exponentials / exponentials.sum(dim=1, keepdim=True)
    return -probabilities.gather(1, labels[:, None])[:, 0].log().cpu().numpy()


# %% [markdown]
# `cross_entropy` takes logits, not probabilities: a network for it has no softmax at its end.


# %% Stable
def stable(logits, labels):
    return cross_entropy(*tensors(logits, labels), reduction="none").cpu().numpy()


# %% [markdown]
# By default it gives the mean of the images' losses.


# %% Gradient
def gradient(logits, labels):
    logits, labels = tensors(logits, labels)
    logits.requires_grad_()
    return torch.autograd.grad(cross_entropy(logits, labels), logits)[0].cpu().numpy()


# %% Run
if __name__ == "__main__":
    labels = np.array([0, 0, 0])
    for lead in (1, 50, 100):
        logits = np.array([[0, 0, 0], [lead, 0, 0], [0, lead, 0]], np.float32)
        print(f"lead {lead}: naive {naive(logits, labels)}, stable {stable(logits, labels)}")
