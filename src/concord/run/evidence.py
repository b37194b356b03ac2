"""Evidence: what a run left behind. It comes from the store where nothing has changed since, else from a worker."""

import contextlib
import hashlib
import os
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from concord.data.own import made_by
from concord.judge import ladder
from concord.judge.ladder import Run
from concord.project import paths
from concord.project.cases import Case, read_cases
from concord.project.errors import UserError
from concord.project.framework import REFERENCE, Variant, variants
from concord.project.outcomes import Outcome
from concord.project.task import TRAINING, Task
from concord.run import plan
from concord.run.pool import Workers
from concord.run.process import PROGRAM
from concord.run.store import Store, digest_of, variant_digest

if TYPE_CHECKING:
    import numpy as np

    from concord.data.datasets import Dataset

KEPT_SAFE = "What was proven before is kept.\nMake room (`concord store clear`), or set CONCORD_HOME to another folder."
KEPT = 3  # folders of earlier invocations, for their logs
HARNESS = (PROGRAM, Path(plan.__file__), Path(__file__))  # what every run's arrays depend on
IMAGES = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True)
class Evidence:
    """One run of one variant at one precision. The arrays lie in `path`, which is None where the run failed."""

    recipe: str
    variant: str
    precision: str
    run: Run
    outcome: Outcome
    reason: str = ""
    path: Path | None = None
    created: float = 0.0  # in seconds since 1970
    stored: bool = False  # from the store: it wasn't run now
    seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    import_seconds: float = 0.0
    peak_memory: int = 0  # bytes, of the whole process so far
    peak_device_memory: int | None = None  # bytes, likewise; None without a GPU

    def arrays(self) -> "dict[str, np.ndarray]":
        """See `concord.judge.verdict.Held`."""
        import numpy as np

        assert self.path
        with np.load(self.path, allow_pickle=False) as file:
            return dict(file)


@dataclass(frozen=True)
class Images:
    """A data set, laid out as files that a worker of any NumPy version can map into memory.

    What tasks make of it is made once: `cases` by the function that makes them, `others` likewise.
    """

    dataset: "Dataset"
    files: dict[str, str]
    cases: dict[Callable, dict[str, Case]] = field(default_factory=dict, compare=False)
    others: "dict[Callable, Images]" = field(default_factory=dict, compare=False)


def lay_out(dataset: "Dataset") -> Images:
    """Writes the images once for each data set.

    Raises:
        UserError: the folder can't be written.
    """
    import numpy as np

    folder = paths.home() / "images" / dataset.digest[:16]
    files = {name: folder / f"{name}.npy" for name in IMAGES}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, file in files.items():
            array = getattr(dataset, name)
            if not file.exists() or file.stat().st_size < array.nbytes:
                partial = folder / f".{name}.{os.getpid()}-{threading.get_ident()}.part.npy"
                np.save(partial, array)
                partial.replace(file)
    except OSError as error:
        raise UserError(
            f"{folder} can't be written: {error.strerror}.\nSet CONCORD_HOME to a folder that can."
        ) from None
    return Images(dataset, {name: str(file) for name, file in files.items()})


