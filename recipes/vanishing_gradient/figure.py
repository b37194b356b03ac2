"""The speed of each hidden layer, on a logarithmic axis. Left: in sigmoid networks with two to five hidden layers, each
layer further from the output is several times slower. Right, eight hidden layers: with sigmoids the first one stands
still; with tanh, and with ReLU and He's start weights, all layers are about equally fast.
"""

import numpy as np

SIZE = (8, 4.6)
REMEDIES = {"sigmoid_lecun": "sigmoid", "tanh_lecun": "tanh", "relu_he": "ReLU, He"}


def draw(results, figure):
    left, right = figure.subplots(1, 2, sharey=True)
    for number, depth in enumerate((2, 3, 4, 5)):
        speeds = results[f"depth_{depth}"]["speeds"][:-1]  # the hidden layers'
        layers = np.arange(1, depth + 1)
        left.plot(layers, speeds, color=f"C{number}", lw=2.5, marker="o", ms=8, label=f"{depth} layers")
    for number, (name, label) in enumerate(REMEDIES.items()):
        speeds = results[name]["speeds"][:-1]
        right.plot(np.arange(1, 9), speeds, color=f"C{number}", lw=2.5, marker="o", ms=8, label=label)
    left.set(yscale="log", xticks=(1, 2, 3, 4, 5))
    right.set(xticks=range(1, 9))
    left.set_ylabel("speed of learning", fontsize=15)
    left.set_title("sigmoid, layers of 30", fontsize=15)
    right.set_title("eight layers of 100", fontsize=15)
    for panel in (left, right):
        panel.set_xlabel("hidden layer", fontsize=15)
        panel.tick_params(labelsize=13)
        panel.legend(fontsize=13, loc="lower right")
