# %% [markdown]
# # Adam with decoupled weight decay, in PyTorch

# %% Init
import numpy as np
import torch
from torch import nn

BETA1, BETA2, EPSILON, DECAY = 0.875, 0.96875, 2**-10, 2**-4


# %% Variables
def variables(weights, seed=0):
    kernel, bias = torch.tensor(weights["dense_kernel"]), torch.tensor(weights["dense_bias"])
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(kernel.dtype)
    model.load_state_dict({"1.weight": kernel.T, "1.bias": bias})
    return model


def weights(model):
    tensors = {"dense_kernel": model[1].weight.T, "dense_bias": model[1].bias}
    return {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}


# %% Network
def network(model, images):
    return model(torch.as_tensor(images))


# %% Train
def train(model, images, labels, *, epochs=1, batch_size=64, learning_rate=0.0078125, shuffle=True, seed=0):
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
    return model, history


# %% Evaluate
@torch.inference_mode()
def predict(model, images):
    return network(model, images).numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
