"""A row of eight pixels, and the windows of three pixels that lie on it, each with its sum: with a stride of 1 and
of 2, without and with zeros around. Hatched is a pixel that no window sees."""

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

SIZE = (8, 8.2)
ROWS = {
    "row_stride_1": "stride 1, no padding",
    "row_stride_2": "stride 2, no padding",
    "row_same": "stride 2, padding “same”",
    "row_padding_1": "stride 2, padding 1",
}


def draw(results: dict, figure: Figure) -> None:
    levels = [3, 2, 2, 2]  # of windows that overlap
    for axes, (case, title), above in zip(
        figure.subplots(4, height_ratios=[count + 1.7 for count in levels]), ROWS.items(), levels, strict=True
    ):
        _row(axes, results[case], title, above)


def _row(axes, found: dict, title: str, levels: int) -> None:
    plain = matplotlib.rcParams["text.color"]
    count, before, after = (int(number) for number in found["extent"])
    stride, size = found["arguments"]["stride"], found["arguments"]["size"]
    seen = set()
    for place, total in enumerate(found["convolve"][0]):
        left, level = place * stride - before, 1.12 + 0.9 * (place % levels)
        seen |= set(range(left, left + 3))
        color = f"C{place % levels}"
        axes.add_patch(Rectangle((left + 0.06, level), 2.88, 0.78, facecolor=color, alpha=0.28, edgecolor=color, lw=2))
        axes.text(left + 1.5, level + 0.37, f"{total:.0f}", size=17, ha="center", va="center", color=plain)
    for pixel in range(-before, size + after):
        inside = 0 <= pixel < size
        axes.add_patch(
            Rectangle(
                (pixel, 0),
                1,
                1,
                fill=False,
                edgecolor=plain,
                lw=1.5,
                linestyle="-" if inside else ":",
                hatch=None if pixel in seen else "///",
            )
        )
        number = f"{found['arguments']['image'][0, pixel]:.0f}" if inside else "0"
        if pixel in seen:
            axes.text(pixel + 0.5, 0.47, number, size=17, ha="center", va="center", color=plain)
    axes.text(-1, 1.2 + 0.9 * levels, f"{title}: {count} sums", size=16, va="bottom", ha="left", color=plain)
    axes.set(xlim=(-1.1, 9.1), ylim=(-0.15, 1.7 + 0.9 * levels))
    axes.axis("off")
