# %% [markdown]
# # The data pipeline, in TensorFlow 1
# Images come in the order of their files, often sorted by class. A training wants each batch mixed. A shuffle buffer
# holds the next few items and gives out any of them; what isn't in the buffer yet can't come.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% [markdown]
# Each item is exchanged with one of the next `buffer`, itself among them: nothing further on is looked at, so a stream
# need not hold more. With a buffer as large as the data it is the shuffle of Fisher and Yates: all orders are equally
# likely.


# %% A shuffle buffer
def buffered(items, buffer, draws):
    """Yields the items; `draws` are whole numbers, one for each."""
    items = items.copy()
    for place, draw in enumerate(draws):
        other = place + draw % min(buffer, len(items) - place)
        items[place], items[other] = items[other], items[place]
        yield items[place]


# %% Batches
def run(build):
    """What a data set brings until it ends: its iterator is a node of the graph, and the end an error."""
    with tf.Graph().as_default(), tf.Session() as session:
        iterator = tf.data.make_initializable_iterator(build())
        following, found = iterator.get_next(), []
        session.run(iterator.initializer)
        while True:
            try:
                found.append(session.run(following))
            except tf.errors.OutOfRangeError:
                return found


def batches(items, buffer, draws, batch, keep_last):
    """The items as the batches bring them, and the batches' sizes."""

    def build():
        stream = tf.data.Dataset.from_generator(lambda: buffered(items, buffer, draws), items.dtype, [])
        return stream.batch(batch, drop_remainder=not keep_last)

    found = run(build)
    return np.concatenate(found), np.array([len(group) for group in found])


# %% [markdown]
# What one should ask of any shuffle, and mostly doesn't. Is everything there? Does nothing come too early? Has the
# second epoch another order? Does the same seed bring the same orders again? Is there no trace of the old order?


# %% Is it a shuffle?
def facts(epochs, again, buffer):
    places = np.arange(epochs.shape[1])
    all_there, none_early = (np.sort(epochs) == places).all(), (epochs < places + buffer).all()
    epochs_differ, repeatable = (epochs[0] != epochs[1]).any(), (epochs == again).all()
    no_trace = abs(np.corrcoef(places, epochs[0])[0, 1]) < 6 / len(places) ** 0.5  # six standard deviations
    return np.array([all_there, none_early, epochs_differ, repeatable, no_trace])


# %% The framework's own
def two_epochs(count, buffer, seed):
    """First `shuffle`, then `repeat`: the other way round, the epochs run into each other."""
    return np.array(run(lambda: tf.data.Dataset.range(count).shuffle(buffer, seed=seed).repeat(2).batch(count)))


def own_shuffle(count, buffer, seed):
    return facts(two_epochs(count, buffer, seed), two_epochs(count, buffer, seed), buffer)


# %% Run
if __name__ == "__main__":
    labels, draws = np.repeat(np.arange(10), 50), np.random.default_rng(1).integers(0, 2**31, 500)
    for buffer in (1, 50, 500):
        order, sizes = batches(labels, buffer, draws, 50, True)
        print(f"buffer {buffer}: the first batch has the classes {np.unique(order[:50])}")
    print("all there, none early, epochs differ, repeatable, no trace:", own_shuffle(1000, 50, seed=1))
