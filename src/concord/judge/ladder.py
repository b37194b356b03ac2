"""The ladder of equivalence: the levels, what each asserts, and the runs that it needs.

A level compares tensors with the NumPy reference in float64, by the relative error |a - r| / |r| (2-norms). For
parameters it is the error of the displacement, weights after minus weights before, never of the weights themselves: a
wrong epsilon or a wrong L2 factor hides behind the size of the weights.

Two depths: `quick` proves with few, strong runs, in which everything is drawn anew; `full` makes every run.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from concord.project.cases import Case
from concord.project.errors import UserError, nearest
from concord.project.experiment import Setting
from concord.project.task import Task

PREFIX_STEPS = 10
SHORT_LAST = 7  # images of a setting's last batch
LOGIT_IMAGES = 1_003  # whose logits are compared: more than a thousand, and no multiple of anything
TRAJECTORY_IMAGES = 10_000  # whose classes are compared after training
STARTS = {"probe": "the probe weights", "unseen": "unseen weights", "large": "large weights", "huge": "huge weights"}
DRAWN_STARTS = ("unseen", "large", "huge")
DEPTHS = ("quick", "full")


@dataclass(frozen=True)
class Run:
    """One job for a worker. For a network: a start, some steps, some images to predict.

    Args:
        name: unique in its task.
        weights: "initial" (the task's own), "probe" (the same with noise in place of zeros, which hide mistakes),
            "unseen" (drawn anew for each run that really happens, so that nobody can have stored what they lead to),
            "large", "huge" (drawn too, and so large that exponentials overflow) or "own" (the framework's own
            initialisers).
        steps: full batches of one epoch, 0 for no training.
        rest: images beyond the last full batch.
        epochs: how often the images are gone through.
        batch: its size; 0 for the task's own.
        plain: with learning rate 1 and no momentum, so that the displacement is minus the gradient.
        drawn: with hyper-parameters, batch size and training images that are drawn, too.
        conduct: "all" where whatever surrounds the arithmetic is tried as well, "epochs" where only what an epoch goes
            through; see `run_conduct` in the worker's program; "alike" for `run_alike`.
        many_epochs: as many as the task has, if these are more, of fewer steps each.
        predict_first: how many test images are predicted before training.
        predict: how many test images, after training.
        whole: an ordinary training run instead: all images, shuffled, scored on all test images.
        short: such a run with fewer steps and test images.
        seed: of the framework's own initialisers and shuffling.
        draw: the seed of what is drawn.
        function, case: for an operation, what to call and with which arguments.
        setting: for an experiment, which of its settings; `steps` of it, or the whole training.
        shuffled: whether such a training is shuffled.
        perturbed: from weights that differ by a relative 1e-14: what it changes is chaotic.
        reference: only what others are held against.
    """

    name: str
    weights: str = "initial"
    steps: int = 0
    rest: int = 0
    epochs: int = 1
    batch: int = 0
    plain: bool = False
    drawn: bool = False
    conduct: str = ""
    many_epochs: bool = False
    predict_first: int = 0
    predict: int = 0
    whole: bool = False
    short: bool = False
    seed: int = 0
    draw: int = 0
    function: str = ""
    case: str = ""
    setting: str = ""
    shuffled: bool = False
    perturbed: bool = False
    reference: bool = False

    @property
    def ordinary(self) -> bool:
        return self.whole or self.short

    @property
    def all_steps(self) -> int:
        return self.epochs * (self.steps + bool(self.rest))

    def describe(self) -> str:
        """When in the training, in words."""
        if self.case:
            return f"in {self.function}"
        if self.setting:
            when = f"the first {self.all_steps} steps" if self.steps else "the training"
            return f"in {when} with the setting {self.setting}"
        if self.ordinary:
            return "in a short ordinary run" if self.short else "in an ordinary run"
        start = f" from {STARTS[self.weights]}" if self.weights in STARTS else ""
        if not self.steps:
            return f"before training{start}"
        if self.drawn:
            return f"in {self.all_steps} steps with drawn weights, images and hyper-parameters"
        if self.rest:
            return f"after {self.epochs} epochs of {self.steps} batches and a short one"
        return f"after {self.steps} step{'s' if self.steps > 1 else ''}{start}"


@dataclass(frozen=True)
class Level:
    """One rung. `gates` holds the largest error by precision; None means that the error is reported but not judged.
    `runs` names what it needs, by precision."""

    name: str
    asserts: str
    gates: dict[str, float | None]
    runs: dict[str, tuple[str, ...]] = field(default_factory=dict)


NETWORK_RUNS = {
    run.name: run
    for run in (
        # Three epochs of four batches and one image: twelve steps. In float32 kinks flip sooner or later, so there are
        # three steps of the same there.
        Run(
            "drawn",
            "unseen",
            steps=3,
            rest=1,
            epochs=3,
            drawn=True,
            conduct="all",
            predict_first=LOGIT_IMAGES,
            predict=100,
        ),
        Run("drawn_3", "unseen", steps=2, rest=1, drawn=True, conduct="epochs", predict_first=LOGIT_IMAGES),
        # Many epochs and many steps, of two images each so that they cost little.
        Run(
            "long",
            "unseen",
            steps=25,
            batch=2,
            epochs=10,
            drawn=True,
            conduct="alike",
            many_epochs=True,
            predict=100,
        ),
        # The very numbers of task.py; and what ties, and what lies exactly on a kink, shows on digits with their black
        # borders alone.
        Run("digits", steps=2),
        Run("large", weights="large", steps=1, batch=40, plain=True, predict_first=100),
        Run("huge", weights="huge", steps=1, batch=101, plain=True, predict_first=100),  # more than any other batch
        Run("short", short=True),
        Run("gradient", steps=1, plain=True),
        Run("gradient_probe", weights="probe", steps=1, plain=True),
        Run("initial", predict=LOGIT_IMAGES),
        Run("probe", weights="probe", predict=LOGIT_IMAGES),
        Run("unseen", weights="unseen", predict=LOGIT_IMAGES),
        Run("unseen_steps", weights="unseen", steps=2),
        Run("steps_2", steps=2),
        Run("steps_3", steps=3),
        Run("steps_10", steps=10),
        Run("short_batch", steps=2, rest=37, epochs=2),
        Run("steps_50", steps=50, predict=TRAJECTORY_IMAGES),
        Run("steps_200", steps=200, predict=TRAJECTORY_IMAGES),
        Run("whole", whole=True),
    )
}


def both(*names: str) -> dict[str, tuple[str, ...]]:
    """The same runs in both precisions."""
    return {"float64": names, "float32": names}


DRAWN = {"float64": ("drawn",), "float32": ("drawn_3",)}

TRAINING = Level(
    "training",
    "displacement, losses and logits after three epochs with a last batch of one image, from weights, images and "
    "hyper-parameters that are all drawn anew; in float32 after three steps",
    {"float64": 1e-10, "float32": 2e-4},
    DRAWN,
)
DIGITS = Level(
    "updates",
    "displacement of two steps on digits, with their ties, by the task's own hyper-parameters",
    {"float64": 1e-10},
    {"float64": ("digits",)},
)
# No kink moves a loss: rounding did by 3e-7 at most (15 networks, 4 variants), images in half precision by 1.5e-6 at
# least.
LOSSES = Level(
    "loss",
    "the losses of what is drawn: of three epochs, of one batch, of shuffled epochs that learn nothing",
    {"float64": 1e-10, "float32": 1e-6},
    DRAWN,
)
CONDUCT = Level(
    "conduct",
    "each image once an epoch, in another order each time, which the seed decides; the same call gives the same bits; "
    "nothing of the caller's is changed or kept; evaluate says what predict says; the defaults are task.py's; in "
    "float32 that each image comes once",
    {"float64": 1e-10, "float32": 2e-4},
    DRAWN,
)
RANGE = Level(
    "range",
    "logits, loss and gradients from weights so large that exponentials overflow",
    {"float64": 1e-10, "float32": 5e-5},
    {"float64": ("huge",), "float32": ("large",)},
)
# In float32 a few ReLUs flip in 250 steps of a CNN: of 20 draws 5 above 0.01, none above 0.1; and what fails is drawn
# twice more. A tenth of the rate in the last 50 steps is 0.18.
LONG = Level(
    "trajectory",
    "displacement and losses after 250 steps in ten epochs, or as many as the task has, all drawn anew; and of as many "
    "shuffled ones, on images that are all the same",
    {"float64": 1e-8, "float32": 0.1},
    both("long"),
)

NETWORK_LEVELS = (
    Level(
        "shapes",
        "parameter count, names, shapes, dtypes, finite; weights survive the way in and out",
        {"float64": 0.0, "float32": 0.0},
        both("initial", "probe"),
    ),
    Level(
        "logits",
        "same weights, same images; also from weights that are drawn anew each time",
        {"float64": 1e-12, "float32": 1e-5},
        both("initial", "probe", "unseen"),
    ),
    Level("loss", "the first batch's loss", {"float64": 1e-13, "float32": 2e-6}, both("gradient", "gradient_probe")),
    Level(
        "gradients",
        "displacement of one plain step over the learning rate",
        {"float64": 1e-11, "float32": 5e-5},
        both("gradient", "gradient_probe"),
    ),
    Level(
        "updates",
        "displacement after 2, 3 and 10 steps, and after two epochs with a short last batch; in float32 after 2 and 3",
        {"float64": 1e-10, "float32": 2e-4},
        {
            "float64": ("steps_2", "steps_3", "short_batch", "unseen_steps", "steps_10"),
            "float32": ("steps_2", "steps_3", "unseen_steps"),
        },
    ),
    TRAINING,
    CONDUCT,
    RANGE,
    Level(
        "trajectory",
        "displacement after 50 and 200 steps, and the class of every test image",
        {"float64": 1e-8, "float32": None},
        both("steps_50", "steps_200"),
    ),
    Level("accuracy", "an ordinary run: over the floor, near the reference", {"float32": 0.0}, {"float32": ("whole",)}),
)

QUICK_NETWORK_LEVELS = (
    Level("shapes", NETWORK_LEVELS[0].asserts, {"float64": 0.0, "float32": 0.0}, DRAWN),
    Level("logits", "from drawn weights", {"float64": 1e-12, "float32": 1e-5}, DRAWN),
    DIGITS,
    LOSSES,
    TRAINING,
    CONDUCT,
    RANGE,
    LONG,
    Level(
        "accuracy",
        "a short ordinary run: over the floor, near the reference",
        {"float32": 0.0},
        {"float32": ("short",)},
    ),
)
# What names the place where something parts, from the bottom up; the long runs can't.
SHALLOW_LEVELS = NETWORK_LEVELS[:5]

OPERATION_LEVELS = (
    Level("shapes", "shape, dtype, finite", {"float64": 0.0, "float32": 0.0}),
    Level(
        "values",
        "each case's exact answer, and the reference's; and the reference's with the arrays in another order, which is "
        "drawn anew each time",
        {"float64": 1e-14, "float32": 1e-6},
    ),
)

PREFIX = Level(
    "prefix",
    f"displacement and losses after the first {PREFIX_STEPS} steps of every setting",
    {"float64": 1e-10},
)
# Of a network with settings of its own: what only another setting reaches is judged in float32 too, as roughly as any
# ten steps.
NETWORK_PREFIX = replace(
    PREFIX,
    asserts=f"displacement and losses after the first {PREFIX_STEPS} steps of every setting, in two epochs",
    gates={"float64": 1e-10, "float32": 0.05},
)
FINDINGS = Level("findings", "what the recipe says, of shuffled training", {"float32": 0.0})
EXPERIMENT_LEVELS = (
    PREFIX,
    Level(
        "curves",
        "loss, validation loss and accuracy of each epoch, of every setting that isn't chaotic",
        {"float64": 1e-8},
    ),
    FINDINGS,
)
CURVE = Level("curve", "loss, validation loss and accuracy of each epoch, of the first setting", {"float64": 1e-8})
QUICK_EXPERIMENT_LEVELS = (PREFIX, CURVE)

SETTINGS_LEVELS = {level.name for level in (*EXPERIMENT_LEVELS, *QUICK_EXPERIMENT_LEVELS)}  # which train with each

LEVEL_NAMES = tuple(
    dict.fromkeys(
        level.name for level in (*NETWORK_LEVELS, *OPERATION_LEVELS, *EXPERIMENT_LEVELS, *QUICK_EXPERIMENT_LEVELS)
    )
)


def perturbed(run: Run) -> Run:
    """The same training from weights that differ a little."""
    return replace(run, name=f"{run.name}_perturbed", perturbed=True)


def levels(task: Task, depth: str = "full") -> tuple[Level, ...]:
    """The rungs that a task is held to, in order."""
    if task.kind == "operation":
        return OPERATION_LEVELS
    full = depth == "full"
    every = (NETWORK_LEVELS if full else QUICK_NETWORK_LEVELS) if task.kind == "network" else ()
    if task.settings:
        own = EXPERIMENT_LEVELS if full else QUICK_EXPERIMENT_LEVELS
        # When a training stops shows only in a whole one.
        rest = own[1:] if full else (CURVE,) if task.stops_early else ()
        every += (NETWORK_PREFIX, *rest) if every else own
    return tuple(own_gates(task, level) for level in every)


def shallow(task: Task) -> tuple[Level, ...]:
    """The rungs that name the place where a network's quick proof parts from the reference."""
    return tuple(own_gates(task, level) for level in SHALLOW_LEVELS)


def prefix(task: Task, precision: str, number: int, name: str) -> Run:
    """The first steps of a setting. Of a network's own it is two epochs; and where a text is set, which no draw
    reaches, the first setting with it has a short last batch too: once, as another size takes time to compile."""

    def texts(one: Setting) -> dict[str, Any]:
        return {key: value for key, value in one.training.items() if isinstance(value, str)}

    if task.kind != "network":
        return Run(f"prefix_{number}", setting=name, steps=PREFIX_STEPS)
    own = texts(task.settings[name])
    first = next(other for other, one in task.settings.items() if texts(one) == own)
    if own and name == first and precision == "float64":
        # A name of its own: float32's has no short batch, and both are held against float64.
        return Run(f"short_prefix_{number}", setting=name, steps=PREFIX_STEPS // 2 - 1, rest=SHORT_LAST, epochs=2)
    return Run(f"prefix_{number}", setting=name, steps=PREFIX_STEPS // 2, epochs=2)


def own_gates(task: Task, level: Level) -> Level:
    """The level with the gates that the task has for it, if any."""
    gates = getattr(task.specification, "GATES", {})
    if strange := [name for name in gates if name not in LEVEL_NAMES]:
        raise UserError(f"{task.folder / 'task.py'}: GATES: " + nearest("level", strange[0], LEVEL_NAMES))
    own = gates.get(level.name, {})
    return replace(level, gates={precision: own.get(precision, gate) for precision, gate in level.gates.items()})


def runs(task: Task, level: Level, precision: str, cases: tuple[Case, ...] = ()) -> list[Run]:
    """What a level needs to have been run; an operation calls each function with each of its cases."""
    if task.kind == "operation":
        return [
            Run(f"{function}_{case.name}", function=function, case=case.name)
            for function in task.specification.FUNCTIONS
            for case in cases
            if function in case.functions
        ]
    if level.name in SETTINGS_LEVELS:
        found, different = [], {}
        for number, one in enumerate(task.settings.values()):
            weights, seed = "own" if one.own else "initial", one.own.get("seed", 1)
            found.append(Run(f"finding_{number}", weights, setting=one.name, shuffled=True, seed=seed))
            # From the shared start, in the task's order, a seed changes nothing.
            different.setdefault(repr(replace(one, name="", own={})), (number, one.name))
        if level.name == "findings":
            return found
        settings = list(different.values())[: 1 if level.name == "curve" else None]
        if level.name == "prefix":
            return [prefix(task, precision, number, name) for number, name in settings]
        return [Run(f"curve_{number}", setting=name) for number, name in settings]
    return [NETWORK_RUNS[name] for name in level.runs.get(precision, ())]
