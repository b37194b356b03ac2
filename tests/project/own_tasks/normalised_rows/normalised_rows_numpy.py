# %% [markdown]
# # Normalised rows, in NumPy

# %% Init
import numpy as np


# %% Compute
def normalise(rows):
    return (rows - rows.mean(axis=1, keepdims=True)) / np.sqrt(rows.var(axis=1, keepdims=True) + 1e-3)
