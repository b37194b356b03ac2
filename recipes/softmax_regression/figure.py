"""The weights of the ten digits after 200 steps, each as an image of 28x28 pixels: red where ink speaks for the digit,
blue where it speaks against it. The 0 is a red ring around a blue middle."""

from matplotlib.figure import Figure

SIZE = (8, 3.6)


def draw(results: dict, figure: Figure) -> None:
    kernel = results["after"]["NumPy"]["dense_kernel"]  # (784, 10)
    largest = abs(kernel).max()  # the same scale for all of them, on both sides of zero
    for digit, axes in enumerate(figure.subplots(2, 5).flat):
        axes.imshow(kernel[:, digit].reshape(28, 28), cmap="RdBu_r", vmin=-largest, vmax=largest)
        axes.set(xticks=[], yticks=[])
        axes.set_title(str(digit), size=15)
