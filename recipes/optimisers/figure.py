"""Validation accuracy over three epochs: on the left three optimisers at the rate 0.001, on the right all six, each at
its best rate."""

SIZE = (8, 4.4)
COLOURS = {"sgd": "C0", "momentum": "C1", "nesterov": "C2", "adagrad": "C3", "rmsprop": "C4", "adam": "C5"}


def draw(results, figure):
    unfair, fair = figure.subplots(1, 2)
    for setting, runs in results.items():
        optimizer, _, rate = setting.partition(" at ")
        panel, accuracy = (unfair if rate else fair), runs["numpy"]["accuracy"]
        panel.plot(range(len(accuracy)), accuracy, color=COLOURS[optimizer], marker="o", markersize=4, label=optimizer)
    for panel in (unfair, fair):
        panel.set(xlabel="epoch", xticks=range(4))
        panel.legend(loc="lower right")
    unfair.set(ylabel="validation accuracy", ylim=(0, 1), title="all at 0.001")
    fair.set(ylim=(0.8, 0.95), xlim=(0.8, 3.1), title="each at its best rate")
