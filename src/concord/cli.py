"""The command line. Nothing heavy is imported before a command needs it."""

import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from concord.project.errors import UserError

app = typer.Typer(
    rich_markup_mode=None,  # with rich, half of the time that --help takes is its import
    help="The same task in every deep-learning framework, proven to be the same.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data_app = typer.Typer(help="What data is where; fetch, verify and export it.")
new_app = typer.Typer(help="Scaffolds for a new recipe, framework or feature.", no_args_is_help=True)
store_app = typer.Typer(help="What was proven before, and is not run again.")
app.add_typer(data_app, name="data")
app.add_typer(store_app, name="store")
app.add_typer(new_app, name="new")
env_app = typer.Typer(help="The environments of frameworks that can't live beside others.", no_args_is_help=True)
app.add_typer(env_app, name="env")

DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="mnist, digits, a folder of IDX files (torchvision's and EMNIST's too) or Kaggle's, an .npz or a .csv.",
        metavar="NAME|PATH",
    ),
]

FrameworksOption = Annotated[
    str | None, typer.Option(help="Variants or frameworks, separated by commas.", metavar="A,B")
]

DeviceOption = Annotated[str, typer.Option(help="cpu, or gpu: an NVIDIA GPU, judged by the reference on the cpu.")]


def main() -> None:
    """Runs the command line; a user's mistake becomes one or two lines and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without tick marks shows question marks
    try:
        app()
    except UserError as error:
        fail(str(error))
    except KeyboardInterrupt:
        print("concord: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader has gone: say nothing more, not even at exit
        raise SystemExit(1) from None
    except OSError as error:
        fail(f"{error.filename or 'the system'}: {error.strerror or error}")


def fail(message: str) -> None:
    print(f"concord: {message}", file=sys.stderr)
    raise SystemExit(2)


AGAIN = "; run it again to go on"


def finish(work: Callable[..., int], *arguments: Any, hint: str = "", **keywords: Any) -> NoReturn:
    """Does a command's work and ends with its exit code; after Ctrl-C with 130, and by then no worker is left.

    `hint` says after "interrupted" what the same command does when it is called again.
    """
    try:
        code = work(*arguments, **keywords)
    except KeyboardInterrupt:
        print(f"concord: interrupted{hint}", file=sys.stderr)
        code = 130
    raise SystemExit(code)


@app.command()
def compare(
    recipes: Annotated[
        list[str] | None, typer.Argument(help="Recipes' names or folders with a task.py; all recipes if none is named.")
    ] = None,
    frameworks: FrameworksOption = None,
    data: DataOption = None,
    precision: Annotated[str, typer.Option(help="float32, float64 or both.")] = "both",
    full: Annotated[bool, typer.Option("--full", help="Every run: 200 steps, whole epochs. Takes long.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run everything, whatever was proven before.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what needs an environment of its own, which is made if need be.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Variants at once; by default as many as cores and memory allow.")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Compare so often, and say which verdicts change.")] = 1,
    publish: Annotated[
        bool, typer.Option("--publish", help="Every run anew, and the results into docs/results.")
    ] = False,
    device: DeviceOption = "cpu",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the results here too.", metavar="FILE")
    ] = None,
) -> None:
    """Prove that the frameworks compute the same. Whatever was proven before and hasn't changed isn't run again.

    `--data` is for what is compared: a recipe that is run alone reads MNIST, whatever is chosen here.
    """
    from concord.report.compare import run_comparison

    finish(
        run_comparison,
        recipes,
        frameworks,
        data,
        precision,
        full=full,
        fresh=fresh,
        everything=everything,
        jobs=jobs,
        repeat=repeat,
        publish=publish,
        json_file=json_file,
        device=device,
        hint="; what was proven is kept, and the next call goes on",
    )


@app.command("features")
def show_features(
    feature: Annotated[str | None, typer.Argument(help="A row's id; all rows if none is named.")] = None,
    frameworks: FrameworksOption = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the answers here too.", metavar="FILE")
    ] = None,
) -> None:
    """Show what each framework can do. Every answer is a few lines of code that just ran, or names its source."""
    from concord.ask.answers import run_features

    finish(run_features, feature, frameworks, json_file)


@app.command()
def bench(
    recipe: Annotated[str, typer.Argument(help="A recipe's name or a folder with a task.py.")] = "mnist_cnn",
    frameworks: FrameworksOption = None,
    data: DataOption = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor cores to pin everything to.")] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Fresh processes of each variant; 5, or 1 if quick.")
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="A rough answer in less than three minutes, without what may need an environment made."
        ),
    ] = False,
    device: DeviceOption = "cpu",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Keep every run here; goes on where it stopped.", metavar="FILE")
    ] = None,
) -> None:
    """Measure what each variant costs, in rounds of fresh processes. A control shows the noise."""
    from concord.cost.bench import run_benchmark

    finish(run_benchmark, recipe, frameworks, data, threads, rounds, quick, json_file, device, hint=AGAIN)


@app.command("gotchas")
def show_gotchas(
    topic: Annotated[str | None, typer.Argument(help="A topic's name; all topics if none is named.")] = None,
    frameworks: FrameworksOption = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the values here too.", metavar="FILE")] = None,
) -> None:
    """Show where the frameworks differ, on the installed versions. A default that has changed is named."""
    from concord.ask.gotchas import run_gotchas

    finish(run_gotchas, topic, frameworks, json_file)


@app.command()
def mutants(
    names: Annotated[
        list[str] | None, typer.Argument(help="Mutants, or recipes for all of theirs; all if none is named.")
    ] = None,
    frameworks: FrameworksOption = None,
    data: DataOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="Every level: the one that claims a mutant must catch it. Takes long.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the results here too.", metavar="FILE")
    ] = None,
) -> None:
    """Prove that wrong programs are caught. By the quick proof, or each by the level that claims it."""
    from concord.judge.mutants import run_mutants

    finish(run_mutants, names or [], frameworks, data, json_file, "full" if full else "quick")


@app.command("symptoms")
def show_symptoms(
    names: Annotated[
        list[str] | None, typer.Argument(help="Causes, or symptoms for all of theirs; all if none is named.")
    ] = None,
    frameworks: FrameworksOption = None,
    data: DataOption = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each program.")] = 1,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the results here too.", metavar="FILE")
    ] = None,
) -> None:
    """Train broken programs and show what each looks like. The right program must not look so."""
    from concord.ask.symptoms import run_symptoms

    finish(run_symptoms, names or [], frameworks, data, seeds, json_file)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A program with the functions of a recipe.", metavar="FILE")],
    framework: Annotated[
        str | None, typer.Option(help="The variant or framework to run it in; by default what it imports.", metavar="A")
    ] = None,
    data: DataOption = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the results here too.", metavar="FILE")
    ] = None,
) -> None:
    """Find out why your own program doesn't learn."""
    from concord.ask.check import run_check

    finish(run_check, file, framework, data, json_file)