class Collector:
    """Gets evidence: each thing once, from memory, from the store, or from a worker.

    Args:
        folder: for the workers' logs and the jobs' inputs.
        dataset: the images and labels, or such as are laid out already.
        store: where evidence is looked for and kept; None for neither.
        announce: is told what is about to run, in a few words.
        device: what everything but the reference runs on, "cpu" or "gpu".
        worker_options: limits and threads of the workers.
    """

    def __init__(
        self,
        folder: Path,
        dataset: "Dataset | Images",
        *,
        store: Store | None = None,
        announce: Callable[[str], None] = lambda what: None,
        device: str = "cpu",
        **worker_options: Any,
    ):
        self.folder = folder
        self.images = dataset if isinstance(dataset, Images) else lay_out(dataset)
        self.dataset = self.images.dataset
        self.store = store
        self.announce = announce
        self.device = device
        self.tf32: dict[str, str] = {}  # by variant: what its framework says of TF32 on the GPU
        self.workers = Workers(folder, lambda what: self.announce(what), device=device, **worker_options)
        self._collected: dict[tuple[Path, str, str, Run], Evidence] = {}
        self._folders: dict[Path, Path] = {}
        self._task_digests: dict[tuple[Path, Path], str] = {}

    def collect(self, task: Task, variant: Variant, precision: str, run: Run) -> Evidence:
        """The evidence of one run on the device. Its own `run` says what was drawn for it."""
        if self.device == "gpu" and variant.no_gpu:
            return Evidence(task.name, variant.id, precision, run, "unsupported", variant.no_gpu)
        key = (task.folder, variant.id, precision, run)
        if key not in self._collected:
            self._collected[key] = self._find_or_run(task, variant, precision, run)
        return self._collected[key]

    def reference(self, task: Task, run: Run) -> Evidence:
        """What the NumPy program gives, on the processor: in float64, unless it shuffles. It runs after the variant
        whose weights were drawn, so that no recipe finds an answer lying about."""
        precision = "float32" if run.ordinary or run.shuffled else "float64"
        variant, task = variants()[REFERENCE], task.of_reference
        run = replace(run, reference=bool(run.conduct))
        key = (task.folder, f"{REFERENCE} as the reference", precision, run)
        if key not in self._collected:
            with locks[key]:  # several threads may want the same one
                self._collected[key] = self._find_or_run(task, variant, precision, run)
        return self._collected[key]

    def again(self, task: Task, variant: Variant, precision: str, run: Run) -> Evidence:
        """Runs what is drawn anew, with another draw, whatever there is."""
        found = self._collected[task.folder, variant.id, precision, run] = self._run(task, variant, precision, run)
        return found

    def of(self, task: Task, variant: Variant) -> list[Evidence]:
        """What has been collected of one program so far."""
        return [found for key, found in self._collected.items() if key[:2] == (task.folder, variant.id)]

    def cases(self, task: Task) -> dict[str, Case]:
        """An operation's cases by name."""
        make, known = task.specification.cases, self.images.cases
        with locks[make]:  # several threads may want the same ones
            if make not in known:
                known[make] = read_cases(task, self.dataset.test_images)
        return known[make]

    def images_of(self, task: Task) -> Images:
        """The images that a task is run on: the chosen ones, or what it makes of them, or makes itself."""
        make = getattr(task.specification, "data", None) if task.kind == "network" else None
        if make is None:
            return self.images
        known = self.images.others
        with locks[make]:
            if make not in known:
                known[make] = lay_out(made_by(task, self.dataset))
        return known[make]

    def forget(self, task: Task, run: Run) -> None:
        """Takes away the files that were made for a run's draw."""
        for file in self._inputs(task).glob(f"*-{run.draw:x}.*"):
            file.unlink()

    def runs(self, task: Task, level: ladder.Level, precision: str) -> list[Run]:
        """What a level needs to have been run."""
        return ladder.runs(task, level, precision, tuple(self.cases(task).values()) if task.kind == "operation" else ())

    def close(self) -> None:
        self.workers.close()
        shutil.rmtree(self.folder / "inputs", ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _find_or_run(self, task: Task, variant: Variant, precision: str, run: Run) -> Evidence:
        here = (task.name, variant.id, precision, run)
        if variant.framework not in task.recipes:
            missing = f"{task.file_name(variant.framework)} is not written yet"
            why, _ = task.not_possible.get(variant.framework, (missing, ""))
            return Evidence(*here, "not_written", why)
        if variant.versions() is None or (variant.own and variant.own.state() != "ready"):
            return self._run(task, variant, precision, run)  # says what is missing, or makes it
        entry = self.store and self.store.find(self.digest(task, variant, precision, run))
        if not entry:
            return self._run(task, variant, precision, run)
        facts = dict(entry.facts)
        drawn = run if run.draw else plan.drawn(run, facts.pop("draw"))
        facts.pop("draw", None)
        return Evidence(*here[:3], drawn, "ok", path=entry.arrays, created=entry.created, stored=True, **facts)

    def _run(self, task: Task, variant: Variant, precision: str, asked: Run) -> Evidence:
        run = asked if asked.draw else plan.drawn(asked, int.from_bytes(os.urandom(6), "big"))
        self.announce(f"{task.name} {variant.id} {precision}: {run.describe()}")
        results = self._inputs(task) / f"{variant.id}-{precision}-{run.name}-{run.draw:x}.part.npz"
        try:
            job = self.job(task, variant, run) | {"results": str(results)}
        except OSError as error:
            raise UserError(f"{results.parent} can't be written: {error.strerror or error}. {KEPT_SAFE}") from None
        started, answer = self.workers.run(variant, precision, job)
        if full := answer.fields.get("disk"):
            raise UserError(f"{full}. {KEPT_SAFE}")
        if used := started.fields.get("device"):
            self.tf32[variant.id] = used["tf32"]
        evidence = Evidence(
            task.name,
            variant.id,
            precision,
            run,
            answer.outcome,
            answer.reason,
            results if answer.outcome == "ok" else None,
            time.time(),
            seconds=answer.fields.get("seconds", {}),
            versions=started.fields.get("versions", {}),
            import_seconds=started.fields.get("import_seconds", 0.0),
            peak_memory=answer.fields.get("peak_memory", 0),
            peak_device_memory=answer.fields.get("peak_device_memory"),
        )
        if evidence.outcome != "ok":
            with contextlib.suppress(OSError):
                results.unlink()
        elif self.store:
            names = ("seconds", "versions", "import_seconds", "peak_memory", "peak_device_memory")
            facts = {name: getattr(evidence, name) for name in names} | {"draw": run.draw}
            entry = self.store.keep(self.digest(task, variant, precision, asked), results, facts)
            evidence = replace(evidence, path=entry.arrays)
        return evidence

    def job(self, task: Task, variant: Variant, run: Run) -> dict[str, Any]:
        """The job for a worker: paths and plain values only."""
        import numpy as np

        job: dict[str, Any] = {"recipe": str(task.recipes[variant.framework]), "contract": task.contract()}
        if task.kind == "operation":
            case, parameters = self.cases(task)[run.case], task.specification.FUNCTIONS[run.function]
            return job | {
                "kind": "function",
                "function": run.function,
                "case": run.case,
                "parameters": parameters,
                "arguments": self._save(task, run.case, case.arrays),
                "others": self._others(task, run, case),
                "options": {name: value for name, value in case.options.items() if name in parameters},
                "raises": not case.expected[run.function],
            }
        job |= {"adapter": str(variant.weights_code), "flattened": task.flattened, "weights": self._start(task, run)}
        if run.setting:
            setting, arrays = task.settings[run.setting], self._setting_arrays(task, run.setting)
            training, count = plan.setting_training(task, run, len(np.load(arrays["labels"])))
            injected = plan.injected(task, run, training, count)
            return job | {
                "kind": "setting",
                "names": list(task.initial_weights(**setting.start)),
                "seed": run.seed,
                "variables": setting.variables,
                "train": training,
                "train_count": count,
                "watched": not run.steps,
                "injected": self._save(task, f"injected-{run.name}", injected) if injected else None,
                "every": setting.watching.get("every", 0) if not run.steps else 0,
                "arrays": arrays,
            }
        images = self.images_of(task)
        training, count = plan.training(task, run, images.dataset)
        injected = plan.injected(task, run, training, count) if training else {}
        return job | {
            "kind": "network",
            "names": list(task.initial_weights()),
            "seed": run.seed,
            "train": training and training | {"seed": run.seed},
            "train_count": count,
            "injected": self._save(task, f"injected-{run.name}-{run.draw:x}", injected) if injected else None,
            "untrained": list(task.untrained),
            "predict_first": run.predict_first,
            "predict_count": plan.test_images(run, images.dataset),
            "evaluate": run.ordinary,
            "whole": run.whole,
            "counts": task.score.name == "accuracy",
            "conduct": run.conduct,
            "reference": run.reference,
            "smallest": task.smallest_batch,
            "draws": bool(task.injected),
            "stops_early": task.stops_early,
            "own": self._own_numbers(task, run) if run.conduct in ("all", "epochs") and injected else None,
            "defaults": task.specification.HYPERPARAMETERS | TRAINING,
            "varied": [name for name, array in task.initial_weights().items() if array.ndim > 1 and array.std()],
            "spreads": plan.spreads(task),
            **images.files,
            **(self._chosen_images(task, run, count) if run.drawn or run.short else {}),
        }

    def digest(self, task: Task, variant: Variant, precision: str, run: Run) -> str:
        """Of everything that a run's arrays depend on, but for what is drawn for it."""
        program, dataset = task.recipes[variant.framework], self.images_of(task).dataset
        if task.kind == "operation":
            case = self.cases(task)[run.case]
            given: Any = [plan.arrays_digest(case.arrays), case.options, not case.expected[run.function]]
        elif run.setting:
            setting = task.settings[run.setting]
            weights = plan.arrays_digest(task.initial_weights(**setting.start))
            given = [weights, asdict(setting), plan.setting_training(task, run, task.specification.TRAIN_IMAGES)]
        else:
            given = [
                plan.arrays_digest(task.initial_weights()),
                plan.training(task, replace(run, drawn=False), dataset),
            ]
        return digest_of(
            run=asdict(run),
            precision=precision,
            data=dataset.digest,
            device=self.device,
            variant=variant_digest(variant),
            task=self.task_digest(task, program),
            contract=task.contract(),
            given=given,
            adapter=file_digest(variant.weights_code) if task.kind != "operation" else "",
            harness=[file_digest(file) for file in HARNESS],
        )

    def given(self, task: Task) -> list[Any]:
        """What a task's programs are given, as digests: each start, or each case and what is expected of it."""
        if task.kind == "operation":
            return [
                [case.name, plan.arrays_digest(case.arrays), case.options, case.gates]
                + [[name, *(plan.arrays_digest({"": one}) for one in out)] for name, out in case.expected.items()]
                for case in self.cases(task).values()
            ]
        starts = [setting.start for setting in task.settings.values()] or [{}]
        return [plan.arrays_digest(task.initial_weights(**start)) for start in starts]

    def task_digest(self, task: Task, program: Path) -> str:
        """Read once: what changes while a comparison runs is another program's business."""
        if (task.folder, program) not in self._task_digests:
            self._task_digests[task.folder, program] = plan.task_digest(task, program)
        return self._task_digests[task.folder, program]

    def _start(self, task: Task, run: Run) -> str | None:
        """The file with the weights that a run starts from; None for the framework's own."""
        if run.weights == "own":
            return None
        name = f"{run.weights}-{run.draw:x}" if run.draw else run.weights
        if run.setting:
            name = f"start of {run.name}"
        return self._save(task, name, plan.start_weights(task, run))

    def _others(self, task: Task, run: Run, case: Case) -> str | None:
        """The file with other arguments for a case; None where it allows none."""
        others = plan.other_arguments(case, run.draw)
        return self._save(task, f"others-{run.name}-{run.draw:x}", others) if others else None

    def _setting_arrays(self, task: Task, name: str) -> dict[str, str]:
        """The files with what a setting is trained and validated on, written once for all settings that share it."""
        import numpy as np

        made_with = hashlib.sha256(repr(task.settings[name].data).encode()).hexdigest()[:8]
        folder = self._inputs(task)
        names = ["images", "labels", "validation_images", "validation_labels"]
        names += ["parts"] if hasattr(task.specification, "parts") else []
        files = {part: folder / f"{part}-{made_with}.npy" for part in names}
        if not all(file.exists() for file in files.values()):
            for part, array in plan.setting_arrays(task, name, self.dataset).items():
                np.save(files[part], array)
        return {part: str(file) for part, file in files.items()}

    def _chosen_images(self, task: Task, run: Run, count: int) -> dict[str, str]:
        """The files of the training images and labels of a run that has its own."""
        import numpy as np

        files, dataset = {}, self.images_of(task).dataset
        chosen = plan.drawn_images(dataset, count, run.draw) if run.drawn else plan.sorted_images(dataset, count)
        for name, array in zip(IMAGES[:2], chosen, strict=True):
            files[name] = str(self._inputs(task) / f"{name}-{f'{run.draw:x}' if run.drawn else run.name}.npy")
            np.save(files[name], array)
        return files

    def _own_numbers(self, task: Task, run: Run) -> list[dict[str, Any]]:
        """What the numbers that a recipe draws itself are held against: as many that are injected."""
        made = []
        for number, (training, count) in enumerate(plan.own_numbers(task)[: 2 if run.conduct == "all" else 1]):
            file = self._save(task, f"own_{number}-{run.draw:x}", plan.injected(task, run, training, count))
            made.append({"train": training, "count": count, "injected": file})
        return made

    def _save(self, task: Task, name: str, arrays: "dict[str, np.ndarray]") -> str:
        """Writes a job's input arrays, once."""
        import numpy as np

        path = self._inputs(task) / f"{name}.npz"
        if not path.exists():
            np.savez(path, allow_pickle=False, **arrays)
        return str(path)

    def _inputs(self, task: Task) -> Path:
        """A folder of the task's own, even if another task of the same name is compared too."""
        if task.folder not in self._folders:
            digest = hashlib.sha256(str(task.folder).encode()).hexdigest()[:8]
            folder = self.folder / "inputs" / f"{task.name}-{digest}"
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UserError(
                    f"{folder} can't be written: {error.strerror}.\nSet CONCORD_HOME to a folder that can."
                ) from None
            self._folders[task.folder] = folder
        return self._folders[task.folder]


def file_digest(file: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


locks: defaultdict[Any, threading.Lock] = defaultdict(threading.Lock)


def new_folder() -> Path:
    """A folder for one invocation; those of the last few are kept for their logs, older ones removed, unless their
    process is still at work."""
    import psutil

    parent = paths.home() / "runs"
    with contextlib.suppress(OSError, ValueError):
        for old in sorted(path for path in parent.glob("*-*") if path.is_dir())[: 1 - KEPT]:
            if not psutil.pid_exists(int(old.name.rpartition("-")[2])):
                shutil.rmtree(old, ignore_errors=True)
    return parent / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"
