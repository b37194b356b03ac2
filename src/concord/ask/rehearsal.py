"""What a worker does with a program to see whether it learns: it runs the program's own Run part under watch, and puts
its functions to small tests.

Under the framework's own interpreter: the standard library and NumPy alone, plain values in and out. `folder` is where
the program runs; it holds an mnist.npz, and nothing is downloaded.
"""

import ast
import contextlib
import inspect
import math
import os
import sys
import types
from pathlib import Path

import numpy as np

loaded = {}  # the last program, by its path
SCORED = 2_000  # images of each set; what a point of a curve costs must not exceed the training
RUN_ONLY = ("epochs", "batch_size", "shuffle", "seed", "watch")  # what a test chooses itself
NO_RUN_PART = "the file has no part for `__main__` that calls train"


class EnoughError(Exception):
    """The Run part has shown what it gives to `evaluate`."""


def load(program):
    """The program as a module, and its Run part as code, which hasn't run; None if there is none."""
    if program not in loaded:
        loaded.clear()
        tree = ast.parse(Path(program).read_text(encoding="utf-8"), program)
        parts = [node for node in tree.body if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)]
        tree.body = [node for node in tree.body if node not in parts]
        module = types.ModuleType(Path(program).stem)
        module.__file__ = program
        sys.modules[module.__name__] = module
        exec(compile(tree, program, "exec", dont_inherit=True), vars(module))
        body = ast.Module([statement for part in parts for statement in part.body], [])
        loaded[program] = module, compile(body, program, "exec", dont_inherit=True) if parts else None
    return loaded[program]


@contextlib.contextmanager
def inside(folder):
    """In this folder; Keras's loader finds the MNIST that lies there instead of looking for it in the network."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        if "keras" in sys.modules or "tensorflow" in sys.modules:
            import keras.src.datasets.mnist as loader

            loader.get_file = lambda *_, **__: str(Path(folder) / "mnist.npz")
        yield
    finally:
        os.chdir(before)


def run_part(module, code, **replaced):
    """Runs the Run part with functions in the place of the program's own; gives nothing."""
    own = {name: getattr(module, name) for name in replaced}
    vars(module).update(replaced)
    try:
        exec(code, vars(module))
    finally:
        vars(module).update(own)


def given(module, code):
    """What the Run part gives to `train` (images, labels, keywords) and to `evaluate` (images, labels). Nothing is
    trained; either may be missing."""
    taken = {}

    def train(model, images, labels, **keywords):
        taken["train"] = images, labels, keywords
        return model, [0.0]

    def evaluate(model, images, labels):
        taken["evaluate"] = images, labels
        raise EnoughError

    if code:
        with contextlib.suppress(EnoughError):
            run_part(module, code, train=train, evaluate=evaluate)
    return taken


def mnist():
    """Training images (N, 28, 28, 1) and labels, then test images and labels, as the recipes' contract has them."""
    with np.load("mnist.npz") as file:
        images = [file[name][..., np.newaxis] / np.float32(255) for name in ("x_train", "x_test")]
        labels = [file[name].astype(np.int64) for name in ("y_train", "y_test")]
    return images[0], labels[0], images[1], labels[1]


def cross_entropy(logits, labels):
    """The mean over the images."""
    logits = np.asarray(logits, np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), np.asarray(labels)]).mean())


# ---- the Run part under watch


def watch(program, folder, epochs, seed):
    """Runs the program as its Run part does, for as many epochs as are asked, unless it says how many.

    Returns:
        history: the loss of each epoch, as the program tells it.
        points: before training and after each epoch, the loss and accuracy on the images that the program trains on,
            and those on the images that it is evaluated on.
        fresh: the accuracy after training on MNIST's test images, prepared as the recipes' contract says.
    """
    with inside(folder), np.errstate(all="ignore"):
        module, code = load(program)
        shown = given(module, code)
        if "train" not in shown or "evaluate" not in shown:
            raise ValueError("the Run part doesn't call train and evaluate")
        told = {}
        train, variables = module.train, module.variables

        def start(**keywords):
            return variables(**{"seed": seed, **keywords})

        def watched(model, images, labels, **keywords):
            sets = {"training": (images, labels), "validation": shown["evaluate"]}
            points = [look(module, model, sets)]
            chosen = {"epochs": epochs, "seed": seed, **keywords}
            chosen["watch"] = lambda model: points.append(look(module, model, sets))
            model, history = train(model, images, labels, **chosen)
            fresh = module.evaluate(model, *(part[:SCORED] for part in mnist()[2:]))
            told.update(history=[float(loss) for loss in history], points=points, fresh=float(fresh))
            return model, history

        run_part(module, code, train=watched, variables=start)
    return told


