"""How a worker gets the GPU for Numba's kernels, waits for it, and asks for its memory."""

import sys


def use_gpu():
    """Gives the GPU's name, and that kernels of one's own have no TF32: nothing multiplies but what they say.

    Raises:
        NotImplementedError: Numba sees no GPU.
    """
    from numba import cuda

    if not cuda.is_available():
        raise NotImplementedError("no GPU: numba.cuda.is_available() is False; it needs an NVIDIA GPU with its driver")
    name = cuda.get_current_device().name
    return {"name": name.decode() if isinstance(name, bytes) else name, "tf32": tf32()}


def tf32():
    return "none: a kernel multiplies as it is written"


def synchronise():
    """Waits until everything that was queued on the GPU is done; without a kernel nothing ever is."""
    if "numba.cuda" in sys.modules:
        sys.modules["numba.cuda"].synchronize()


def peak_memory():
    """The bytes in use on the GPU now, whoever took them: Numba doesn't count its own."""
    from numba import cuda

    free, total = cuda.current_context().get_memory_info()
    return total - free
