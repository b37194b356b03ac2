"""What `frameworks/<framework>/framework.toml` says: the variants of a framework and how to start them."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

from concord.project import paths
from concord.project.errors import UserError, nearest
from concord.run.devices import DEVICES
from concord.run.environments import OwnEnvironment

PRECISIONS = ("float64", "float32")
REFERENCE = "numpy"


@dataclass(frozen=True, eq=False)
class KnownDifference:
    """A difference that is declared with its cause. It still runs.

    Args:
        variants: whose it is.
        recipes: the project's own recipes in which it must show: there an agreement fails too.
        everywhere: whether the cause lies in a primitive of the framework, so that it may show in any recipe, a user's
            included.
        precision: at which.
        ceilings: by level, the largest error that it explains, at least ten times what was measured.
        cause: one sentence.
        sentence: what doesn't hold, of those that the level `conduct` tries; it excuses nothing else then.
        users: whether it may show in any recipe of a user's, though in none of the project's but those that are named.
        perhaps: the project's own recipes in which it may show, such as in the full ladder alone.
    """

    variants: tuple[str, ...]
    recipes: tuple[str, ...]
    everywhere: bool
    precision: str
    ceilings: dict[str, float]
    cause: str
    sentence: str = ""
    users: bool = False
    perhaps: tuple[str, ...] = ()


@cache
def installed_version(distribution: str) -> str:
    """Reading a distribution's metadata takes 10 ms, and every run asks for it.

    Raises:
        PackageNotFoundError: it isn't installed.
    """
    return metadata.version(distribution)


@dataclass(frozen=True)
class Variant:
    """One way of running one framework: a column of every table.

    `hides` are packages that it imports by itself where they happen to be installed, and its workers do without;
    `devices` holds environment variables by device; `device_code` is the file with which a worker gets its device and
    waits for it; `no_gpu` says why there is no GPU for it, and is empty if there may be one.
    """

    id: str
    label: str
    framework: str
    imports: tuple[str, ...]
    distributions: tuple[str, ...]
    extras: tuple[str, ...]
    environment: dict[str, str]
    startup: str
    known_differences: tuple[KnownDifference, ...]
    own: OwnEnvironment | None = None
    hides: tuple[str, ...] = ()
    devices: dict[str, dict[str, str]] = field(default_factory=dict)
    device_code: Path | None = None
    no_gpu: str = ""

    @property
    def weights_code(self) -> Path:
        """The file that gets weights into the framework's models and out of them."""
        return paths.FRAMEWORKS / self.framework / "weights.py"

    def versions(self) -> dict[str, str] | None:
        """The version of each distribution it needs, or None if one isn't installed. Imports nothing.

        In an environment of its own the pins say it: it is made when it is first used.
        """
        if self.own:
            return self.own.versions(self.distributions)
        try:
            return {name: installed_version(name) for name in self.distributions}
        except metadata.PackageNotFoundError:
            return None

    def install_command(self) -> str:
        """What to type to get this variant."""
        if self.own:
            return f"concord env create {self.framework}"
        if not self.extras or not paths.IS_CHECKOUT:
            return f"pip install {' '.join(self.distributions)}"
        return f"pip install -c constraints.txt -e '.[{','.join(self.extras)}]'"

    def neighbours(self, hidden: list[str]) -> list[str]:
        """What it imported only because it is installed too, when no more than these were hidden."""
        return [name for name in self.hides if name not in hidden]

    def worker_environment(self, precision: str, threads: int, device: str = "") -> dict[str, str]:
        """The environment variables that a worker is started with; `{cache}` is a folder for compiled code. Without a
        device the framework chooses one itself."""
        cache_folder = paths.home() / "cache" / self.framework
        environment = self.environment | self.devices.get(device, {})
        values = {"threads": str(threads), "precision": precision, "cache": str(cache_folder)}
        return {name: value.format_map(values) for name, value in environment.items()}

    def known_difference(self, recipe: str, precision: str, level: str) -> tuple[KnownDifference | None, bool]:
        """What is declared, if anything, and whether it must show.

        Args:
            recipe: the name of one of the project's own recipes; empty for a user's.
        """
        for difference in self.known_differences:
            named = recipe in difference.recipes
            may = recipe in difference.perhaps or (difference.users and not recipe)
            applies = named or difference.everywhere or may
            if applies and precision == difference.precision and level in difference.ceilings:
                return difference, named
        return None, False


@dataclass(frozen=True)
class Framework:
    """One folder of `frameworks/`."""

    id: str
    label: str
    homepage: str
    imports: tuple[str, ...]
    variants: tuple[Variant, ...]


