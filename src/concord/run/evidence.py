"""Evidence: what a run left behind, its arrays and its timings. Verdicts, tables and pages are computed from it."""

import contextlib
import hashlib
import json
import os
import platform
import shutil
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from concord.judge import ladder
from concord.judge.ladder import Run
from concord.project import paths
from concord.project.cases import Case, read_cases
from concord.project.errors import UserError
from concord.project.framework import REFERENCE, Variant, variants
from concord.project.task import Task
from concord.run.pool import Workers
from concord.run.process import PROGRAM

if TYPE_CHECKING:
    import numpy as np

    from concord.data.datasets import Dataset

PROBE_SEED = 7
PLAIN = {"learning_rate": 1.0, "momentum": 0.0}  # one such step moves the weights by minus the gradient
KEPT = 3  # evidence folders of earlier invocations


@dataclass(frozen=True)
class Evidence:
    """One run of one variant at one precision. The arrays lie in `path`, which is None where the run failed."""

    recipe: str
    variant: str
    precision: str
    run: str
    outcome: str
    reason: str = ""
    path: Path | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    import_seconds: float = 0.0
    peak_memory: int = 0  # bytes, of the whole process so far
    peak_device_memory: int | None = None  # bytes, likewise; None without a GPU

    def arrays(self) -> "dict[str, np.ndarray]":
        """`history` (epochs,), `weights/<name>`, `logits` (N, 10), `accuracy` (), or an operation's `result`."""
        import numpy as np

        assert self.path
        with np.load(self.path, allow_pickle=False) as file:
            return dict(file)


