"""Where the dense layer's rows go on their way from channels last to channels first. Two maps of 4 by 3 are flattened
to 24 values; with channels last the two channels take turns, with channels first all of one comes before the other.
Only the first row and the last stay where they are.
"""

import matplotlib
import numpy as np

SIZE = (8, 3.6)


def draw(results, figure):
    given = results["every_bit_of_32"]["arguments"]
    channels = len(given["conv_bias"])
    count = len(given["dense_kernel"])
    places = np.arange(count).reshape(*given["maps"], channels).transpose(2, 0, 1).ravel()  # by row of the new kernel
    panel = figure.gca()
    for new, old in enumerate(places):
        colour = f"C{old % channels}"
        panel.plot([old, new], [1, 0], color=colour, lw=2)
        panel.plot([old, new], [1, 0], color=colour, ls="none", marker="s", ms=12)
    text = {"fontsize": 15, "color": matplotlib.rcParams["text.color"]}
    panel.text(0, 1.2, "channels last: Keras, TensorFlow, JAX, NumPy", **text)
    panel.text(0, -0.33, "channels first: PyTorch, Theano", **text)
    panel.set_ylim(-0.45, 1.4)
    panel.axis("off")
