"""Whether the chosen data is what a task accepts: the size of the images, and the labels."""

from collections.abc import Iterable, Sequence

from concord.data.datasets import Dataset
from concord.project.errors import UserError
from concord.project.task import Accepts, Task


def accepts(task: Task, dataset: Dataset) -> bool:
    """Whether a task can be run on the data; one that makes its own takes no notice of it."""
    return hasattr(task.specification, "DATA") or fits(task.accepts, dataset)


def fits(accepted: Accepts, dataset: Dataset) -> bool:
    """Whether the images have the size that is accepted, and each label is a class."""
    size, highest = dataset.train_images.shape[1:], labels(dataset)[1]
    return accepted.shape in (None, size) and (accepted.classes is None or highest < accepted.classes)


def check_accepted(tasks: Iterable[Task], dataset: Dataset) -> None:
    """Refuses data that one of the tasks can't be run on.

    Raises:
        UserError: what was found, what is accepted, and by which task.
    """
    for task in tasks:
        if not accepts(task, dataset):
            raise refusal(task.name, task.accepts, dataset)


def check_as_mnist(command: str, dataset: Dataset) -> None:
    """Refuses data that hasn't MNIST's size and classes, for a command that no task speaks for.

    Raises:
        UserError: what was found, and what is accepted.
    """
    if not fits(Accepts(), dataset):
        raise refusal(command, Accepts(), dataset)


def refusal(what: str, accepted: Accepts, dataset: Dataset) -> UserError:
    return UserError(f"{dataset.source}: {contents(dataset)}.\n{what} accepts: {accepted}.")


def choose(tasks: Sequence[Task], dataset: Dataset) -> tuple[list[Task], list[str]]:
    """The tasks that can be run on the data, and lines that tell which are left out.

    Raises:
        UserError: none can.
    """
    chosen = [task for task in tasks if accepts(task, dataset)]
    if not any(fits(task.accepts, dataset) for task in chosen):
        check_accepted(tasks, dataset)
    left_out: dict[str, list[str]] = {}
    for task in tasks:
        if task not in chosen:
            left_out.setdefault(str(task.accepts), []).append(task.name)
    lines = [f"Left out, because what they accept is {what}: {', '.join(names)}." for what, names in left_out.items()]
    return chosen, [f"{dataset.name}: {contents(dataset)}.", *lines] if lines else []


def contents(dataset: Dataset) -> str:
    """The size of the images and the labels, as Accepts tells them."""
    height, width = dataset.train_images.shape[1:]
    return "{}x{} images, labels from {} to {}".format(height, width, *labels(dataset))


def labels(dataset: Dataset) -> tuple[int, int]:
    """The lowest and the highest."""
    parts = dataset.train_labels, dataset.test_labels
    return min(int(part.min()) for part in parts), max(int(part.max()) for part in parts)
