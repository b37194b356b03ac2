# %% [markdown]
# # The data pipeline, in PyTorch
# Images come in the order of their files, often sorted by class. A training wants each batch mixed. A shuffle buffer
# holds the next few items and gives out any of them; what isn't in the buffer yet can't come.

# %% Init
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

# %% [markdown]
# Each item is exchanged with one of the next `buffer`, itself among them: nothing further on is looked at, so a stream
# need not hold more. With a buffer as large as the data it is the shuffle of Fisher and Yates: all orders are equally
# likely. A stream is an `IterableDataset`: `DataLoader(shuffle=True)` refuses it, so it shuffles itself.


# %% A shuffle buffer
class Buffered(IterableDataset):
    def __init__(self, items, buffer, draws):
        self.items, self.buffer, self.draws = items, buffer, draws

    def __iter__(self):
        items = self.items.copy()
        for place, draw in enumerate(self.draws):
            other = place + draw % min(self.buffer, len(items) - place)
            items[place], items[other] = items[other], items[place]
            yield items[place]


# %% [markdown]
# What comes out is the items as the batches bring them, and the batches' sizes.


# %% Batches
def batches(items, buffer, draws, batch, keep_last):
    found = list(DataLoader(Buffered(items, buffer, draws), batch_size=batch, drop_last=not keep_last))
    return torch.cat(found).numpy(), np.array([len(group) for group in found])


# %% [markdown]
# What one should ask of any shuffle, and mostly doesn't. Is everything there? Does nothing come too early? Has the
# second epoch another order? Does the same seed bring the same orders again? Is there no trace of the old order?


# %% Is it a shuffle?
def own_shuffle(count, buffer, seed):
    epochs, again = two_epochs(count, buffer, seed), two_epochs(count, buffer, seed)
    places = np.arange(count)
    all_there, none_early = (np.sort(epochs) == places).all(), (epochs < places + buffer).all()
    epochs_differ, repeatable = (epochs[0] != epochs[1]).any(), (epochs == again).all()
    no_trace = abs(np.corrcoef(places, epochs[0])[0, 1]) < 6 / len(places) ** 0.5  # six standard deviations
    return np.array([all_there, none_early, epochs_differ, repeatable, no_trace])


# %% The framework's own
def two_epochs(count, buffer, seed):
    random = torch.Generator().manual_seed(seed)
    if buffer >= count:  # whoever holds all items lets the loader shuffle
        loader = DataLoader(range(count), batch_size=count, shuffle=True, generator=random)
        return np.array([next(iter(loader)) for _ in range(2)])
    draws = torch.randint(2**31, (2, count), generator=random).numpy()
    return np.array([list(Buffered(np.arange(count), buffer, row)) for row in draws])


# %% Run
if __name__ == "__main__":
    for buffer in (1, 50, 1000):
        print(f"buffer {buffer}: all there, none early, new order, repeatable, no trace?", own_shuffle(1000, buffer, 1))
