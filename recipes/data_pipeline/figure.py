"""The labels of 500 items that were sorted by class, as they come out of a shuffle buffer, one colour for each of ten
classes. Without shuffling there are ten blocks. A buffer of 50 only blurs their borders, one of 250 leaves a slope, and
only a buffer of all 500 mixes them.
"""

import numpy as np

SIZE = (8, 4.8)
BUFFERS = (1, 50, 250, 500)


def draw(results, figure):
    for panel, buffer in zip(figure.subplots(len(BUFFERS), 1), BUFFERS, strict=True):
        labels, sizes = results[f"buffer_{buffer}"]["batches"]
        groups = np.split(labels, np.cumsum(sizes)[:-1].astype(int))
        classes = np.mean([len(np.unique(group)) for group in groups])
        panel.imshow(labels[None], aspect="auto", cmap="viridis", interpolation="nearest")
        panel.set_title(f"buffer of {buffer}: {classes:.1f} classes in a batch of 50", fontsize=15, loc="left")
        panel.set_xticks([])
        panel.set_yticks([])
        panel.grid(False)