@store_app.callback(invoke_without_command=True)
def show_store(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from concord.report.terminal import ago
    from concord.run.store import AGE_LIMIT, SIZE_LIMIT, Store

    store = Store()
    count, size, oldest = store.contents()
    print(f"{store.folder}: {count:,} runs, {size / 1e6:,.0f} MB of at most {SIZE_LIMIT / 1e6:,.0f} MB")
    if oldest:
        print(f"the oldest {ago(oldest)}; what is older than {AGE_LIMIT // 86_400} days isn't used again")


@store_app.command("clear")
def clear_store() -> None:
    """Take all evidence away; the next comparison runs everything."""
    from concord.run.store import Store

    print(f"cleared {Store().clear() / 1e6:,.0f} MB")


@app.command("list")
def list_recipes() -> None:
    """Show every recipe and variant, and whether it is ready."""
    from rich.table import Table
    from rich.text import Text

    from concord.project.framework import frameworks, variants
    from concord.project.task import all_tasks

    table = Table("variant", "version", "state", box=None)
    for variant in variants().values():
        versions = variant.versions()
        state = "ready" if versions else f"not installed: {variant.install_command()}"
        if variant.own and variant.own.state() != "ready":
            state = "made on first use"
        version = next(iter(versions.values())) if versions else "-"
        table.add_row(variant.id, version, Text(state, style="green" if state == "ready" else "yellow"))
    recipes = Table("recipe", "question", "frameworks", box=None)
    for task in all_tasks():
        missing = [id for id in frameworks() if id not in task.recipes]
        written = f"all but {', '.join(missing)}" if missing else "all"
        recipes.add_row(task.name, Text(task.specification.QUESTION), written)
    for shown in (table, "", recipes):
        console().print(shown)


@data_app.callback(invoke_without_command=True)
def show_data(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from rich.table import Table

    from concord.data.datasets import status

    table = Table(box=None)
    for name in ("data set", "where", "state"):
        table.add_column(name, overflow="fold")
    for row in status():
        table.add_row(*row)
    console().print(table)


@data_app.command("fetch")
def fetch_data() -> None:
    """Download MNIST into the cache, unless it is there."""
    from concord.data.datasets import fetch

    print(f"MNIST is in {fetch(progress=console(stderr=True))}, verified")


@data_app.command("verify")
def verify_data(
    choice: Annotated[str, typer.Argument(help="mnist, digits or a path.", metavar="NAME|PATH")] = "mnist",
) -> None:
    """Check a data set against its published checksums."""
    from concord.data.datasets import verify

    dataset = verify(choice)
    print(f"{dataset.name}: {dataset.source}, verified")


@data_app.command("export")
def export_data(
    file: Annotated[Path, typer.Argument(help="The file to write, e.g. mnist.npz.", metavar="FILE")],
    data: DataOption = None,
) -> None:
    """Write a data set as an mnist.npz. A recipe looks for one beside it; in Keras
    and TensorFlow its loader looks into ~/.keras/datasets."""
    from concord.data.datasets import export, load

    export(file, load(data, progress=console(stderr=True)))
    print(f"wrote {file}")


@new_app.command("recipe")
def new_recipe(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="network, operation or experiment.")] = "network",
) -> None:
    """Make a recipe folder that can be compared as it is."""
    from concord.project.scaffold import make_recipe

    for path in make_recipe(name, kind):
        print(f"wrote {path}")