def look(module, model, sets):
    """A model's losses and accuracies, of what it predicts."""
    found = {}
    for name, (images, labels) in sets.items():
        images, labels = images[:SCORED], np.asarray(labels[:SCORED])
        logits = np.asarray(module.predict(model, images))
        found[name] = float((logits.argmax(axis=1) == labels).mean())
        found[f"{name}_loss"] = cross_entropy(logits, labels)
    return found


# ---- small tests of its functions


def start(module, adapter=None, precision="float32", arrays=None, seed=0):
    """An untrained model, in a precision where there is an adapter for its weights."""
    takes_dtype = "dtype" in inspect.signature(module.variables).parameters
    model = module.variables(seed=seed, **({"dtype": precision} if takes_dtype else {}))
    if adapter:
        arrays = arrays or adapter.read(model, names_of(adapter, model))
        model = adapter.write(model, {name: array.astype(precision) for name, array in arrays.items()})
    return model


def names_of(adapter, model):
    """The canonical names of all of a model's weights."""
    if hasattr(adapter, "views"):  # PyTorch
        return list(adapter.views(model, {}))
    if hasattr(adapter, "variables"):  # Keras, TensorFlow 1
        return list(adapter.variables(model))
    if hasattr(adapter, "name_of"):  # JAX
        return [adapter.name_of(path) for path, _ in adapter.jax.tree_util.tree_leaves_with_path(model)]
    return list(getattr(model, "parameters", model))


def average(name):
    """Whether a weight is a moving average, which no gradient moves."""
    return "moving_" in name or "running_" in name


def trained(module, model, images, labels, **keywords):
    """Trains with those of the keywords that the program's `train` takes."""
    known = inspect.signature(module.train).parameters
    found = module.train(model, images, labels, **{name: value for name, value in keywords.items() if name in known})
    if not (isinstance(found, (tuple, list)) and len(found) == 2):
        raise TypeError(f"train gives {type(found).__name__}, expected a pair: the model, and the loss of each epoch")
    return found


def own_settings(module, code):
    """The hyper-parameters that the Run part chooses, but for those that a test chooses itself."""
    _, _, keywords = given(module, code).get("train", (None, None, {}))
    return {name: value for name, value in keywords.items() if name not in RUN_ONLY}


def verdict(good, found, expected, look):
    """`look` is a function of the program, or "Run"; `good` is None for what can't be told."""
    outcome = "unknown" if good is None else "ok" if good else "failed"
    return {"outcome": outcome, "found": found, "expected": expected, "look": look}


def unknown(why):
    return verdict(None, why, "", "")


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.3g}"


def check_start(module, code, data):
    """An untrained network guesses."""
    images, labels = data[0][:1_000], data[1][:1_000]
    logits = np.asarray(module.predict(start(module), images))
    loss, guess = cross_entropy(logits, labels), math.log(logits.shape[1])
    expected = f"{0.8 * guess:.2f} to {1.5 * guess:.2f}, about the logarithm of {logits.shape[1]}, {guess:.3f}"
    return verdict(0.8 * guess <= loss <= 1.5 * guess, f"a loss of {number(loss)}", expected, "variables")


