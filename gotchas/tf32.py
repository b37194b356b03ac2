"""On NVIDIA cards since Ampere, a product of float32 matrices may be computed in TF32, with 10 bits after the point
instead of 23. TensorFlow allows it by default; PyTorch allows it in cuDNN's convolutions, but not in products. Two
frameworks with the same float32 weights may then differ in the fourth digit.
"""

TITLE = "May float32 be less than float32?"
QUESTION = "Whether TF32 is allowed on a GPU, in the settings as they come."
EXPECTED = {
    "tensorflow": {"products and convolutions": True},
    "pytorch": {"products": False, "convolutions": True},
}
DOCUMENTED = {
    "tensorflow": (
        {"products and convolutions": True},
        "https://www.tensorflow.org/api_docs/python/tf/config/experimental/enable_tensor_float_32_execution.md.txt",
    ),
}
NOTES = {"": "The switches are read, nothing is computed: it shows on a GPU alone."}


def tensorflow():
    import tensorflow as tf

    return {"products and convolutions": tf.config.experimental.tensor_float_32_execution_enabled()}


def pytorch():
    import torch

    return {
        "products": torch.backends.cuda.matmul.allow_tf32,
        "convolutions": torch.backends.cudnn.allow_tf32,
    }
