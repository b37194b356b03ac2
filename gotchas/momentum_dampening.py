"""PyTorch's SGD has a dampening, which makes new gradients count for less. The first step leaves it out: the velocity
begins as the whole first gradient. So a dampening equal to the momentum is not the moving average that it looks like.
"""

TITLE = "Dampening and the first step"
QUESTION = "How far the first two steps go: gradients of 1, momentum 0.9, dampening 0.5, rate 1."
EXPECTED = {"pytorch": [1, 1.4]}
DOCUMENTED = {"pytorch": ([1, 1.4], "https://pytorch.org/docs/1.13/generated/torch.optim.SGD.html")}


def pytorch():
    import torch

    weight = torch.zeros((), requires_grad=True)
    weight.grad = torch.ones(())
    optimizer = torch.optim.SGD([weight], lr=1.0, momentum=0.9, dampening=0.5)
    optimizer.step()
    first = -weight.item()
    optimizer.step()
    return [first, -weight.item() - first]
