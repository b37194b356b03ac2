"""How a worker gets JAX's GPU, waits for it, and asks for its memory."""

import jax


def use_gpu():
    """Turns TF32 off; gives the GPU's name and what JAX's switch then says of TF32.

    Raises:
        NotImplementedError: JAX sees no GPU.
    """
    if jax.default_backend() != "gpu":
        raise NotImplementedError(
            f"no GPU: jax.default_backend() is {jax.default_backend()!r} (JAX {jax.__version__}); it needs an NVIDIA "
            "GPU with its driver, and JAX's CUDA plugin: pip install 'jax[cuda13]'"
        )
    jax.config.update("jax_default_matmul_precision", "highest")
    return {"name": jax.devices()[0].device_kind, "tf32": tf32()}


def tf32():
    precision = jax.config.jax_default_matmul_precision
    return f"{'off' if precision in ('highest', 'float32') else 'on'}: jax_default_matmul_precision is {precision}"


def synchronise():
    """Waits until every array that is still held has its values: JAX queues work on processors too."""
    jax.block_until_ready(jax.live_arrays())


def peak_memory():
    """The most bytes that arrays took on the GPU; None where JAX doesn't count them."""
    return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
