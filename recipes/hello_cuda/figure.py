"""Above: six threads, each of which adds one number to one letter, so that "Hello " becomes "World!". Below: the map of
a digit under a Sobel kernel, 26 by 26 pixels, covered by four blocks of 16 by 16 threads; 348 of these lie outside.
"""

import matplotlib
import numpy as np

SIZE = (8, 8.6)
BLOCK = 16


def draw(results, figure):
    above, below = figure.subplots(2, 1, height_ratios=(1, 2.4))
    hello = results["hello"]
    letters, offsets, answers = hello["arguments"]["text"], hello["arguments"]["offsets"], hello["hello"]
    for i, (letter, offset, answer) in enumerate(zip(letters, offsets, answers, strict=True)):
        shown = chr(letter) if letter != ord(" ") else "␣"
        above.text(i, 2, shown, ha="center", va="center", fontsize=24)
        above.text(i, 1, f"{offset:+d}".replace("-", "−"), ha="center", va="center", fontsize=18, color="C0")
        above.text(i, 0, chr(answer), ha="center", va="center", fontsize=24, weight="bold")
        above.text(i, -0.95, f"thread {i}", ha="center", va="center", fontsize=13)
        above.add_patch(matplotlib.patches.Rectangle((i - 0.45, -0.55), 0.9, 3.1, fill=False, ec="C0", lw=1.5))
    above.set(xlim=(-0.55, len(letters) - 0.45), ylim=(-1.3, 2.7))
    above.axis("off")

    convolved = results["digit"]["convolve"]
    size, limit = len(convolved), np.abs(convolved).max()
    below.imshow(convolved, cmap="RdBu_r", vmin=-limit, vmax=limit, extent=(0, size, size, 0))
    blocks = -(-size // BLOCK)
    threads = blocks * BLOCK
    for x, y, width, height in ((size, 0, threads - size, threads), (0, size, size, threads - size)):
        idle = matplotlib.patches.Rectangle((x, y), width, height, fc="none", ec=matplotlib.rcParams["text.color"])
        idle.set(hatch="//", lw=0, alpha=0.35)
        below.add_patch(idle)
    for i in range(blocks):
        for j in range(blocks):
            place = (BLOCK * j, BLOCK * i)
            below.add_patch(matplotlib.patches.Rectangle(place, BLOCK, BLOCK, fill=False, ec="C1", lw=3))
            x, side = (place[0] + 0.7, "left") if j == 0 else (place[0] + BLOCK - 0.7, "right")
            below.text(x, place[1] + 1.9, f"block ({i}, {j})", fontsize=14, color="C1", ha=side)
    below.set(xlim=(-0.3, threads + 0.3), ylim=(threads + 0.3, -0.3))
    below.set_title(f"{threads**2:,} threads for {size**2} pixels: {threads**2 - size**2} go home", fontsize=15)
    below.axis("off")
