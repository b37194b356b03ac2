"""Six activations from -4 to 4 and their slopes. A sigmoid's slope is never above 1/4; GELU's can be negative."""

SIZE = (8, 6.2)
SHOWN = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "ReLU",
    "elu": "ELU",
    "softplus": "softplus",
    "gelu": "GELU",
}


def draw(results, figure):
    panels = figure.subplots(2, 3, sharex=True, sharey=True)
    for panel, (name, label) in zip(panels.flat, SHOWN.items(), strict=True):
        result = results[f"{name}_curve"]
        x = result["arguments"]["x"]
        panel.plot(x, result["values"], color="C0", lw=3)
        panel.plot(x, result["slopes"], color="C1", lw=3, ls="--")
        panel.axhline(0, color="grey", lw=0.8, zorder=0)
        panel.axvline(0, color="grey", lw=0.8, zorder=0)
        panel.set_title(label, fontsize=16)
        panel.set(xlim=(-4, 4), ylim=(-1.3, 2.5), xticks=[-3, 0, 3], yticks=[-1, 0, 1, 2])
        panel.tick_params(labelsize=13)
    largest = results["sigmoid"]["slopes"].max()
    arrow = {"arrowstyle": "->", "color": "C1"}
    panels[0, 0].annotate(
        f"largest slope: {largest:.2f}", (0, largest), (-3.6, 1.7), fontsize=13, color="C1", arrowprops=arrow
    )
    panels[0, 2].text(-3.6, 1.7, "value", color="C0", fontsize=14)
    panels[0, 2].text(-3.6, 1.15, "slope", color="C1", fontsize=14)
