"""How often a benchmark that is run again would give the same tiers, with and without a width of theirs and a pace.

    python benchmarks/tier_width.py FILE ...

Of the rounds in a file of `concord bench`, five are drawn again and again; told is the share of draws that give the
tiers which come most often. The more rounds the file has, the less the draws have in common.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from concord.cost.bench import SCHEMA
from concord.cost.tiers import REPEAT, WIDTH, control_spread, figure, measured, of_rounds, paced, round_numbers, tiers
from concord.report.results import read_document

DRAWS = 200
WIDTHS = (0.0, WIDTH)


def shares(document: dict) -> dict[str, float]:
    """For each way of making tiers, the share of the draws with those that come most often."""
    random = np.random.default_rng(0)
    seen: dict[str, Counter] = {}
    for _ in range(DRAWS):
        drawn = of_rounds(document, random.choice(round_numbers(document), REPEAT, replace=False).tolist())
        noise = control_spread(drawn) or 0.0
        for how, counted in (("as measured", drawn), ("paced", paced(drawn))):
            values = {id: measured(row, "steady_seconds") for id, row in counted["variants"].items()}
            steps = {id: figure(found) for id, found in values.items() if found}
            for width in WIDTHS:
                found = tuple(sorted(tiers(steps, noise, width).items()))
                seen.setdefault(f"{how}, width {width:.0%}", Counter())[found] += 1
    return {way: max(counted.values()) / DRAWS for way, counted in seen.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    for file in parser.parse_args().files:
        for way, share in shares(read_document(file, SCHEMA)).items():
            print(f"{file.name}: {way}: {share:.0%}", flush=True)


if __name__ == "__main__":
    main()
