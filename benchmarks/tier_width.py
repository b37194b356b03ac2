"""How often a benchmark that is run again would give the same tiers, with and without a width of theirs.

    python benchmarks/tier_width.py FILE ...

Of a file of `concord bench`, five rounds are drawn anew from each variant's turns, again and again; told is the share
of draws that give the tiers which come most often. With the noise made smaller by a factor, on a logarithmic scale, it
is what a quieter machine would show. That one process differs from another, beyond its turns, isn't drawn.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from concord.bench import SCHEMA
from concord.report import read_document
from concord.tiers import REPEAT, WIDTH, control_spread, figure, sound, tiers

DRAWS = 200
NOISE = (1, 0.5, 0.25)
WIDTHS = (0.0, WIDTH)


def shares(document: dict, noise: float) -> list[float]:
    """By width, the share of the draws with the tiers that come most often."""
    random, spread = np.random.default_rng(0), control_spread(document) or 0.0
    size = REPEAT, document["plan"]["turns"]
    turns = {
        id: np.array([turn for run in sound(row) for turn in run["turns"]]) for id, row in document["variants"].items()
    }
    quieter = {id: mean * (found / mean) ** noise for id, found in turns.items() if (mean := found.mean())}
    seen = {width: Counter() for width in WIDTHS}
    for _ in range(DRAWS):
        drawn = {id: np.median(random.choice(found, size), axis=1) for id, found in quieter.items()}
        steps = {id: figure(list(rounds)) for id, rounds in drawn.items()}
        for width, counted in seen.items():
            counted[tuple(sorted(tiers(steps, spread * noise, width).items()))] += 1
    return [max(counted.values()) / DRAWS for counted in seen.values()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    for file in parser.parse_args().files:
        document = read_document(file, SCHEMA)
        for noise in NOISE:
            told = ", ".join(
                f"width {width:.0%}: {share:.0%}" for width, share in zip(WIDTHS, shares(document, noise), strict=True)
            )
            print(f"{file.name}, noise x{noise:g}: {told}", flush=True)


if __name__ == "__main__":
    main()
