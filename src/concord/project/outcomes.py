"""What can become of a run: the closed set of outcomes."""

from typing import Literal

Outcome = Literal[
    "ok",
    "mismatch",  # computes something else
    "accuracy_fail",  # learns too little, or not what the reference learns
    "nonfinite",  # gives NaN or infinity where the reference doesn't
    "error",  # an exception
    "timeout",
    "out_of_memory",
    "crashed",
    "not_installed",
    "unsupported",  # can't run on this machine or device
    "not_written",
]
ABSENT: tuple[Outcome, ...] = ("not_installed", "not_written")  # there was nothing to run
CAUGHT: tuple[Outcome, ...] = ("mismatch", "nonfinite", "accuracy_fail")  # it ran, and it is wrong
