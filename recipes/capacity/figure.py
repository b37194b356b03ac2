"""Training and validation accuracy after the last epoch against the number of hidden neurons; beside it, how 100 and 10
neurons learn random labels."""

import numpy as np

SIZE = (8, 4.4)
TRUE = ("1", "2", "3", "5", "10", "30", "100", "300", "1000")
RANDOM = ("100, random labels", "10, random labels")


def draw(results, figure):
    sizes, by_heart = figure.subplots(1, 2, sharey=True)
    neurons = [int(name) for name in TRUE]
    for curve, colour, label in (("training_accuracy", "C1", "training"), ("accuracy", "C0", "validation")):
        values = [results[name]["numpy"][curve][-1] for name in TRUE]
        sizes.plot(neurons, values, marker="o", color=colour, label=label)
        for name, style in zip(RANDOM, ("-", "--"), strict=True):
            values = results[name]["numpy"][curve]
            by_heart.plot(np.arange(len(values)), values, style, color=colour)
    sizes.set_xscale("log")
    sizes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    sizes.minorticks_off()
    sizes.set(xlabel="hidden neurons", ylabel="accuracy", ylim=(0, 1.03), title="a thousand digits")
    sizes.legend(loc="lower right")
    by_heart.set(xlabel="epoch", title="random labels")
    by_heart.text(99, 0.88, "100 neurons", ha="right")
    by_heart.text(99, 0.37, "10 neurons", ha="right")
