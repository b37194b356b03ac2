"""normalisation: the same network on the same images, whose pixels are scaled and shifted in eight ways.

Everything else is mlp's: 784-100-10, ReLU, learning rate 0.1, three epochs. Mean and deviation are those of the first
5,000 training images, over all pixels: 0.1302 and 0.3075. Validation images are treated alike. Least values are from
five seeds of start and shuffling in PyTorch, as `tools/findings.py` measures them.
"""

import numpy as np

TITLE = "Why normalise the images?"
QUESTION = "Why does my network learn nothing from images with pixels from 0 to 255?"
ANSWER = (
    "They make the loss too steep for its rate. The loss of the first epoch is 303,740; after it the hidden neurons "
    "are dead, and the network gives every image the same digit: 0.106."
)
KIND = "experiment"

OF = "mlp"
SETTINGS = {
    "0 to 1": {},
    "standardised": {"pixels": "standardised"},
    "centred": {"pixels": "centred"},
    "-1 to 1": {"pixels": "signed"},
    "inverted": {"pixels": "inverted"},
    "1 added": {"pixels": "shifted"},
    "10 added": {"pixels": "far"},
    "0 to 255": {"pixels": "bytes"},
    "0 to 255, slow": {"pixels": "bytes", "learning_rate": 0.0001},
}
FIGURE = {
    "curve": "accuracy",
    "says": "Validation accuracy over three epochs for nine treatments of the pixels. Standardised, centred, 0 to 1 "
    "and -1 to 1 learn; inverted, shifted and bytes only guess, and bytes learn slowly at a thousandth of the rate.",
}


def data(images, labels, validation_images, validation_labels, *, pixels="plain"):
    """Scales and shifts the pixels of both sets with the training images' mean and deviation."""
    mean, deviation = images.mean(dtype=np.float64), images.std(dtype=np.float64)
    shift, scale = {
        "plain": (0, 1),
        "standardised": (-mean, 1 / deviation),
        "centred": (-mean, 1),
        "signed": (-0.5, 2),
        "inverted": (-1, -1),
        "shifted": (1, 1),
        "far": (10, 1),
        "bytes": (0, 255),
    }[pixels]
    images, validation_images = (((part + shift) * scale).astype(np.float32) for part in (images, validation_images))
    return images, labels, validation_images, validation_labels


def findings(runs):
    """What must hold: by sentence a value and its least value."""
    last = {name: run["accuracy"][-1] for name, run in runs.items()}
    return {
        "from 0 to 1 the network learns, from 0 to 255 it only guesses": (last["0 to 1"] - last["0 to 255"], 0.39),
        "standardised is better than 0 to 1": (last["standardised"] - last["0 to 1"], 0.01),
        "black on white is worse than white on black": (last["0 to 1"] - last["inverted"], 0.3),
        "with 1 or 10 added to each pixel it only guesses": (
            last["0 to 1"] - max(last["1 added"], last["10 added"]),
            0.39,
        ),
        "a lower rate doesn't make up for bytes": (last["0 to 1"] - last["0 to 255, slow"], 0.04),
    }