@new_app.command("framework")
def new_framework(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Make a framework folder, ready to be filled in."""
    from concord.project.scaffold import make_framework

    for path in make_framework(name):
        print(f"wrote {path}")


@new_app.command("feature")
def new_feature(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Add a row to the feature matrix, with a check to be filled in."""
    from concord.project.scaffold import make_feature

    for path in make_feature(name):
        print(f"wrote {path}")


FrameworkArgument = Annotated[
    str | None, typer.Argument(metavar="FRAMEWORK", help="One of them; all if none is named.")
]


@env_app.command("list")
def list_environments() -> None:
    """Show the environments of their own, and the state of each."""
    from rich.table import Table

    from concord.project.framework import select_environments
    from concord.run.environments import size_on_disk

    table = Table(box=None)
    for name in ("framework", "state", "size", "where"):
        table.add_column(name, overflow="fold")
    for own in select_environments(None):
        size = size_on_disk(own.folder)
        table.add_row(own.framework, own.state(), f"{size / 1e6:,.0f} MB" if size else "-", str(own.folder))
    console().print(table)


@env_app.command("create")
def create_environments(framework: FrameworkArgument = None) -> None:
    """Make the environments that are absent, outdated or damaged."""
    from concord.project.framework import select_environments
    from concord.run.environments import NoEnvironmentError, ensure, size_on_disk

    failed = False
    for own in select_environments(framework):
        try:
            with console(stderr=True).status(f"{own.framework}") as status:
                begin = time.perf_counter()
                before = own.state()
                python = ensure(own, status.update)
        except NoEnvironmentError as error:
            print(f"concord: {own.framework}: {error.outcome}: {error}", file=sys.stderr)
            failed = True
            continue
        took = "was ready" if before == "ready" else f"made in {time.perf_counter() - begin:.0f} s"
        print(f"{own.framework}: {took}, {size_on_disk(own.folder) / 1e6:,.0f} MB: {python}")
    if failed:
        raise SystemExit(1)


@env_app.command("remove")
def remove_environments(framework: FrameworkArgument = None) -> None:
    """Remove environments; they are made again when they are needed."""
    from concord.project.framework import select_environments
    from concord.run.environments import remove

    for own in select_environments(framework):
        print(f"{own.framework}: {'removed' if remove(own) else 'was absent'}")


def console(*, stderr: bool = False):
    """A terminal, or a pipe wide enough for a table."""
    from rich.console import Console

    result = Console(stderr=stderr, highlight=False)
    if not result.is_terminal:
        result = Console(stderr=stderr, highlight=False, width=160)
    return result