class Collector:
    """Runs what it is asked for, each thing once, and keeps the evidence in a folder.

    Args:
        folder: where this invocation's evidence goes.
        dataset: the images and labels.
        epochs: of an ordinary training run; None for what the task says.
        announce: is told what is about to run, in a few words.
        device: what everything but the reference runs on, "cpu" or "gpu".
        worker_options: limits for the workers.
    """

    def __init__(
        self,
        folder: Path,
        dataset: "Dataset",
        *,
        epochs: int | None = None,
        announce: Callable[[str], None] = lambda what: None,
        device: str = "cpu",
        **worker_options: Any,
    ):
        self.folder = folder
        self.dataset = dataset
        self.epochs = epochs
        self.announce = announce
        self.device = device
        self.tf32: dict[str, str] = {}  # by variant: what its framework says of TF32 on the GPU
        self.worker_seconds = 0.0  # spent waiting for workers: everything else is the harness's own
        self.workers = Workers(folder, lambda what: self.announce(what), device=device, **worker_options)
        self._collected: dict[tuple[Path, str, str, Run], Evidence] = {}
        self._draws: dict[tuple[Path, str, str], int] = defaultdict(lambda: int.from_bytes(os.urandom(8), "big"))
        self._cases: dict[Path, dict[str, Case]] = {}
        self._folders: dict[Path, Path] = {}
        self._images = self._write_images()

    def collect(self, task: Task, variant: Variant, precision: str, run: Run) -> Evidence:
        """The evidence of one run on the device."""
        if self.device == "gpu" and variant.no_gpu:
            return Evidence(task.name, variant.id, precision, run.name, "unsupported", variant.no_gpu)
        return self._collect(task, variant, precision, run)

    def _collect(self, task: Task, variant: Variant, precision: str, run: Run) -> Evidence:
        """The evidence of one run, from memory if it was run before."""
        key = (task.folder, variant.id, precision, run)
        if key not in self._collected:
            self._collected[key] = self._run(task, variant, precision, run)
        return self._collected[key]

    def reference(self, task: Task, precision: str, run: Run) -> Evidence:
        """The evidence of the NumPy recipe, or of the neighbour's if the task has one, on the processor. It is kept
        from one invocation to the next under a digest of everything that it depends on, because every comparison needs
        it; but not where the weights are unseen."""
        variant, task = variants()[REFERENCE], task.of_reference
        key = (task.folder, variant.id, precision, run)
        if key in self._collected:
            return self._collected[key]
        if REFERENCE not in task.recipes or run.draw:
            return self._collect(task, variant, precision, run)
        from filelock import FileLock

        kept = paths.home() / "reference" / f"{self._reference_digest(task, run, precision)}.npz"
        kept.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(kept.with_suffix(".lock")):  # another process may be at it
            if kept.exists():
                return Evidence(task.name, variant.id, precision, run.name, "ok", path=kept)
            evidence = self._collect(task, variant, precision, run)
            if evidence.path:
                partial = kept.with_suffix(".part")
                shutil.copyfile(evidence.path, partial)
                partial.replace(kept)
        return evidence

    def cases(self, task: Task) -> dict[str, Case]:
        """An operation's cases by name."""
        if task.folder not in self._cases:
            self._cases[task.folder] = read_cases(task, self.dataset.test_images)
        return self._cases[task.folder]

    def runs(self, task: Task, level: ladder.Level) -> list[Run]:
        """What a level needs to have been run."""
        return ladder.runs(task, level, tuple(self.cases(task).values()) if task.kind == "operation" else ())

    def drawn(self, task: Task, variant: Variant, precision: str, run: Run) -> Run:
        """The run as this variant is given it: one from unseen weights has weights of its own for each task, variant
        and precision. The reference runs from them afterwards, so that no variant finds an answer lying about."""
        return replace(run, draw=self._draws[task.folder, variant.id, precision]) if run.weights == "unseen" else run

    def start_weights(self, task: Task, run: Run) -> "dict[str, np.ndarray]":
        """The float32 weights that a run starts from; unseen ones are the task's own in another order."""
        import numpy as np

        weights = task.initial_weights()
        if run.weights not in ("probe", "unseen"):
            return weights
        random = np.random.default_rng(run.draw or PROBE_SEED)
        for name, array in weights.items():
            if not array.any():
                weights[name] = random.normal(0, 0.1, array.shape).astype(array.dtype)
            elif run.draw:
                weights[name] = random.permutation(array.ravel()).reshape(array.shape)
        return weights

    def close(self) -> None:
        self.workers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, task: Task, variant: Variant, precision: str, run: Run) -> Evidence:
        here = (task.name, variant.id, precision, run.name)
        if variant.framework not in task.recipes:
            return Evidence(*here, "not_written", f"{task.file_name(variant.framework)} is not written yet")
        self.announce(f"{variant.id} {precision}: {run.describe()}")
        path = self._folder(task) / variant.id / precision / f"{run.stem}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{run.stem}.part.npz")
        begin = time.perf_counter()
        job = self.job(task, variant, run) | {"results": str(partial)}
        started, answer = self.workers.run(variant, precision, job)
        self.worker_seconds += time.perf_counter() - begin
        if used := started.fields.get("device"):
            self.tf32[variant.id] = used["tf32"]
        if answer.outcome == "ok":
            partial.replace(path)
        else:
            with contextlib.suppress(OSError):
                partial.unlink()
        evidence = Evidence(
            *here,
            answer.outcome,
            answer.reason,
            path if answer.outcome == "ok" else None,
            answer.fields.get("seconds", {}),
            started.fields.get("versions", {}),
            started.fields.get("import_seconds", 0.0),
            answer.fields.get("peak_memory", 0),
            answer.fields.get("peak_device_memory"),
        )
        write_json(path.with_suffix(".json"), asdict(evidence) | {"path": path.name})
        return evidence

    def _folder(self, task: Task) -> Path:
        """A folder of the task's own, even if another task of the same name is compared too."""
        if task.folder not in self._folders:
            taken = {path.name for path in self._folders.values()}
            number = sum(other.rstrip("0123456789").rstrip("-") == task.name for other in taken) + 1
            self._folders[task.folder] = self.folder / (task.name if number == 1 else f"{task.name}-{number}")
        return self._folders[task.folder]

    def job(self, task: Task, variant: Variant, run: Run) -> dict[str, Any]:
        """The job for a worker: paths and plain values only."""
        job: dict[str, Any] = {"recipe": str(task.recipes[variant.framework]), "contract": task.contract()}
        if task.kind == "operation":
            case, parameters = self.cases(task)[run.case], task.specification.FUNCTIONS[run.function]
            return job | {
                "kind": "function",
                "function": run.function,
                "parameters": parameters,
                "arguments": self._save(task, run.case, case.arrays),
                "options": {name: value for name, value in case.options.items() if name in parameters},
                "raises": not case.expected[run.function],
            }
        training, count = self.training(task, run)
        return job | {
            "kind": "network",
            "weights": self._start(task, run),
            "seed": run.seed,
            "train": training and training | {"seed": run.seed},
            "train_count": count,
            "predict_count": len(self.dataset.test_images) if run.whole else run.predict,
            "evaluate": run.whole,
            **self._images,
        }

    def training(self, task: Task, run: Run) -> tuple[dict[str, Any] | None, int]:
        """The keyword arguments for a recipe's `train`, None if it isn't called; and the number of images."""
        values = dict(task.specification.HYPERPARAMETERS)
        if run.whole:
            count = min(task.specification.TRAIN_IMAGES, len(self.dataset.train_images))
            # A small data set is gone through more often, so that the number of steps stays what the task means.
            repeats = max(1, round(task.specification.TRAIN_IMAGES / count))
            return values | {"epochs": (self.epochs or values["epochs"]) * repeats}, count
        if not run.steps:
            return None, 0
        if run.plain:
            values |= {name: plain for name, plain in PLAIN.items() if name in values}
        return values | {"epochs": run.epochs, "shuffle": False}, run.steps * values["batch_size"] + run.rest

    def _start(self, task: Task, run: Run) -> str | None:
        """The file with the weights that a run starts from; None for the framework's own."""
        if run.weights == "own":
            return None
        name = f"{run.weights}-{run.draw:016x}" if run.draw else run.weights
        return self._save(task, name, self.start_weights(task, run))

    def _save(self, task: Task, name: str, arrays: "dict[str, np.ndarray]") -> str:
        """Writes a job's input arrays, once."""
        import numpy as np

        path = self._folder(task) / f"{name}.npz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, allow_pickle=False, **arrays)
        return str(path)

    def _write_images(self) -> dict[str, str]:
        """Lays the images out as files that a worker of any NumPy version can map into memory."""
        import numpy as np

        files = {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in "train_images", "train_labels", "test_images", "test_labels":
                files[name] = str(self.folder / f"{name}.npy")
                np.save(files[name], getattr(self.dataset, name))
        except OSError as error:
            raise UserError(
                f"{self.folder} can't be written: {error.strerror}.\nSet CONCORD_HOME to a folder that can."
            ) from None
        return files

    def _reference_digest(self, task: Task, run: Run, precision: str) -> str:
        """A digest of everything that the reference's arrays depend on."""
        import numpy as np

        training = self.training(task, run) if task.kind == "network" else None
        cases = self.cases(task) if task.kind == "operation" else {}
        facts = [asdict(run), training, precision, self.dataset.digest, np.__version__, platform.python_version()]
        digest = hashlib.sha256(json.dumps(facts).encode())
        for path in (task.folder / "task.py", task.recipes[REFERENCE], PROGRAM, Path(__file__)):
            digest.update(path.read_bytes())
        for case in cases.values():
            digest.update(repr((case.name, case.options)).encode())
            for array in case.arrays.values():
                digest.update(array.tobytes())
        return digest.hexdigest()


def new_folder() -> Path:
    """A folder for one invocation's evidence; those of the last few invocations are kept, older ones removed, unless
    their process is still at work."""
    import psutil

    parent = paths.home() / "evidence"
    with contextlib.suppress(OSError, ValueError):
        for old in sorted(path for path in parent.glob("*-*") if path.is_dir())[: 1 - KEPT]:
            if not psutil.pid_exists(int(old.name.rpartition("-")[2])):
                shutil.rmtree(old, ignore_errors=True)
    return parent / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"


def write_json(path: Path, value: object) -> None:
    """Writes JSON whole or not at all.

    Raises:
        OSError: the folder can't be written to, or is full.
    """
    path = path.resolve()  # a link stays a link
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
