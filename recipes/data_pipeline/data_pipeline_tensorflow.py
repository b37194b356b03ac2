# %% [markdown]
# # The data pipeline, in TensorFlow
# Images come in the order of their files, often sorted by class. A training wants each batch mixed. A shuffle buffer
# holds the next few items and gives out any of them; what isn't in the buffer yet can't come.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# Each item is exchanged with one of the next `buffer`, itself among them: nothing further on is looked at, so a stream
# need not hold more. With a buffer as large as the data it is the shuffle of Fisher and Yates: all orders are equally
# likely. The draws are whole numbers, one for each item.


# %% A shuffle buffer
def buffered(items, buffer, draws):
    items = items.copy()
    for place, draw in enumerate(draws):
        other = place + draw % min(buffer, len(items) - place)
        items[place], items[other] = items[other], items[place]
        yield items[place]


# %% [markdown]
# What comes out is the items as the batches bring them, and the batches' sizes.


# %% Batches
def batches(items, buffer, draws, batch, keep_last):
    item = tf.TensorSpec((), items.dtype)
    stream = tf.data.Dataset.from_generator(lambda: buffered(items, buffer, draws), output_signature=item)
    found = list(stream.batch(batch, drop_remainder=not keep_last).as_numpy_iterator())
    return np.concatenate(found), np.array([len(group) for group in found])


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
    stream = tf.data.Dataset.range(count).shuffle(buffer, seed=seed)  # shuffled anew each time it is gone through
    return np.array([list(stream.as_numpy_iterator()) for _ in range(2)])


# %% Run
if __name__ == "__main__":
    for buffer in (1, 50, 1000):
        print(f"buffer {buffer}: all there, none early, new order, repeatable, no trace?", own_shuffle(1000, buffer, 1))