def check_scores(module, code, data):
    """`predict` gives scores that may have any sum."""
    logits = np.asarray(module.predict(start(module), data[0][:200]))
    shares = np.allclose(logits.sum(axis=1), 1, atol=1e-4) and (logits >= 0).all()
    found = f"{logits.shape[1]} {'probabilities: they add up to 1' if shares else 'scores'} for each image"
    if not np.isfinite(logits).all():
        found, shares = "scores that aren't finite", True
    if not shares and (logits >= 0).all() and 0 < (logits == 0).mean() < 1:
        found, shares = "scores of which none is below 0, and some are exactly 0", True
    expected = "scores of any sign and sum; a loss that contains the softmax would apply a second one"
    return verdict(not shares, found, expected, "predict")


def check_loss(module, code, data, adapter, precision="float32"):
    """The loss that `train` tells is that of its own predictions. It is taken before the first step, from weights that
    make the scores differ: where all are alike, many a wrong loss is the logarithm of their number too."""
    images, labels = data[0][:200], data[1][:200]
    settings = {"epochs": 1, "batch_size": len(images), "shuffle": False, **own_settings(module, code)}
    model, random = start(module, adapter, precision), np.random.default_rng(0)
    names = names_of(adapter, model)
    arrays = {
        name: array if average(name) else 2 * array + random.normal(0, 0.1, array.shape)
        for name, array in adapter.read(model, names).items()
    }

    def loss(seed):
        model = start(module, adapter, precision, arrays, seed)
        return trained(module, model, images, labels, **{**settings, "seed": seed})[1][0]

    told = [loss(seed) for seed in (0, 1)]
    tolerance = 0.02 if told[0] == told[1] else 0.5  # dropout and the like: the loss is another one
    model = start(module, adapter, precision, arrays)
    right = cross_entropy(module.predict(model, images), labels)
    if any(map(average, names)):  # steps of length 0 move these alone, until they are those of the batch
        if "learning_rate" not in inspect.signature(module.train).parameters:
            return unknown("train takes no learning_rate, so that moving averages can't be moved alone")
        for _ in range(10):
            resting, before = {**settings, "epochs": 50, "learning_rate": 0.0, "seed": 0}, right
            model, _ = trained(module, model, images, labels, **resting)
            right = cross_entropy(module.predict(model, images), labels)
            if abs(told[0] - right) <= tolerance * max(right, 0.1) or not abs(before - right) > 1e-3 * right:
                break
        else:
            return unknown("the moving averages move so slowly that 500 steps don't bring them to rest")
    found, expected = f"{number(told[0])}", f"{number(right)}, the mean cross-entropy of what predict gives"
    good = abs(told[0] - right) <= tolerance * max(right, 0.1)
    if math.isfinite(told[0]) and abs(told[0] - right * len(images)) <= tolerance * right * len(images):
        found += f", {len(images)} times that: the sum over the batch"
    return verdict(good, found, expected, "train")


