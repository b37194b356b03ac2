"""How long TensorFlow takes to end a data set's iterator, as `fit`, `evaluate` and `predict` of Keras do in each epoch.

    python benchmarks/iterator_stall.py

With autotuning, tf.data's default, a thread looks at the pipeline after 10 ms, then after 20, 40 and so on up to a
minute. When the iterator goes, the thread is woken before the flag is set that it should end (`Model::OptimizeLoop` in
core/framework/model.cc, `CancellationManager` in cancellation.cc; TensorFlow 2.21). If it looks too soon it sleeps on
until its next turn, and whoever dropped the iterator waits for it: at worst as long as the iterator has lived.
TensorFlow logs the second sleep with TF_CPP_VMODULE=model=2 and TF_CPP_MIN_LOG_LEVEL=0.
"""

import os
import time
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only

import tensorflow as tf

RUNS, LIVES = 60, 0.75  # seconds; the thread's turns are 0.63 and 1.27 seconds after the start
STALLED = 0.1  # seconds


def end(autotune: bool) -> float:
    """Seconds that it takes to drop an iterator that has given numbers for a while."""
    options = tf.data.Options()
    options.autotune.enabled = autotune
    numbers = tf.data.Dataset.range(10**9).prefetch(tf.data.AUTOTUNE).with_options(options)
    iterator, start = iter(numbers), time.perf_counter()
    while time.perf_counter() - start < LIVES:
        next(iterator)
        time.sleep(0.01)
    start = time.perf_counter()
    del iterator
    return time.perf_counter() - start


def main() -> None:
    for autotune in (True, False):
        took = [end(autotune) for _ in range(RUNS)]
        stalls = [seconds for seconds in took if seconds > STALLED]
        line = f"autotuning {'on' if autotune else 'off':3}  {len(stalls):2} of {RUNS} took longer than {STALLED} s"
        print(f"{line}, {median(stalls):.2f} s at the median" if stalls else line)


if __name__ == "__main__":
    main()
