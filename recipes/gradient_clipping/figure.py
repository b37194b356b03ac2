"""Validation accuracy over two epochs at three learning rates, with and without gradient clipping."""

SIZE = (8, 3.8)
COLOURS = {"not clipped": "C1", "clipped at 1": "C0", "clipped at 0.25": "C2"}


def draw(results, figure):
    rates = list(dict.fromkeys(name.partition(", ")[0] for name in results))
    panels = dict(zip(rates, figure.subplots(1, len(rates), sharey=True), strict=True))
    for name, runs in results.items():
        rate, _, clipping = name.partition(", ")
        for number, curves in enumerate(runs.values()):
            label = None if number else clipping
            panels[rate].plot(curves["accuracy"], marker="o", color=COLOURS[clipping], label=label)
    for rate, panel in panels.items():
        panel.set(xlabel="epoch", xticks=range(3), ylim=(0, 1), title=f"rate {rate}")
    figure.legend(*panels[rates[-1]].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.supylabel("validation accuracy")