def check_gradient(module, code, data, adapter, precision="float64"):
    """One plain step of `train` moves each weight by minus the gradient that differences of the loss give."""
    images, labels = data[0][:20].astype(precision), data[1][:20]
    if "learning_rate" not in inspect.signature(module.train).parameters:
        return unknown("train takes no learning_rate, so the size of its step isn't known")
    model = start(module, adapter, precision)
    names = names_of(adapter, model)
    before, rate = adapter.read(model, names), np.float64(2.0**-6)
    settings = {"epochs": 1, "batch_size": len(images), "learning_rate": rate, "momentum": 0.0, "shuffle": False}

    def step(seed, count=1):
        model = start(module, adapter, precision, before, seed)  # dropout may draw by the seed of the start
        chosen = {**settings, "seed": seed, "epochs": count}
        after = adapter.read(trained(module, model, images, labels, **chosen)[0], names)
        return {name: (before[name] - after[name]) / rate for name in names}

    gradient, again = step(0), step(1)
    sizes = np.concatenate([np.abs(array[array != 0]) for array in gradient.values()] or [np.zeros(0)])
    why = ""
    if any(map(average, names)):
        why = "with batch normalisation the loss in training isn't that of predict"
    elif any(not np.array_equal(gradient[name], again[name]) for name in names):
        why = "training is random, as with dropout: two steps from one start differ"
    elif len(sizes) and np.mean(np.abs(sizes - 1) < 0.01) > 0.8:
        why = "each weight moves by the learning rate, as with Adam: the step isn't the gradient"
    if why:  # what stands still is seen all the same
        still = [name for name, array in gradient.items() if not average(name) and not array.any()]
        return (
            verdict(False, f"{' and '.join(still)} not moved", "a step of all weights", "train")
            if still
            else unknown(why)
        )
    random, model = np.random.default_rng(0), start(module, adapter, precision, before)

    def loss(arrays):
        return cross_entropy(module.predict(adapter.write(model, arrays), images), labels)

    found = {}  # by name: what the step says and what differences say, of a few weights of each array
    for name, array in gradient.items():
        largest = np.argsort(np.abs(array), axis=None)[-3:]
        picked = np.unique([*largest, *random.integers(0, array.size, 5)])
        pairs = []
        for place in picked:
            sides = []
            for shift in (1e-3, -1e-3):
                arrays = {other: values.copy() for other, values in before.items()}
                arrays[name].flat[place] += shift
                sides.append(loss(arrays))
            pairs.append((array.flat[place], (sides[0] - sides[1]) / 2e-3))
        found[name] = np.array(pairs)
    found = judged_gradient(found)
    lengths = [np.sqrt(sum((array**2).sum() for array in moved.values())) for moved in (gradient, step(0, 2))]
    if found["outcome"] == "ok" and not 1.6 <= lengths[1] / lengths[0] <= 2.4:
        told = f"two steps on one batch that go {lengths[1] / lengths[0]:.2f} times as far as one"
        expected = "about twice as far: each step has a gradient of its own, which isn't added to the one before"
        return verdict(False, told, expected, "train")
    return found


def judged_gradient(found):
    """What is said of the gradients of each array, (weights, 2): by the step, and by differences."""
    everything = np.concatenate(list(found.values()))
    if not np.isfinite(everything).all():
        return verdict(False, "a step that isn't finite", "a gradient", "train")
    scale = np.linalg.norm(everything[:, 1])
    if scale < 1e-8:
        return verdict(False, "a loss that no weight changes", "a gradient", "variables")
    errors = {name: typical_error(pairs, 1e-4 * scale) for name, pairs in found.items()}
    expected = "minus the learning rate times the gradient, as differences of the loss give it, to 2 %"
    if max(errors.values()) <= 0.02:
        return verdict(True, f"a step that agrees, to {max(errors.values()):.0e}", expected, "train")
    still = [name for name, pairs in found.items() if not pairs[:, 0].any() and pairs[:, 1].any()]
    if len(still) == len(found):
        return verdict(False, "a step that moves no weight", expected, "train")
    if still:
        return verdict(False, f"{' and '.join(still)} not moved", expected, "train")
    ratio = everything[:, 0] @ everything[:, 1] / scale**2
    off = np.linalg.norm(everything[:, 0] - ratio * everything[:, 1])
    if abs(ratio - 1) > 0.02 and off <= 0.05 * abs(ratio) * scale:
        what = "the sign" if ratio < 0 else "a sum over the batch in place of its mean, or another learning rate"
        return verdict(False, f"a step of {ratio:.3g} times that: {what}", expected, "train")
    worst = max(errors, key=lambda name: errors[name])
    return verdict(False, f"{worst} moved differently, with an error of {errors[worst]:.0%}", expected, "train")


def typical_error(pairs, least):
    """The median relative error of the pairs that aren't small: a few may have crossed the kink of a ReLU."""
    sizes = np.abs(pairs).max(axis=1)
    kept = sizes > max(least, 1e-2 * sizes.max())
    return float(np.median(np.abs(pairs[kept, 0] - pairs[kept, 1]) / sizes[kept])) if kept.any() else 0.0


