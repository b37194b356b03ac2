"""mnist_cnn_fast: the network of mnist_cnn in programs that were made fast.

Everything that it computes is as in mnist_cnn, and so is the NumPy program that it is held against.
"""

SAME_TASK_AS = "mnist_cnn"

TITLE = "A fast convolutional network for MNIST"
QUESTION = "What makes a training step faster, and what doesn't?"
