# %% [markdown]
# # Normalised rows, in Keras

# %% Init
from keras import layers, ops


# %% Compute
def normalise(rows):
    return ops.convert_to_numpy(layers.LayerNormalization(epsilon=1e-3)(rows))
