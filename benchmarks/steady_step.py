"""The steady step of each mnist_cnn recipe as a ratio to a bare script of the same framework.

    python benchmarks/steady_step.py [VARIANT ...]

Each variant gets a process of its own. Recipe and bare script take turns, and who begins changes; the step is the
difference between a long and a short run over the number of steps between them, so that compilation and start-up cancel
out. Printed: the median of each, in milliseconds, and the ratio of the medians with a bootstrapped 95% interval.
"""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import bare_steps
import numpy as np

from concord.cost.tiers import ratio
from concord.project.framework import select_variants
from concord.project.task import find_task
from concord.run.process import available_threads

SHORT, LONG, ROUNDS, BATCH = 10, 60, 15, 128


def steady_seconds(run) -> float:
    begin = time.perf_counter()
    run(SHORT)
    middle = time.perf_counter()
    run(LONG)
    return (time.perf_counter() - middle - (middle - begin)) / (LONG - SHORT)


def measure(framework: str) -> None:
    """Runs in a variant's own process."""
    sys.path.insert(0, str(find_task("mnist_cnn").folder))
    recipe = __import__(f"mnist_cnn_{framework}")
    random = np.random.default_rng(0)
    images = random.random((LONG * BATCH, 28, 28, 1), dtype=np.float32)
    labels = random.integers(0, 10, LONG * BATCH)
    model = recipe.variables()

    def recipe_run(steps):
        recipe.train(model, images[: steps * BATCH], labels[: steps * BATCH], batch_size=BATCH, shuffle=False)

    bare_run = getattr(bare_steps, framework)(images, labels, BATCH)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # Keras reports each epoch
        for run in (recipe_run, bare_run):
            run(LONG), run(SHORT)
        pairs = []
        for turn in range(ROUNDS):
            order = (recipe_run, bare_run) if turn % 2 else (bare_run, recipe_run)
            seconds = {run: steady_seconds(run) for run in order}
            pairs.append((seconds[recipe_run], seconds[bare_run]))
    mine, bare = np.array(pairs).T * 1000
    found = ratio(mine, bare)
    print(f"recipe {np.median(mine):6.1f} ms, bare {np.median(bare):6.1f} ms", end=", ")
    print(f"ratio {found.median:.3f} ({found.low:.3f} to {found.high:.3f})")


def main() -> None:
    for variant in select_variants(sys.argv[1:] or None):
        if not hasattr(bare_steps, variant.framework):
            continue  # TensorFlow 1's and Theano's recipes have no bare neighbour yet
        environment = variant.worker_environment("float32", available_threads())
        print(f"{variant.id:12}", end=" ", flush=True)
        command = [sys.executable, __file__, "--measure", variant.framework]
        subprocess.run(
            command, stderr=subprocess.DEVNULL, env=os.environ | environment, check=True, cwd=Path(__file__).parent
        )


if __name__ == "__main__":
    measure(sys.argv[2]) if sys.argv[1:2] == ["--measure"] else main()
