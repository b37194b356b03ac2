"""Mazur's network: weights and activations forward, and on the same edges and neurons the gradients that come back."""

import matplotlib
import numpy as np
from matplotlib.patches import Circle

SIZE = (8, 5)
ACROSS, DOWN, RADIUS = (0.6, 4.0, 7.4), (2.2, 0), 0.52
PLACE = (0.34, 0.27)  # of an edge's words, as a share of its length: straight ones, those that cross


def draw(results, figure):
    arguments = results["mazur"]["arguments"]
    hidden, output, cost = results["mazur"]["forward"]
    w1, b1, w2, b2 = results["mazur"]["gradients_by_hand"]
    axes = figure.subplots()
    layers = (arguments["x"][0], hidden[0], output[0])
    for column, (weights, gradients) in enumerate(((arguments["w1"], w1), (arguments["w2"], w2))):
        for i in range(2):
            for j in range(2):
                edge(axes, column, i, j, weights[i, j], gradients[i, j])
    for column, (values, biases) in enumerate(zip(layers, (None, b1, b2), strict=True)):
        for i, value in enumerate(values):
            neuron(axes, ACROSS[column], DOWN[i], value, None if biases is None else biases[i])
    for x, name in zip(ACROSS, ("input", "hidden", "output"), strict=True):
        axes.text(x, DOWN[0] + 0.85, name, ha="center")
    axes.text(0.1, -1.35, f"forward: cost {cost:.6f}", size=14)
    axes.text(7.9, -1.35, "backward: the cost's slope by each number", size=14, color="C1", ha="right")
    axes.set(xlim=(0, 8), ylim=(-1.5, 3.3), aspect="equal")
    axes.axis("off")


def neuron(axes, x, y, value, gradient):
    axes.add_patch(Circle((x, y), RADIUS, fill=False, linewidth=2, edgecolor=matplotlib.rcParams["axes.edgecolor"]))
    axes.text(x, y, f"{value:.4g}", ha="center", va="center")
    if gradient is not None:
        axes.text(x, y - RADIUS - 0.08, f"bias {gradient:+.4f}", ha="center", va="top", color="C1", size=12)


def edge(axes, column, i, j, weight, gradient):
    start, end = np.array([ACROSS[column], DOWN[i]]), np.array([ACROSS[column + 1], DOWN[j]])
    along = (end - start) / np.linalg.norm(end - start)
    start, end = start + RADIUS * along, end - RADIUS * along
    axes.plot(*np.stack([start, end]).T, color=matplotlib.rcParams["grid.color"], zorder=0)
    at, up = start + PLACE[i != j] * (end - start), 0.05 * np.array([-along[1], along[0]])
    angle = {"rotation": np.degrees(np.arctan2(along[1], along[0])), "rotation_mode": "anchor", "ha": "center"}
    axes.text(*(at + up), f"{weight:g}", va="bottom", size=12, **angle)
    axes.text(*(at - up), f"{gradient:+.4f}", va="top", size=12, color="C1", **angle)