def check_overfit(module, code, data):
    """Twenty images can be learnt by heart, with the program's own learning rate."""
    images, labels = data[0][:20], data[1][:20]
    settings = {"epochs": 200, "batch_size": 20, "seed": 0, **own_settings(module, code)}
    model, _ = trained(module, start(module), images, labels, **settings)
    logits = np.asarray(module.predict(model, images))
    right, loss = int((logits.argmax(axis=1) == labels).sum()), cross_entropy(logits, labels)
    found = f"{right} of 20 images right, and a loss of {number(loss)}, after 200 steps"
    return verdict(right == 20 and loss < 0.5, found, "all 20 and a loss below 0.5", "train")


def check_blank(module, code, data):
    """Digits teach more than blank images with the same labels, which only tell how frequent each class is. No loss
    gets below the entropy of these frequencies, unless the label itself is handed on."""
    images, labels = data[0][:500], data[1][:500]
    blank, shares = np.zeros_like(images), np.bincount(labels) / len(labels)
    entropy = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    settings = {"epochs": 20, "batch_size": 50, "seed": 0, **own_settings(module, code)}
    losses, told = [], []
    for shown in (images, blank):
        model, history = trained(module, start(module), shown, labels, **settings)
        losses.append(cross_entropy(module.predict(model, shown), labels))
        told.append(history[-1])
    first = trained(module, start(module), blank, labels, **{**settings, "epochs": 1, "batch_size": 500})[1][0]
    guess = cross_entropy(module.predict(start(module), blank), labels)
    is_cross_entropy = abs(first - guess) <= 0.25 * guess  # that of another loss has no such bound
    lowest = min(losses[1], told[1]) if is_cross_entropy else losses[1]
    if lowest < 0.95 * entropy:
        expected = (
            f"at least {number(entropy)}, the entropy of the labels: else the label leaks into what is trained on"
        )
        return verdict(False, f"a loss of {number(lowest)} with blank images", expected, "train")
    found = f"a loss of {number(losses[0])} with digits, {number(losses[1])} with blank images"
    return verdict(losses[0] < 0.85 * losses[1], found, "digits at least 15 % below blank images", "train")


def check_mode(module, code, data):
    """A trained model predicts the same twice, and an image the same wherever it stands and whatever is beside it."""
    images, labels = data[0][:300], data[1][:300]
    settings = {"epochs": 1, "batch_size": 50, "seed": 0, **own_settings(module, code)}
    model, _ = trained(module, start(module), images, labels, **settings)
    first = np.array(module.predict(model, images[:20]))
    expected = "the same scores twice, and for an image alone the same as in a batch"
    if not np.isfinite(first).all():
        return verdict(False, "scores that aren't finite after one epoch", expected, "train")
    scale = max(float(np.abs(first).max()), 1e-6)

    def change(count, step=1):
        again = np.array(module.predict(model, images[:count][::step].copy()))[::step]
        return float(np.abs(first[:count] - again).max()) / scale

    if not (twice := change(20)) <= 1e-4:
        return verdict(False, f"scores that change by {twice:.0%} from call to call", expected, "predict")
    if not (moved := change(20, -1)) <= 1e-3:  # as with masks from the same key each time
        found = f"scores that change by {moved:.0%} with an image's place in the batch"
        return verdict(False, found, expected, "predict")
    for count, which in ((2, "two images"), (1, "an image alone")):  # by itself one may be refused, or be all zeros
        if not (few := change(count)) <= 1e-3:
            found = f"scores of {which} that differ by {few:.0%} from those in a batch of 20"
            return verdict(False, found, expected, "predict")
    return verdict(True, "the same scores twice, and alone", expected, "predict")


def check_evaluate(module, code, data):
    """`evaluate` counts what `predict` says."""
    images, labels = data[0][:500], data[1][:500]
    model = start(module)
    told = float(module.evaluate(model, images, labels))
    counted = float((np.asarray(module.predict(model, images)).argmax(axis=1) == labels).mean())
    found, expected = f"an accuracy of {told:.3f}", f"{counted:.3f}, the share of images whose highest score is right"
    return verdict(abs(told - counted) < 1e-3, found, expected, "evaluate")


