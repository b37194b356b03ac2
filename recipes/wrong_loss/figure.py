"""Validation accuracy over three epochs for five losses, once at the learning rate 0.1 and once at 0.5."""

SIZE = (8, 4.4)


def draw(results, figure):
    panels = dict(zip(("0.1", "0.5"), figure.subplots(1, 2, sharey=True), strict=True))
    losses = list(dict.fromkeys(name.rpartition(", ")[0] for name in results))
    for name, runs in results.items():
        loss, _, rate = name.rpartition(", ")
        for number, curves in enumerate(runs.values()):
            label = None if number else loss
            panels[rate].plot(curves["accuracy"], marker="o", color=f"C{losses.index(loss)}", label=label)
    for rate, panel in panels.items():
        panel.set(xlabel="epoch", xticks=range(4), ylim=(0, 1), title=f"learning rate {rate}")
    figure.legend(*panels["0.1"].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.supylabel("validation accuracy")
