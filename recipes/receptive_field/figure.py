"""A digit, and the squares that one neuron sees after each of four layers: 3, 4, 8 and 10 pixels wide."""

import numpy as np

SIZE = (8, 4)
LAYERS = ("convolution 3 × 3", "pooling 2 × 2", "convolution 3 × 3", "pooling 2 × 2")


def draw(results, figure):
    digit, text = figure.subplots(1, 2)
    digit.imshow(results["after_1_layer"]["arguments"]["image"], cmap="gray")
    digit.set_axis_off()
    text.set_axis_off()
    fields, steps = results["mnist_cnn"]["size"]
    for k, layer in enumerate(LAYERS):
        mask = results[f"after_{k + 1}_layer{'s' if k else ''}"]["seen"]
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        room = 0.5 + 0.2 * k  # a little outside of the pixels, so that no line covers another
        top, bottom, left, right = rows[0] - room, rows[-1] + room, columns[0] - room, columns[-1] + room
        digit.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=f"C{k}", lw=4)
        text.text(0.05, 0.9 - 0.25 * k, f"{k + 1}. {layer}", color=f"C{k}", fontsize=17, weight="bold")
        told = f"sees {fields[k]} × {fields[k]} pixels, step {steps[k]}"
        text.text(0.14, 0.8 - 0.25 * k, told, fontsize=15)
