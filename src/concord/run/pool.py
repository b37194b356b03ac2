"""Workers by variant and precision: each is started when it is first needed, in its framework's own environment."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from concord.project import paths
from concord.project.framework import Variant
from concord.run.environments import NoEnvironmentError, OwnEnvironment, distrust, ensure
from concord.run.process import Answer, Worker

MOST_HELD = 1.5e9  # bytes; a framework that compiles keeps every program: after all recipes JAX held 3 GB


def keep_compiled_code() -> None:
    """Has JAX keep what it compiles, for all workers of this process and of later ones: Keras builds the same
    training again for each model, and compiling takes longer than running. Not where seconds are measured."""
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(paths.home() / "cache" / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


class Workers:
    """The living workers of one invocation.

    Args:
        folder: for the workers' logs.
        announce: is told when an environment is made.
        device: "cpu" or "gpu", from which a variant that can't have a GPU is exempt, or empty: what frameworks take.
        most_held: bytes; a worker that holds more after a job makes room for a fresh one.
        options: limits and threads of the workers.
    """

    def __init__(
        self,
        folder: Path,
        announce: Callable[[str], None] = lambda what: None,
        *,
        device: str = "",
        most_held: float = MOST_HELD,
        **options: Any,
    ):
        self.folder = folder
        self.device = device
        self.most_held = most_held
        self.announce = announce
        self._options = options
        self._living: dict[tuple[str, str], Worker] = {}
        self._interpreters: dict[str, Path | NoEnvironmentError] = {}
        self._closed = False

    def run(self, variant: Variant, precision: str, job: dict[str, Any]) -> tuple[Answer, Answer]:
        """Does one job; gives what became of the worker's start and of the job.

        Raises:
            RuntimeError: all are closed, by whom an interrupt has reached: nothing is started any more.
        """
        if variant.versions() is None:
            absent = Answer("not_installed", f"to install it: {variant.install_command()}")
            return absent, absent
        try:
            worker = self._worker(variant, precision)
        except NoEnvironmentError as error:
            absent = Answer(error.outcome, str(error))
            return absent, absent
        answer = worker.run(job)
        if worker.started.outcome in ("not_installed", "error", "crashed") and variant.own:
            distrust(variant.own)
        return worker.started, answer

    def probe(self, variant: Variant, precision: str, file: Path, function: str, /, **arguments: Any) -> Answer:
        """Calls a function of a file of probes with plain values; its own come back in the field `value`.

        Lists of numbers reach the function as arrays; arrays, tuples and NumPy's numbers come back as lists and
        numbers.
        """
        return self.run(variant, precision, a_probe(file, function, arguments))[1]

    def fresh_probe(self, variant: Variant, precision: str, file: Path, function: str, /, **arguments: Any) -> Answer:
        """The same in a process that has imported its framework and done nothing else.

        On Linux it is a copy of a worker, of a new one if need be; elsewhere frameworks don't survive being copied
        (fork), and another is started for each. So it is where a copy crashes, which may be for being one: once one
        of TensorFlow 1's ended itself, with nothing wrong.
        """
        job = a_probe(file, function, arguments)
        if sys.platform == "linux":
            answer = self.run(variant, precision, job | {"in_a_copy": True})[1]
            if answer.outcome != "crashed":
                return answer
        self.close_one(variant, precision)
        answer = self.run(variant, precision, job)[1]
        self.close_one(variant, precision)
        return answer

    def close_one(self, variant: Variant, precision: str) -> None:
        """Ends a worker that isn't needed any more, or makes the next job start in a fresh one."""
        if worker := self._living.pop((variant.id, precision), None):
            worker.close()

    def keep(self, count: int) -> None:
        """Ends all but the `count` workers that were used last."""
        for key in list(self._living)[: -count or None]:
            self._living.pop(key).close()

    def close(self) -> None:
        """Ends all of them, for good."""
        self._closed = True
        while self._living:
            self._living.popitem()[1].end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _worker(self, variant: Variant, precision: str) -> Worker:
        key = (variant.id, precision)
        worker = self._living.pop(key, None)
        if worker and worker.holds() > self.most_held:
            worker.close()  # its next job starts it anew
        if worker is None:
            log = self.folder / f"{variant.id}-{precision}.log"
            python = self._interpreter(variant.own) if variant.own else None
            device = "cpu" if variant.no_gpu and self.device else self.device
            worker = Worker(variant, precision, log, python=python, device=device, **self._options)
        self._living[key] = worker  # last: the one used most recently
        if self._closed:  # meanwhile, by another thread
            self._living.pop(key, None)
            worker.end()
            raise RuntimeError("these workers are closed")
        return worker

    def _interpreter(self, own: OwnEnvironment) -> Path:
        """The interpreter of an environment of its own, which is made if need be; tried once for an invocation."""
        if own.framework not in self._interpreters:
            try:
                self._interpreters[own.framework] = ensure(own, self.announce)
            except NoEnvironmentError as error:
                self._interpreters[own.framework] = error
        found = self._interpreters[own.framework]
        if isinstance(found, NoEnvironmentError):
            raise found
        return found


def a_probe(file: Path, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "probe", "recipe": str(file), "contract": {}, "function": function, "arguments": arguments}
