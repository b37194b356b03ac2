# %% [markdown]
# # Smallest and largest, in PyTorch

# %% Init
import torch


# %% Compute
def ends(numbers):
    smallest, largest = torch.aminmax(torch.as_tensor(numbers), dim=1)
    return smallest.numpy(), largest.numpy()