def check_shuffling(module, code, data):
    """Another seed is another order, and each image keeps its label in it."""
    images, labels = data[0][:200], data[1][:200]
    settings = {"epochs": 1, "shuffle": True, **own_settings(module, code)}

    def scores(seed):
        model, _ = trained(module, start(module), images, labels, **{**settings, "batch_size": 20, "seed": seed})
        return np.array(module.predict(model, images[:20]))

    def loss(model, shuffle, seed=0):
        chosen = {**settings, "batch_size": 200, "shuffle": shuffle, "seed": seed}
        return trained(module, model, images, labels, **chosen)[1][0]

    told = [loss(start(module), shuffle) for shuffle in (True, False)]
    alike = abs(told[0] - told[1]) <= 1e-3 * max(abs(told[1]), 1e-3)
    if not alike and told[1] != loss(start(module), False, seed=1):  # dropout and the like: only a trained model tells
        learnt = {**settings, "epochs": 30, "batch_size": 20, "shuffle": False, "seed": 0}
        model, _ = trained(module, start(module), images, labels, **learnt)
        told = [loss(model, shuffle) for shuffle in (True, False)]
        alike = told[0] <= 2 * told[1] + 0.2
    expected = "another order of the images with another seed, each with its own label"
    if not alike:
        found = f"a loss of {number(told[0])} for all images shuffled, {number(told[1])} for the same in order"
        return verdict(False, found, expected, "train")
    if np.array_equal(scores(1), scores(2)):
        return verdict(False, "the same bits with two seeds: nothing is shuffled", expected, "train")
    return verdict(True, "another order with another seed", expected, "train")


# ---- what the Run part gives them


def nearest_mean(images, labels, others, theirs):
    """The share of the other images that the nearest mean image of a class reads right."""
    flat, others = (np.asarray(part, np.float64).reshape(len(part), -1) for part in (images, others))
    classes = np.unique(labels)
    means = np.stack([flat[labels == label].mean(axis=0) for label in classes])  # (classes, pixels)
    distances = (means**2).sum(axis=1) - 2 * others @ means.T
    return float((classes[distances.argmin(axis=1)] == theirs).mean())


def run_data(module, code):
    """What the Run part gives, as arrays; None where it gives nothing."""
    shown = given(module, code)
    if "train" not in shown:
        return None
    images, labels, keywords = shown["train"]
    arrays = [np.asarray(images), np.asarray(labels)]
    return arrays, [np.asarray(part) for part in shown.get("evaluate", ())], keywords


def check_range(module, code, data):
    """The images go from 0 to 1, or have a mean near 0."""
    if (found := run_data(module, code)) is None:
        return unknown(NO_RUN_PART)
    (images, _), _, _ = found
    expected = "finite numbers from 0 to 1, or a mean of about 0 and a deviation of about 1"
    if not np.isfinite(images).all():
        return verdict(False, f"{np.mean(~np.isfinite(images)):.0%} of the pixels not finite", expected, "Run")
    low, high, mean = float(images.min()), float(images.max()), float(images.mean())
    told = f"pixels from {number(low)} to {number(high)}, with a mean of {number(mean)}"
    return verdict(abs(mean) <= 2 and 0.05 <= float(images.std()) <= 3, told, expected, "Run")


def check_labels(module, code, data):
    """The labels belong to the images: a mean image of each class reads many of the others."""
    if (found := run_data(module, code)) is None:
        return unknown(NO_RUN_PART)
    (images, labels), _, _ = found
    images, labels = np.nan_to_num(images[:5_000]), labels[:5_000]
    if len(images) != len(labels):
        return verdict(False, f"{len(images)} images and {len(labels)} labels", "as many of each", "Run")
    share = nearest_mean(images[::2], labels[::2], images[1::2], labels[1::2])
    chance = 1 / len(np.unique(labels))
    told = f"the mean image of each class reads {share:.0%} of the other training images"
    return verdict(share >= 3 * chance, told, f"at least {3 * chance:.0%}; guessing reads {chance:.0%}", "Run")


