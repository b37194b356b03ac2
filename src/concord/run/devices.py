"""The devices that `--device` knows: the processor, and this machine's GPU as its driver tells it."""

import os
import subprocess
from typing import Any

from concord.project.errors import UserError, nearest

DEVICES = ("cpu", "gpu")


def check_device(device: str) -> None:
    """Refuses what isn't a device.

    Raises:
        UserError: there is no such device.
    """
    if device not in DEVICES:
        raise UserError(nearest("device", device, DEVICES))


def find_gpu() -> dict[str, Any]:
    """The first NVIDIA GPU that this process may use: `name`, `memory_bytes` and `driver`, None where nvidia-smi says
    nothing. `tf32` is for what each variant's framework says of its switches."""
    found = {"kind": "gpu", "name": None, "memory_bytes": None, "driver": None, "tf32": {}}
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits", "-i", first]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=60, check=True)
        name, mebibytes, driver = (part.strip() for part in done.stdout.splitlines()[0].split(","))
        return found | {"name": name, "memory_bytes": int(mebibytes) * 2**20, "driver": driver}
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return found


def same_device(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two environments are of the same device; one without a `device` is of the processor."""
    first, second = (environment.get("device") or {} for environment in (one, other))
    return all(first.get(name) == second.get(name) for name in ("kind", "name", "memory_bytes", "driver"))


def told_device(environment: dict[str, Any]) -> str:
    """An environment's device in words."""
    device = environment.get("device")
    if not device:
        return "the processor"
    return f"{device['name']}, driver {device['driver']}" if device["name"] else "a GPU that wasn't found"


def told_machine(environment: dict[str, Any]) -> str:
    """What computed, for a title: the GPU, or so many threads of the processor."""
    if "device" in environment:
        return told_device(environment)
    return f"{environment['processor']}, {environment['threads']} threads"


def told_gpu(gpu: dict[str, Any]) -> str:
    """What the driver and the frameworks say of the GPU, in a line."""
    if not gpu["name"]:
        return "GPU: nvidia-smi finds none"
    tf32 = "; ".join(f"{id}: {said}" for id, said in gpu["tf32"].items()) or "nothing ran"
    return f"GPU: {gpu['name']}, {gpu['memory_bytes'] / 2**30:.0f} GiB, driver {gpu['driver']}. TF32: {tf32}"