def read_framework(folder: Path) -> Framework:
    """Reads one framework's folder.

    Raises:
        UserError: `framework.toml` is missing, isn't TOML, or lacks an entry.
    """
    path = folder / "framework.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        differences = tuple(
            KnownDifference(
                variants=tuple(row["variants"]),
                recipes=tuple(row.get("recipes", ())),
                everywhere=row.get("everywhere", False),
                precision=row["precision"],
                ceilings=dict(row["ceilings"]),
                cause=row["cause"],
                sentence=row.get("sentence", ""),
                users=row.get("users", False),
                perhaps=tuple(row.get("perhaps", ())),
            )
            for row in table.get("known_differences", [])
        )
        imports = tuple(table["imports"])
        own = read_own_environment(folder, table["own_environment"]) if "own_environment" in table else None
        devices = table.get("devices", {})
        variants = tuple(
            Variant(
                id=id,
                label=row["label"],
                framework=folder.name,
                imports=imports,
                distributions=tuple(row["distributions"]),
                extras=tuple(row["extras"]),
                environment=table.get("environment", {}) | row.get("environment", {}),
                startup=table.get("startup", ""),
                known_differences=tuple(difference for difference in differences if id in difference.variants),
                own=own,
                hides=tuple(row.get("hides", [])),
                devices={
                    device: devices.get(device, {}) | row.get("devices", {}).get(device, {}) for device in DEVICES
                },
                device_code=device_code(folder, row),
                no_gpu=no_gpu(table, device_code(folder, row)),
            )
            for id, row in table["variants"].items()
        )
        return Framework(folder.name, table["label"], table["homepage"], imports, variants)
    except FileNotFoundError:
        raise UserError(f"{folder} is not a framework's folder: it has no framework.toml") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not TOML: {error}") from None
    except KeyError as error:
        raise UserError(f"{path} lacks the entry {error}; compare it with another framework's") from None


def device_code(folder: Path, row: dict) -> Path | None:
    """The framework's `device.py`, or that of the framework which the variant computes with; None if there is none."""
    path = folder.parent / row.get("computes_with", folder.name) / "device.py"
    return path if path.is_file() else None


def no_gpu(table: dict, device_code: Path | None) -> str:
    """Why there is no GPU for a framework; empty if there may be one."""
    return "" if device_code else table.get("no_gpu", f"{table['label']} has no device.py that gets a GPU for it")


def read_own_environment(folder: Path, table: dict) -> OwnEnvironment:
    """The `[own_environment]` table: `python = ">=3.8,<3.12"` and about how many `megabytes` it takes.

    Raises:
        UserError: the range isn't written like that, or there is no requirements.txt.
    """
    match = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", table["python"])
    if not match:
        raise UserError(
            f"{folder / 'framework.toml'}: python is {table['python']!r}, expected a range like '>=3.8,<3.12'"
        )
    requirements = folder / "requirements.txt"
    if not requirements.is_file():
        raise UserError(f"{folder} asks for an environment of its own, but has no requirements.txt with its pins")
    return OwnEnvironment(folder.name, requirements, (3, int(match[1])), (3, int(match[2])), table["megabytes"])


@cache
def frameworks() -> dict[str, Framework]:
    """Every framework by id: the NumPy reference first, then by name."""
    folders = sorted(path.parent for path in paths.FRAMEWORKS.glob("*/framework.toml"))
    folders.sort(key=lambda folder: folder.name != REFERENCE)
    return {folder.name: read_framework(folder) for folder in folders}


def variants() -> dict[str, Variant]:
    """Every variant by id."""
    return {variant.id: variant for framework in frameworks().values() for variant in framework.variants}


def select_variants(names: str | list[str] | None) -> list[Variant]:
    """The variants that a user's words mean, as `--frameworks` takes them, separated by commas, or in a list: variant
    ids, or framework ids for all of their variants; all variants without any words.

    Raises:
        UserError: a name is neither; says the nearest and lists all.
    """
    if names is None:
        return list(variants().values())
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else names
    if not any(names):
        raise UserError(f"No framework is named. Known: {', '.join(variants())}.")
    chosen: dict[str, Variant] = {}
    for name in names:
        if name in variants():
            chosen[name] = variants()[name]
        elif name in frameworks():
            chosen.update((variant.id, variant) for variant in frameworks()[name].variants)
        else:
            raise UserError(nearest("framework", name, [*variants(), *frameworks()]))
    return [variant for variant in variants().values() if variant.id in chosen]


def select_at_hand(names: str | None) -> tuple[list[Variant], list[str]]:
    """The same; where none is named, without those whose environment would have to be made first, and a line about each
    of these.

    Raises:
        UserError: as above.
    """
    chosen = select_variants(names)
    unmade = [one for one in chosen if names is None and one.own and one.own.state() != "ready"]
    lines = [
        f"{one.id} is left out: it needs an environment of its own. `concord env create {one.framework}` makes it "
        f"(about {one.own.megabytes} MB, a minute or two)."
        for one in unmade
        if one.own
    ]
    return [one for one in chosen if one not in unmade], lines


def select_environments(name: str | None) -> list[OwnEnvironment]:
    """The environment of its own that a framework or variant asks for; those of all frameworks without a name.

    Raises:
        UserError: the framework doesn't exist, or lives in the shared environment.
    """
    owned = {framework.id: framework.variants[0].own for framework in frameworks().values()}
    if name is None:
        return [own for own in owned.values() if own]
    framework = select_variants(name)[0].framework
    own = owned[framework]
    if own is None:
        others = ", ".join(id for id, found in owned.items() if found)
        raise UserError(f"{name} lives in the shared environment. Those with one of their own: {others or 'none'}.")
    return [own]
