"""The talk's CUDA program: it is what the page shows, nvcc compiles it, and without a GPU it says what is missing."""

import re
import shutil
import subprocess

import pytest

from concord.project import paths
from concord.run.devices import find_gpu

FOLDER = paths.RECIPES / "hello_cuda"
NVCC = shutil.which("nvcc")
needs_nvcc = pytest.mark.skipif(not NVCC, reason="no nvcc here")


def nvcc(*arguments):
    done = subprocess.run([str(NVCC), *map(str, arguments)], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_the_page_shows_the_file():
    """All but the convolution and the macro, whose names it uses."""
    block = re.search(r"```cpp\n(.*?)```", (FOLDER / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    source = (FOLDER / "hello.cu").read_text(encoding="utf-8")
    assert block
    for part in block[1].strip().split("\n\n"):
        assert part in source
    assert "int main()" in block[1]


@needs_nvcc
def test_it_compiles_to_ptx(tmp_path):
    nvcc("--ptx", "-Werror", "all-warnings", "-o", tmp_path / "hello.ptx", FOLDER / "hello.cu")
    entries = re.findall(r"\.entry (\w+)\(", (tmp_path / "hello.ptx").read_text(encoding="utf-8"))
    assert sorted(re.sub(r"^_Z\d+([a-z]+?)P.*", r"\1", entry) for entry in entries) == ["convolve", "hello"]


@needs_nvcc
def test_it_says_hello_or_what_is_missing(tmp_path):
    nvcc("-o", tmp_path / "hello", FOLDER / "hello.cu")
    done = subprocess.run([tmp_path / "hello"], capture_output=True, encoding="utf-8")
    if find_gpu()["name"]:
        assert (done.returncode, done.stdout, done.stderr) == (0, "Hello World!\n", "")
    else:
        assert (done.returncode, done.stdout) == (1, "Hello ")
        assert re.search(r"hello\.cu, line \d+: .*(driver|device)", done.stderr)
