"""hello_cuda: what a kernel is, by two programs of one thread for each number: the talk's greeting, and a convolution.

`hello` adds a small number to each letter. `convolve` is the valid cross-correlation of one image with one kernel, one
thread for each pixel of the map. Letters are bytes and images whole numbers, so all answers are exact.
"""

from typing import Any

import numpy as np

TITLE = "Hello, CUDA"
QUESTION = "What is a kernel, the kind that a GPU runs?"
ANSWER = (
    "A small function that some thousand threads run at once. Each asks which thread it is, and does one number's "
    "share of the work. The first one here has six threads, one for each letter."
)
KIND = "operation"
STEPS = ("Init", "Hello", "Convolution", "Run")

FUNCTIONS = {"hello": ("text", "offsets"), "convolve": ("image", "kernel")}

# A kernel of one's own, written in Python, with the framework's own API.
TENSORFLOW = (
    "TensorFlow has no language for kernels in Python: one writes C++ and CUDA C++, and loads it (tf.load_op_library).",
    "https://www.tensorflow.org/guide/create_op",
)
THEANO_KERNELS = "https://github.com/Theano/Theano/blob/master/doc/extending/extending_theano_gpu.txt"
NOT_POSSIBLE = {
    "keras": (
        "Keras's operations are of whole tensors, and their kernels are the backend's: on JAX, Pallas is JAX's.",
        "https://keras.io/api/ops/",
    ),
    "keras_theano": (
        "The backend's functions are of whole tensors, and their kernels are Theano's, which are C code in a text.",
        THEANO_KERNELS,
    ),
    "pytorch": (
        "PyTorch itself has no language for kernels: Triton is a package of its own, for GPUs or its interpreter.",
        "https://docs.pytorch.org/tutorials/recipes/torch_compile_user_defined_triton_kernel_tutorial.html",
    ),
    "tensorflow": TENSORFLOW,
    "tensorflow_v1": TENSORFLOW,
    "theano": (
        "A kernel of one's own is C code in a text, for the GPU alone; Python puts it together.",
        THEANO_KERNELS,
    ),
}

SOBEL = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def greeting(text: str, offsets: list[int], expected: str) -> dict[str, Any]:
    letters, answer = (np.array(list(part.encode()), np.int8) for part in (text, expected))
    return {"text": letters, "offsets": np.array(offsets, np.int8), "expected": answer, "functions": ("hello",)}


def convolution(image: np.ndarray, kernel: np.ndarray) -> dict[str, Any]:
    """The answer is summed in whole numbers, shift by shift."""
    whole, weights = image.astype(int), kernel.astype(int)
    height, width = (size - extent + 1 for size, extent in zip(whole.shape, weights.shape, strict=True))
    answer = np.zeros((height, width), int)
    for (i, j), weight in np.ndenumerate(weights):
        answer += weight * whole[i : i + height, j : j + width]
    given = {"image": image.astype(float), "kernel": kernel.astype(float)}
    return given | {"expected": answer.astype(float), "functions": ("convolve",)}


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name."""
    random = np.random.default_rng(0)
    letters = "Hello "
    return {
        "hello": greeting(letters, [15, 10, 6, 0, -11, 1], "World!"),
        "more_than_a_block": greeting(letters * 50, [0] * 300, letters * 50),
        "digit": convolution(images[0], SOBEL),
        "flip": convolution(np.arange(1, 21).reshape(4, 5), np.arange(1, 10).reshape(3, 3)),
        "odd_sizes": convolution(random.integers(-9, 10, (19, 35)), random.integers(-3, 4, (3, 3))),
        "one_pixel": convolution(random.integers(-9, 10, (3, 3)), random.integers(-3, 4, (3, 3))),
    }
