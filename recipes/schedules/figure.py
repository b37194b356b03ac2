"""The rate of each step by six schedules; below it the validation accuracy over five epochs from two top rates, 0.4 and
0.8."""

import runpy
from pathlib import Path

SIZE = (8, 6.4)
STEPS = 500
TOPS = (0.4, 0.8)


def draw(results, figure):
    grid = figure.add_gridspec(2, 2)
    above, first = figure.add_subplot(grid[0, :]), figure.add_subplot(grid[1, 0])
    panels = [first, figure.add_subplot(grid[1, 1], sharey=first)]
    schedules = runpy.run_path(str(Path(__file__).with_name("schedules_numpy.py")))["schedules"]
    for number, (name, schedule) in enumerate(schedules.items()):
        shares = [schedule(step, STEPS) for step in range(STEPS)]
        above.plot([step * 5 / STEPS for step in range(STEPS)], shares, color=f"C{number}", label=name)
        for panel, top in zip(panels, TOPS, strict=True):
            accuracy = results[f"{name} from {top}"]["numpy"]["accuracy"]
            panel.plot(range(len(accuracy)), accuracy, color=f"C{number}", marker="o", markersize=3)
    above.set(xlabel="epoch", ylabel="share of the rate", xlim=(0, 5), ylim=(0, 1.05))
    above.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    for panel, top in zip(panels, TOPS, strict=True):
        panel.set(xlabel="epoch", xticks=range(6), xlim=(0.8, 5.2), ylim=(0.8, 0.96), title=f"from {top}")
    panels[0].set_ylabel("validation accuracy")
