"""What the first normalisation has collected of its hundred neurons after 200 steps: the mean and the deviation of what
each is given. The averages began at mean 0 and deviation 1, where the lines cross, and none has stayed: the inputs have
other means, and are spread by about half as much."""

from matplotlib.figure import Figure

SIZE = (8, 4.2)


def draw(results: dict, figure: Figure) -> None:
    axes, after = figure.subplots(), results["after"]["NumPy"]
    axes.axvline(0, color="C1", lw=1.5)
    axes.axhline(1, color="C1", lw=1.5)
    axes.scatter(after["norm1_moving_mean"], after["norm1_moving_variance"] ** 0.5, s=40, color="C0")
    axes.set(xlabel="moving mean", ylabel="moving deviation", ylim=(0, None))
