"""The ladder of equivalence: the levels, what each asserts, and the runs that it needs.

A level compares tensors with the NumPy reference in float64, by the relative error |a - r| / |r| (2-norms). For
parameters it is the error of the displacement, weights after minus weights before, never of the weights themselves: a
wrong epsilon or a wrong L2 factor hides behind the size of the weights.
"""

from dataclasses import dataclass

from concord.project.cases import Case
from concord.project.task import Task

LOGIT_IMAGES = 1_000  # whose logits are compared
TRAJECTORY_IMAGES = 10_000  # whose classes are compared after training
STARTS = {"probe": "the probe weights", "unseen": "unseen weights"}


@dataclass(frozen=True)
class Run:
    """One job for a worker. For a network: a start, some steps, some images to predict.

    Args:
        name: unique in its task.
        weights: "initial" (the task's own), "probe" (the same with noise in place of zeros, which hide mistakes),
            "unseen" (drawn anew in each invocation, so that nobody can have stored what they lead to) or "own" (the
            framework's own initialisers).
        steps: training steps of one epoch, 0 for none.
        rest: images beyond the last full batch.
        epochs: how often the images are gone through.
        plain: with learning rate 1 and no momentum, so that the displacement is minus the gradient.
        predict: how many test images.
        whole: an ordinary training run instead: all images, shuffled, scored on all test images.
        seed: of the framework's own initialisers and shuffling.
        draw: the seed of unseen weights.
        function, case: for an operation, what to call and with which arguments.
    """

    name: str
    weights: str = "initial"
    steps: int = 0
    rest: int = 0
    epochs: int = 1
    plain: bool = False
    predict: int = 0
    whole: bool = False
    seed: int = 0
    draw: int = 0
    function: str = ""
    case: str = ""

    @property
    def stem(self) -> str:
        """The name of its files: those of each draw are kept apart."""
        return f"{self.name}-{self.draw:016x}" if self.draw else self.name

    def describe(self) -> str:
        """When in the training, in words."""
        if self.case:
            return f"in {self.function}"
        if self.whole:
            return "in an ordinary run"
        start = f" from {STARTS[self.weights]}" if self.weights in STARTS else ""
        if not self.steps:
            return f"before training{start}"
        if self.rest:
            return f"after {self.epochs} epochs of {self.steps} batches and a short one"
        return f"after {self.steps} step{'s' if self.steps > 1 else ''}{start}"


@dataclass(frozen=True)
class Level:
    """One rung: its gates by precision. None means that the error is reported but not judged."""

    name: str
    asserts: str
    gates: dict[str, float | None]
    runs: tuple[str, ...]


NETWORK_RUNS = {
    run.name: run
    for run in (
        Run("gradient", steps=1, plain=True),  # the first, so that its time is a fresh process's first step
        Run("gradient_probe", weights="probe", steps=1, plain=True),
        Run("initial", predict=LOGIT_IMAGES),
        Run("probe", weights="probe", predict=LOGIT_IMAGES),
        Run("unseen", weights="unseen", predict=LOGIT_IMAGES),
        Run("unseen_steps", weights="unseen", steps=2),
        Run("steps_2", steps=2),
        Run("steps_3", steps=3),
        Run("steps_10", steps=10),
        Run("short_batch", steps=2, rest=37, epochs=2),
        Run("steps_20", steps=20, predict=LOGIT_IMAGES),  # the suite's, which has minutes
        Run("steps_50", steps=50, predict=TRAJECTORY_IMAGES),
        Run("steps_200", steps=200, predict=TRAJECTORY_IMAGES),
        Run("whole", whole=True),
    )
}

NETWORK_LEVELS = (
    Level(
        "shapes",
        "parameter count, names, shapes, dtypes, finite; weights to variables to weights is the identity",
        {"float64": 0.0, "float32": 0.0},
        ("initial", "probe"),
    ),
    Level(
        "logits",
        "same weights, same images; also from weights that are drawn anew each time",
        {"float64": 1e-12, "float32": 1e-5},
        ("initial", "probe", "unseen"),
    ),
    Level("loss", "the first batch's loss", {"float64": 1e-13, "float32": 2e-6}, ("gradient", "gradient_probe")),
    Level(
        "gradients",
        "displacement of one plain step over the learning rate",
        {"float64": 1e-11, "float32": 5e-5},
        ("gradient", "gradient_probe"),
    ),
    Level(
        "updates",
        "displacement after 2, 3 and 10 steps, and after two epochs with a short last batch",
        {"float64": 1e-10, "float32": None},
        ("steps_2", "steps_3", "short_batch", "unseen_steps", "steps_10"),
    ),
    Level(
        "trajectory",
        "displacement after 50 and 200 steps, and the class of every test image",
        {"float64": 1e-8, "float32": None},
        ("steps_50", "steps_200"),
    ),
    Level("accuracy", "an ordinary run: over the floor, near the reference", {"float32": 0.0}, ("whole",)),
)

OPERATION_LEVELS = (
    Level("shapes", "shape, dtype, finite", {"float64": 0.0, "float32": 0.0}, ()),
    Level("values", "each case's exact answer, and the reference's", {"float64": 1e-14, "float32": 1e-6}, ()),
)

LEVEL_NAMES = tuple(dict.fromkeys(level.name for level in (*NETWORK_LEVELS, *OPERATION_LEVELS)))


def levels(task: Task) -> tuple[Level, ...]:
    """The rungs that a task is held to, in order."""
    return OPERATION_LEVELS if task.kind == "operation" else NETWORK_LEVELS


def runs(task: Task, level: Level, cases: tuple[Case, ...] = ()) -> list[Run]:
    """What a level needs to have been run; an operation calls each function with each of its cases."""
    if task.kind == "operation":
        return [
            Run(f"{function}_{case.name}", function=function, case=case.name)
            for function in task.specification.FUNCTIONS
            for case in cases
            if function in case.functions
        ]
    return [NETWORK_RUNS[name] for name in level.runs]