def check_order(module, code, data):
    """Images that aren't shuffled don't come sorted by class."""
    if (found := run_data(module, code)) is None:
        return unknown(NO_RUN_PART)
    (_, labels), _, keywords = found
    alike = float((labels[1:] == labels[:-1]).mean())
    shuffled = keywords.get("shuffle", inspect.signature(module.train).parameters["shuffle"].default)
    told = f"{alike:.0%} of the images follow one of their own class, {'shuffled' if shuffled else 'not shuffled'}"
    return verdict(bool(shuffled) or alike < 0.5, told, "a mixed order, or shuffle=True", "Run")


def check_new_images(module, code, data):
    """The images of the evaluation are prepared as those of the training, and are others."""
    found = run_data(module, code)
    if found is None or not found[1]:
        return unknown("the file has no part for `__main__` that calls train and evaluate")
    (images, labels), (others, theirs), _ = found
    images, labels, others, theirs = images[:5_000], labels[:5_000], others[:5_000], theirs[:5_000]
    images, others = np.nan_to_num(images), np.nan_to_num(others)
    expected = "the same preparation as in training, and no image of the training"
    means, spreads = (images.mean(), others.mean()), (images.std(), others.std())
    if abs(means[0] - means[1]) > 0.5 * spreads[0] or not 0.5 <= spreads[1] / max(spreads[0], 1e-9) <= 2:
        told = f"a mean of {number(means[1])} and a deviation of {number(spreads[1])}"
        return verdict(False, f"{told}; in training {number(means[0])} and {number(spreads[0])}", expected, "Run")
    known = {image.tobytes() for image in images}
    seen = float(np.mean([image.astype(images.dtype).tobytes() in known for image in others]))
    if seen > 0.01:
        return verdict(False, f"{seen:.0%} of its images seen in training", expected, "Run")
    shares = [
        nearest_mean(images[::2], labels[::2], images[1::2], labels[1::2]),
        nearest_mean(images, labels, others, theirs),
    ]
    told = f"mean images of the training read {shares[1]:.0%} of the new images, and {shares[0]:.0%} of its own"
    return verdict(shares[1] >= 0.7 * shares[0], told, expected, "Run")


CHECKS = {
    "start": check_start,
    "scores": check_scores,
    "loss": check_loss,
    "gradient": check_gradient,
    "overfit": check_overfit,
    "blank": check_blank,
    "mode": check_mode,
    "evaluate": check_evaluate,
    "shuffling": check_shuffling,
    "range": check_range,
    "labels": check_labels,
    "order": check_order,
    "new_images": check_new_images,
}


def check_loads(program, folder):
    """What a program raises when it is imported, as every check does first, and where; empty if nothing."""
    with inside(folder):
        try:
            load(program)
        except Exception as error:
            line = place(error, program)
            return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}{line and f' ({line})'}"
    return ""


def check(program, folder, name, adapter, precision="float32"):
    """One check of a program; what it raises is a failure of the program.

    Args:
        name: one of CHECKS.
        adapter: the framework's weights.py.
    """
    with inside(folder), np.errstate(all="ignore"):
        try:
            module, code = load(program)
            more = {"adapter": imported(adapter), "precision": precision} if name in ("gradient", "loss") else {}
            return CHECKS[name](module, code, mnist(), **more)
        except Exception as error:
            told = " ".join(str(error).split())[:200]
            return verdict(False, f"{type(error).__name__}: {told}", "no error", place(error, program))


def imported(path):
    """The framework's weights.py as a module."""
    if path not in loaded_adapters:
        module = types.ModuleType("weights_of_the_framework")
        exec(compile(Path(path).read_text(encoding="utf-8"), path, "exec", dont_inherit=True), vars(module))
        loaded_adapters[path] = module
    return loaded_adapters[path]


loaded_adapters = {}


def place(error, program):
    """The last line of the program that an exception passed, as "line 12"; empty if it passed none."""
    trace, line = error.__traceback__, None
    while trace:
        if trace.tb_frame.f_code.co_filename == program:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}" if line else ""
