"""The same argument, `weight_decay`, means two things. Coupled, it is added to the gradient, and so goes through
momentum and through Adam's division, which undoes its size. Decoupled, it shrinks the weight directly. PyTorch
couples in SGD and Adam and decouples in AdamW; Keras decouples in all of them. Moving a number from one to the other
changes the training.
"""

import numpy as np

TITLE = "Weight decay: coupled or decoupled"
QUESTION = "What two steps without a gradient leave of a weight of 1: rate 0.1, decay 0.1, momentum 0.9."
EXPECTED = {
    "keras": {"SGD": 0.9801, "Adam": 0.9801, "AdamW": 0.9801, "AdamW's default": 0.004},
    "pytorch": {"SGD": 0.9711, "Adam": 0.8004122, "AdamW": 0.9801, "AdamW's default": 0.01},
}
DOCUMENTED = {
    "keras": ({"AdamW's default": 0.004}, "https://keras.io/api/optimizers/adamw"),
    "pytorch": ({"AdamW's default": 0.01}, "https://docs.pytorch.org/docs/stable/_modules/torch/optim/adamw.html"),
}
NOTES = {
    "keras": "0.99 × 0.99: each step takes the hundredth part, whatever the optimiser.",
    "pytorch": "Coupled, the decay is a gradient: momentum makes it more, and Adam makes it a step of full length.",
}


def keras():
    import keras

    def decayed(optimizer, steps=2):
        weight = keras.Variable(np.ones(()))
        for _ in range(steps):
            optimizer.apply([keras.ops.zeros(())], [weight])
        return keras.ops.convert_to_numpy(weight)

    return {
        "SGD": decayed(keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1)),
        "Adam": decayed(keras.optimizers.Adam(0.1, weight_decay=0.1)),
        "AdamW": decayed(keras.optimizers.AdamW(0.1, weight_decay=0.1)),
        "AdamW's default": 1 - decayed(keras.optimizers.AdamW(1.0), steps=1),
    }


def pytorch():
    import torch

    def decayed(optimizer, steps=2, **options):
        weight = torch.ones((), dtype=torch.float64, requires_grad=True)
        weight.grad = torch.zeros((), dtype=torch.float64)
        optimizer = optimizer([weight], **options)
        for _ in range(steps):
            optimizer.step()
        return weight.item()

    return {
        "SGD": decayed(torch.optim.SGD, lr=0.1, momentum=0.9, weight_decay=0.1),
        "Adam": decayed(torch.optim.Adam, lr=0.1, weight_decay=0.1),
        "AdamW": decayed(torch.optim.AdamW, lr=0.1, weight_decay=0.1),
        "AdamW's default": 1 - decayed(torch.optim.AdamW, steps=1, lr=1.0),
    }
