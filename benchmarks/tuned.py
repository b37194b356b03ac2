"""The steady step of each tuned mnist_cnn recipe as a ratio to its idiomatic neighbour's.

    python benchmarks/tuned.py [VARIANT ...]

Every measurement is a fresh process; the two tracks take turns, and who begins changes from round to round. Where
NumPy and PyTorch are both asked for, NumPy's tuned step is also set against PyTorch's idiomatic one of the same rounds.
Printed: the median of each, in milliseconds, and the ratio of the medians with a bootstrapped 95% interval. First the
machine's matrix-product peak (float32, 2048 x 2048, OpenBLAS): a step's share of it counts the operations of plain
convolutions.
"""

import contextlib
import os
import subprocess
import sys
import time
from importlib import import_module

import numpy as np
from scipy import stats
from steady_step import BATCH, LONG, SHORT, median_ratio, steady_seconds

from concord.framework import variants
from concord.task import find_task
from concord.worker import available_threads

ROUNDS, RUNS = 9, 3
STEP_GFLOP = 1.97  # of 128 images: 15.4 MFLOP each, of which the second convolution's three products take 13.4


def measure(module: str) -> None:
    """Runs in a process of its own: the median of a few steady steps, in milliseconds."""
    sys.path.insert(0, str(find_task("mnist_cnn").folder))
    recipe = import_module(module)
    random = np.random.default_rng(0)
    images = random.random((LONG * BATCH, 28, 28, 1), dtype=np.float32)
    labels = random.integers(0, 10, LONG * BATCH)
    model = recipe.variables()

    def run(steps):
        recipe.train(model, images[: steps * BATCH], labels[: steps * BATCH], batch_size=BATCH, shuffle=False)

    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # Keras reports each epoch
        run(LONG), run(SHORT)
        seconds = [steady_seconds(run) for _ in range(RUNS)]
    print(1000 * np.median(seconds))


def measure_peak() -> None:
    """Runs in a process of its own, like everything else here: GFLOP/s of a large float32 product."""
    left, right = np.random.default_rng(0).random((2, 2048, 2048), dtype=np.float32)
    seconds = []
    for _ in range(10):
        begin = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - begin)
    print(2 * 2048**3 / np.median(seconds) / 1e9)


def in_process(what: str, environment: dict[str, str]) -> float:
    command = [sys.executable, __file__, "--measure", what]
    finished = subprocess.run(
        command, env=os.environ | environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    return float(finished.stdout)


def compare(what: str, left: list[float], right: list[float]) -> None:
    found = stats.bootstrap((left, right), median_ratio, paired=True, random_state=np.random.default_rng(0))
    low, high = found.confidence_interval
    print(f"{what}: {np.median(left):.1f} ms against {np.median(right):.1f} ms", end=", ")
    print(f"ratio {median_ratio(left, right):.2f} ({low:.2f} to {high:.2f})", flush=True)


def main() -> None:
    tuned = find_task("mnist_cnn").on_track("tuned").recipes
    chosen = sys.argv[1:] or [id for id, variant in variants().items() if variant.framework in tuned]
    threads = available_threads()
    steps: dict[tuple[str, str], list[float]] = {(id, track): [] for id in chosen for track in ("", "_tuned")}
    peaks = []
    for turn in range(ROUNDS):
        peaks.append(in_process("peak", {"OPENBLAS_NUM_THREADS": str(threads)}))
        for id, track in list(steps)[:: -1 if turn % 2 else 1]:
            variant = variants()[id]
            environment = variant.worker_environment("float32", threads)
            steps[id, track].append(in_process(f"mnist_cnn_{variant.framework}{track}", environment))
        print(f"round {turn + 1} of {ROUNDS}", file=sys.stderr)
    peak = np.median(peaks)
    print(f"{threads} threads, matrix-product peak {peak:.0f} GFLOP/s")
    for id in chosen:
        compare(f"{id} tuned against idiomatic", steps[id, "_tuned"], steps[id, ""])
        print(f"    {STEP_GFLOP * 1000 / np.median(steps[id, '_tuned']) / peak:.0%} of the peak")
    if {"numpy", "pytorch"} <= set(chosen):
        compare("numpy tuned against pytorch idiomatic", steps["numpy", "_tuned"], steps["pytorch", ""])


if __name__ == "__main__":
    if sys.argv[1:2] != ["--measure"]:
        main()
    elif sys.argv[2] == "peak":
        measure_peak()
    else:
        measure(sys.argv[2])
