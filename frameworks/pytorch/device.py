"""How a worker gets PyTorch's GPU, waits for it, and asks for its memory."""

import torch


def use_gpu():
    """Turns TF32 off; gives the GPU's name and what PyTorch's switches then say of TF32.

    Raises:
        NotImplementedError: PyTorch sees no GPU.
    """
    if not torch.cuda.is_available():
        built = f"with CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
        raise NotImplementedError(
            f"no GPU: torch.cuda.is_available() is False, and PyTorch {torch.__version__} is built {built}; it needs "
            "an NVIDIA GPU with its driver, and a build with CUDA: https://pytorch.org/get-started/locally"
        )
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    return {"name": torch.cuda.get_device_name(), "tf32": tf32()}


def tf32():
    products, convolutions = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    return f"products {'on' if products else 'off'}, convolutions {'on' if convolutions else 'off'}"


def synchronise():
    """Waits until everything that was queued on the GPU is done; on a processor nothing ever is."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


def peak_memory():
    """The most bytes that tensors took on the GPU."""
    return torch.cuda.max_memory_allocated()
