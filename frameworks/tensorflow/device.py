"""How a worker gets TensorFlow's GPU, waits for it, and asks for its memory."""

import tensorflow as tf


def use_gpu():
    """Turns TF32 off; gives the GPU's name and what TensorFlow's switch then says of TF32.

    Raises:
        NotImplementedError: TensorFlow sees no GPU.
    """
    found = tf.config.list_physical_devices("GPU")
    if not found:
        raise NotImplementedError(
            f"no GPU: tf.config.list_physical_devices('GPU') is empty (TensorFlow {tf.__version__}); it needs an "
            "NVIDIA GPU with its driver, and CUDA's libraries: pip install 'tensorflow[and-cuda]'"
        )
    tf.config.experimental.enable_tensor_float_32_execution(False)
    return {"name": tf.config.experimental.get_device_details(found[0]).get("device_name", ""), "tf32": tf32()}


def tf32():
    return "on" if tf.config.experimental.tensor_float_32_execution_enabled() else "off"


def synchronise():
    """Waits until everything that was queued on the devices is done; a session of TensorFlow 1 has always waited."""
    if tf.executing_eagerly():
        tf.test.experimental.sync_devices()


def peak_memory():
    """The most bytes that tensors took on the GPU."""
    return tf.config.experimental.get_memory_info("GPU:0")["peak"]
