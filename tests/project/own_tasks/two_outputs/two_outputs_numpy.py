# %% [markdown]
# # Smallest and largest, in NumPy

# %% Init
import numpy as np


# %% Compute
def ends(numbers):
    smallest, largest = np.min(numbers, axis=1), np.max(numbers, axis=1)
    return smallest, largest
