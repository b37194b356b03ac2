"""What 200 steps have added to the weights of the thirty hidden neurons, each an image of 28x28 pixels: red where ink
switches the neuron on more than before, blue where less. It lies where digits are; the start, noise, is left out."""

from matplotlib.figure import Figure

SIZE = (8, 2.6)


def draw(results: dict, figure: Figure) -> None:
    added = results["after"]["NumPy"]["dense1_kernel"] - results["before"]["dense1_kernel"]  # (784, 30)
    largest = abs(added).max()
    for neuron, axes in enumerate(figure.subplots(3, 10).flat):
        axes.imshow(added[:, neuron].reshape(28, 28), cmap="RdBu_r", vmin=-largest, vmax=largest)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
