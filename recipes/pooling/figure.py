"""A map of 4x4 numbers, its 2x2 maxima and who gets the gradient; below, a digit, and the largest of its windows of
2x2, 4x4 and 7x7 pixels."""

import matplotlib
import numpy as np

SIZE = (8, 5.6)


def draw(results, figure):
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.25, 1))
    drawn = results["drawn"]
    panels = top.subplots(1, 3)
    numbers(panels[0], drawn["arguments"]["maps"][0, :, :, 0], "a map")
    numbers(panels[1], drawn["max_pool"][0, :, :, 0], "largest of each")
    numbers(panels[2], drawn["max_pool_gradient"][0, :, :, 0], "gradient goes to")
    digits = {"the digit": results["digit_by_2"]["arguments"]["maps"]}
    digits |= {f"windows of {size}": results[f"digit_by_{size}"]["max_pool"] for size in (2, 4, 7)}
    for panel, (title, digit) in zip(bottom.subplots(1, 4), digits.items(), strict=True):
        panel.imshow(digit[0, :, :, 0], cmap="gray")
        panel.set_title(title, fontsize=14)
        panel.set_axis_off()


def numbers(panel, values, title):
    """The values in a grid; each window, or what became of it, in a colour of its own."""
    extent = len(values)
    window = np.arange(extent) * 2 // extent  # 0 or 1
    for i, j in np.ndindex(values.shape):
        colour = f"C{2 * window[i] + window[j]}"
        panel.fill([j, j + 1, j + 1, j], [i, i, i + 1, i + 1], color=colour, alpha=0.3 if values[i, j] else 0.08)
        text = {"ha": "center", "va": "center", "fontsize": 16 if extent > 2 else 22}
        panel.text(j + 0.5, i + 0.5, f"{values[i, j]:g}", **text)
    for k in range(extent + 1):
        wide = 2.5 if k * 2 % extent == 0 else 0.6
        panel.plot([k, k], [0, extent], [0, extent], [k, k], color=matplotlib.rcParams["text.color"], lw=wide)
    panel.set(xlim=(-0.05, extent + 0.05), ylim=(extent + 0.05, -0.05), aspect="equal")
    panel.set_title(title, fontsize=14)
    panel.set_axis_off()
