"""data_pipeline: shuffling through a buffer, and cutting into batches.

With given draws the order is exact. What a framework's own generator draws is another order than everybody else's: of
that it is asked what a shuffle must keep to, and the answers are known.
"""

from typing import Any

import numpy as np

TITLE = "The data pipeline"
QUESTION = "Does my shuffling shuffle?"
ANSWER = (
    "Only a buffer that holds all of the data shuffles fully. With 5,000 digits sorted by class, a buffer of 1,000 "
    "ends at an accuracy of 0.843, and one of 5,000 at 0.901."
)
KIND = "operation"
STEPS = ("Init", "A shuffle buffer", "Batches", "Is it a shuffle?", "The framework's own", "Run")

FUNCTIONS = {
    # The items in the order in which the batches bring them, and the batches' sizes. There is a draw for each item,
    # a whole number from 0 to 2^31 - 1; its remainder says which item of the buffer is next.
    "batches": ("items", "buffer", "draws", "batch", "keep_last"),
    # Of two epochs from the framework's own generator: whether each is a permutation; whether no item comes earlier
    # than the buffer allows; whether the second has another order; whether the same seed brings the same two again;
    # whether the first has lost all trace of the old order.
    "own_shuffle": ("count", "buffer", "seed"),
}

CLASSES, EACH, BATCH = 10, 50, 50
BUFFERS = (1, 50, 250, 500)


def through_buffer(items: list[int], buffer: int, draws: list[int]) -> list[int]:
    """As a stream: the buffer is all that is kept. Where an item is taken, the oldest one moves in."""
    stream, window, order = iter(items), [], []
    for draw in draws:
        while len(window) < buffer and (item := next(stream, None)) is not None:
            window.append(item)
        place = draw % len(window)
        order.append(window[place])
        window[place] = window[0]
        del window[0]
    return order


def case(items: list[int], buffer: int, batch: int, keep_last: bool = True) -> dict[str, Any]:
    draws = np.random.default_rng(buffer).integers(0, 2**31, len(items))
    order = through_buffer(items, buffer, draws.tolist())
    whole, short = divmod(len(items), batch)
    sizes = [batch] * whole + [short] * (keep_last and short > 0)
    return {
        "items": np.array(items),
        "buffer": buffer,
        "draws": draws,
        "batch": batch,
        "keep_last": keep_last,
        "functions": ("batches",),
        "expected": (np.array(order[: sum(sizes)]), np.array(sizes)),
    }


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name; the data set's images aren't needed."""
    sorted_labels = [label for label in range(CLASSES) for _ in range(EACH)]
    found = {f"buffer_{buffer}": case(sorted_labels, buffer, BATCH) for buffer in BUFFERS}
    found["short_batch"] = case(list(range(23)), 5, 4)
    found["short_batch_dropped"] = case(list(range(23)), 5, 4, keep_last=False)
    found["no_short_batch"] = case(list(range(24)), 24, 4, keep_last=False)
    found["buffer_too_large"] = case(list(range(10)), 100, 3)
    found["one_batch"] = case(list(range(10)), 4, 10)
    for name, buffer, answers in (
        ("own_nothing", 1, (True, True, False, True, False)),
        ("own_small", 50, (True, True, True, True, False)),
        ("own_whole", 1000, (True, True, True, True, True)),
    ):
        given = {"count": 1000, "buffer": buffer, "seed": 1, "functions": ("own_shuffle",)}
        found[name] = given | {"expected": np.array(answers)}
    return found
