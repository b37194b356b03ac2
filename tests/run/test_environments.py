"""Environments of their own: made whole or not at all, kept, mended when damaged, and honest when they can't be made.

A tiny wheel made here stands for a framework, so that nothing is downloaded.
"""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import zipfile

import pytest

from concord.project.errors import UserError
from concord.project.framework import read_own_environment, select_at_hand, select_environments, variants
from concord.run import environments
from concord.run.environments import NoEnvironmentError, OwnEnvironment, ensure, find_interpreter

HERE = sys.version_info[:2]
NEXT = (HERE[0], HERE[1] + 1)


def tiny(folder) -> OwnEnvironment:
    """A framework `tiny` whose environment needs one local wheel, which comes in two versions."""
    for version in ("1.0", "1.1"):
        information = f"tiny-{version}.dist-info"
        with zipfile.ZipFile(folder / f"tiny-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr("tiny.py", f"version = {version!r}\n")
            wheel.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
            wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{information}/RECORD", "")
    requirements = folder / "requirements.txt"
    requirements.write_text(f"--no-index\n--find-links {folder}\ntiny==1.0\n")
    return OwnEnvironment("tiny", requirements, HERE, NEXT, 20)


@pytest.fixture
def own(tmp_path, monkeypatch) -> OwnEnvironment:
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_RETRIES", "1")
    return tiny(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The home of a finished environment, made once."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONCORD_HOME", str(folder / "home"))
        ensure(tiny(folder))
    return folder


@pytest.fixture
def ready(own, finished) -> OwnEnvironment:
    """A finished environment of a test's own: a copy."""
    own.requirements.write_text((finished / "requirements.txt").read_text())
    shutil.copytree(finished / "home", own.folder.parents[1], symlinks=True)
    assert own.state() == "ready"
    return own


def installed(own: OwnEnvironment) -> str:
    command = [own.python, "-I", "-c", "import tiny; print(tiny.version)"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def leftovers(own: OwnEnvironment) -> list[str]:
    return [path.name for path in own.folder.parent.iterdir() if path.name.endswith(".part")]


def test_made_on_first_use_and_then_kept(own, monkeypatch):
    said = []
    assert own.state() == "absent"
    assert ensure(own, said.append) == own.python
    assert said == ["making the environment of tiny (about 20 MB, once)"]
    assert own.state() == "ready"
    assert installed(own) == "1.0"
    assert leftovers(own) == []
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a second use starts nothing"))
    assert ensure(own) == own.python


def test_changed_pins_and_startup_file_rebuild_it(ready):
    own = ready
    startup = own.requirements.with_name("tiny.pth")
    startup.write_text("import builtins; builtins.customized = 'yes'\n")
    assert own.state() == "outdated"
    startup.unlink()
    assert own.state() == "ready"
    own.requirements.write_text(own.requirements.read_text().replace("tiny==1.0", "tiny==1.1"))
    assert own.state() == "outdated"
    startup.write_text("import builtins; builtins.customized = 'yes'\n")
    ensure(own)
    assert (own.state(), installed(own)) == ("ready", "1.1")
    assert own.versions(("tiny",)) == {"tiny": "1.1"}
    command = [own.python, "-I", "-c", "print(customized)"]
    assert subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout == "yes\n"


def damage_delete(own):
    next(own.folder.rglob("tiny.py")).unlink()


def damage_edit(own):
    next(own.folder.rglob("tiny.py")).write_text("version = 'edited by hand'\n")


def damage_stamp(own):
    (own.folder / environments.STAMP).write_text("{")


def damage_python(own):
    own.python.unlink()


@pytest.mark.parametrize("damage", [damage_delete, damage_edit, damage_stamp, damage_python, environments.distrust])
def test_damage_is_seen(ready, damage):
    damage(ready)
    assert ready.state() == "damaged"


def test_damage_is_mended(ready):
    damage_delete(ready)
    ensure(ready)
    assert (ready.state(), installed(ready)) == ("ready", "1.0")


def test_broken_pin(ready):
    """A rebuild that fails: the old environment stays, and doesn't look finished."""
    own = ready
    own.requirements.write_text(own.requirements.read_text().replace("tiny==1.0", "tiny==9.9"))
    with pytest.raises(NoEnvironmentError, match=r"can't be made: .*tiny==9\.9") as caught:
        ensure(own)
    assert caught.value.outcome == "not_installed"
    assert "\n" not in str(caught.value)
    assert own.state() == "outdated"
    assert leftovers(own) == []


def test_no_network(own):
    own.requirements.write_text("--index-url http://127.0.0.1:9/simple\ntiny==1.0\n")
    with pytest.raises(NoEnvironmentError, match="the package index can't be reached: no network"):
        ensure(own)
    assert not own.folder.exists()
    assert leftovers(own) == []


def test_no_suitable_python(own):
    find_interpreter.cache_clear()
    with pytest.raises(NoEnvironmentError, match=r"needs Python 3\.97 to 3\.98, and none is on the path") as caught:
        ensure(dataclasses.replace(own, oldest=(3, 97), newest=(3, 99)))
    assert caught.value.outcome == "not_installed"


def test_interpreter_is_found_on_the_path_or_under_pyenv(tmp_path, monkeypatch):
    """A stand-in that answers as Python 3.97 would."""
    find_interpreter.cache_clear()
    script = "#!/bin/sh\necho 3.97\n"
    for place in (tmp_path / "bin" / "python3.97", tmp_path / "pyenv" / "versions" / "3.97.1" / "bin" / "python"):
        place.parent.mkdir(parents=True)
        place.write_text(script)
        place.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert find_interpreter((3, 97), (3, 98)) == tmp_path / "pyenv" / "versions" / "3.97.1" / "bin" / "python"
    find_interpreter.cache_clear()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert find_interpreter((3, 97), (3, 98)) == tmp_path / "bin" / "python3.97"
    find_interpreter.cache_clear()


ENSURE = """
    import resource, sys
    from pathlib import Path
    from concord.run.environments import NoEnvironmentError, OwnEnvironment, ensure

    if len(sys.argv) > 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    own = OwnEnvironment("tiny", Path(sys.argv[1]), sys.version_info[:2], (3, sys.version_info[1] + 1), 20)
    try:
        ensure(own, lambda what: print(what, flush=True))
    except NoEnvironmentError as error:
        print(error.outcome, error)
"""


def start(own, *arguments):
    command = [sys.executable, "-c", textwrap.dedent(ENSURE), own.requirements, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")


def test_full_disk(own):
    process = start(own, "20000")
    output, _ = process.communicate(timeout=120)
    assert "not_installed" in output.splitlines()[-1]
    assert own.state() == "absent"
    assert leftovers(own) == []


def test_killed_creation_leaves_nothing_that_looks_finished(own):
    process = start(own)
    deadline = time.monotonic() + 60
    while not own.folder.parent.exists() or not leftovers(own):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert own.state() == "absent"
    ensure(own)
    assert (own.state(), leftovers(own)) == ("ready", [])


def test_two_processes_make_it_once(own):
    both = [start(own), start(own)]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert sum("making the environment" in output for output in outputs) == 1
    assert own.state() == "ready"


def test_range_is_read(tmp_path):
    (tmp_path / "requirements.txt").write_text("tiny==1.0\n")
    own = read_own_environment(tmp_path, {"python": ">=3.8,<3.12", "megabytes": 1})
    assert (own.oldest, own.newest) == ((3, 8), (3, 12))
    with pytest.raises(UserError, match="expected a range like"):
        read_own_environment(tmp_path, {"python": "~=3.8", "megabytes": 1})
    (tmp_path / "requirements.txt").unlink()
    with pytest.raises(UserError, match=r"has no requirements\.txt"):
        read_own_environment(tmp_path, {"python": ">=3.8,<3.12", "megabytes": 1})


def test_shared_framework_has_none():
    with pytest.raises(UserError, match="numpy lives in the shared environment"):
        select_environments("numpy")


def test_removed(ready):
    assert environments.remove(ready)
    assert ready.state() == "absent"
    assert not environments.remove(ready)


def test_no_environment_is_made_unasked(tmp_path, monkeypatch):
    """Who names no framework is told what is left out, and how it is made."""
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    owners = [variant.id for variant in variants().values() if variant.own]
    asked, left_out = select_at_hand(None)
    assert [variant.id for variant in asked] == [id for id in variants() if id not in owners]
    assert [line.partition(" ")[0] for line in left_out] == owners
    assert "`concord env create theano` makes it (about " in " ".join(left_out)
    named, left_out = select_at_hand(",".join(owners))
    assert ([variant.id for variant in named], left_out) == (owners, [])
