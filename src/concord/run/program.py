"""The program inside a worker process: takes jobs, one line of JSON each, and answers each with one line of JSON.

It runs under the framework's own interpreter, which may be older than the harness's and have another NumPy, so it
uses the standard library and NumPy alone, and what passes between the two is JSON and plain .npy/.npz arrays.
Standard output belongs to the answers; whatever a recipe prints goes to the log on standard error. Standard input
belongs to the jobs; a recipe finds it empty.
"""

import contextlib
import faulthandler
import importlib
import importlib.util
import inspect
import itertools
import json
import math
import os
import platform
import queue
import resource
import shutil
import sys
import threading
import traceback
from functools import partial
from importlib import metadata
from pathlib import Path
from time import perf_counter  # by this name: a recipe that gives `time` another clock changes nothing here


def main():
    configuration = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # A process that a recipe forks closes sys.stdin, and would wait for ever for the thread that is reading from it.
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    faulthandler.enable()
    jobs = queue.Queue()
    threading.Thread(target=read_jobs, args=(questions, jobs, configuration["temporary"]), daemon=True).start()

    def answer(**fields):
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    answer(**attempt(start, configuration), nonce=configuration["nonce"])
    close_off(configuration["store"])
    precision = configuration["precision"]
    while True:
        job = jobs.get()
        do = in_a_copy if job.get("in_a_copy") else attempt
        nonce = job.pop("nonce")  # a recipe that writes an answer of its own can't know it
        job["tick"] = partial(answer, nonce=nonce)
        result = do(JOBS[job["kind"]], job, precision)
        if device and configuration["device"] == "gpu":
            result["peak_device_memory"] = device.peak_memory()
            if result["outcome"] == "ok" and result["peak_device_memory"] == 0:
                result.update(outcome="unsupported", reason="nothing was ever on the GPU: the recipe left it alone")
        answer(**result, peak_memory=peak_memory(), nonce=nonce)


def attempt(function, *arguments):
    """What the function gives, with its outcome; or why it gave nothing."""
    try:
        return {"outcome": "ok", "reason": "", **function(*arguments)}
    except MemoryError as error:
        return {"outcome": "out_of_memory", "reason": one_line(error)}
    except NotSavedError as error:
        return {"outcome": "error", "reason": str(error), "disk": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"outcome": "error", "reason": one_line(error)}


def in_a_copy(function, *arguments):
    """The same in a copy of this process, which itself goes on as it is: a framework that was only imported.

    What can be set before the first use alone can thus be set again, without another import.
    """
    receiving, sending = os.pipe()
    copy = os.fork()
    if copy == 0:
        os.write(sending, json.dumps(attempt(function, *arguments)).encode() + b"\n")
        os._exit(0)
    os.close(sending)
    with os.fdopen(receiving, encoding="utf-8") as pipe:
        line = pipe.readline()  # not to its end: a process that the copy has started may hold it open
    _, status = os.waitpid(copy, 0)
    if not line:  # what ended the copy would have ended this process
        if os.WIFSIGNALED(status):
            os.kill(os.getpid(), os.WTERMSIG(status))
        os._exit(os.WEXITSTATUS(status))
    return json.loads(line)


def read_jobs(questions, jobs, temporary):
    """Runs in a thread, so that the end of the harness (the end of standard input) ends a busy worker too."""
    for line in questions:
        jobs.put(json.loads(line))
    shutil.rmtree(temporary, ignore_errors=True)  # nobody else is left to do it
    os._exit(0)


def start(configuration):
    """Imports the framework, with the device, the precision and the threads that the harness asks for."""
    global device
    begin = perf_counter()
    used = None
    names = {"precision": configuration["precision"], "threads": configuration["threads"]}
    try:
        with hidden(configuration["hides"]):
            if configuration["device_code"]:
                device = import_file(Path(configuration["device_code"]))
                used = device.use_gpu() if configuration["device"] == "gpu" else None
            exec(configuration["startup"], names)
            for name in configuration["imports"]:
                importlib.import_module(name)
    except ModuleNotFoundError as error:
        return {"outcome": "not_installed", "reason": str(error)}
    except NotImplementedError as error:
        return {"outcome": "unsupported", "reason": str(error)}
    import numpy

    return {
        "import_seconds": perf_counter() - begin,
        "device": used,
        "versions": {
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            **{name: metadata.version(name) for name in configuration["distributions"]},
        },
    }


def close_off(folder):
    """From now on no Python code in this process opens a file in the folder: the reference's answers lie there, and
    Python never lets go of an audit hook."""
    closed = os.path.join(os.path.realpath(folder), "")

    def look(event, arguments):
        named = event in ("open", "os.link", "os.rename") and isinstance(arguments[0], (str, bytes))
        if named and os.path.realpath(os.fsdecode(arguments[0])).startswith(closed):
            raise PermissionError(f"a recipe can't read what other programs gave, in {folder}")

    sys.addaudithook(look)


@contextlib.contextmanager
def hidden(packages):
    """Lets an import of these fail as if they weren't installed: a framework that would import its neighbours, if they
    are there, is then timed and weighed by itself."""
    absent = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


MANY = 1_000  # images: from here on a program may go another way
UNEVEN = 1_003  # more than that, and no multiple of a batch
OTHERWISE = "with its arguments in another order"
SAME_ORDER = 0.05  # see `repeats_an_order`

device = None  # the framework's device.py, where it has one


def synchronise():
    """Waits for the device: what a framework has queued isn't done yet, and the clock may only be read when it is."""
    if device:
        device.synchronise()


def run_network(job, precision):
    """Makes a model, trains it, and gives its weights, losses, logits and accuracy, as far as the job asks.

    `train` holds keyword arguments of the recipe's `train`, or null; `seconds` are wall time by function. The harness
    is told when each begins and when it has ended, and looks at a clock of its own.
    """
    import numpy as np

    recipe, adapter = load_recipe(job), load_adapter(job)
    seconds, results = {}, {}

    def timed(name, function, *arguments, **keywords):
        job["tick"]()
        begin = perf_counter()
        result = function(*arguments, **keywords)
        synchronise()
        seconds[name] = perf_counter() - begin
        job["tick"]()
        return result

    def make(arrays=None):
        """A model with the job's weights, or with other arrays."""
        model = recipe.variables(**start_options(recipe, job, precision))
        return with_weights(model, adapter, job, precision, arrays)

    def read(model):
        return {name: np.asarray(array) for name, array in adapter.read(model, job["names"], job["flattened"]).items()}

    def trained(model, images, labels):
        """Training is over when the weights have been read: what is put off until then costs time too."""
        keywords = {name: rate(value, precision) for name, value in job["train"].items()}
        found = recipe.train(model, images, labels, **keywords, **numbers_from(job["injected"], precision))
        if not (isinstance(found, (tuple, list)) and len(found) == 2):
            raise TypeError(
                f"train gives {type(found).__name__}, expected a pair: the model, and the loss of each epoch"
            )
        model, history = found
        if isinstance(history, dict) or not hasattr(history, "__len__"):
            raise TypeError(
                f"train gives a {type(history).__name__} of losses, expected a list, a number for each epoch"
            )
        return model, np.array(history, float), read(model)

    started = timed("variables", recipe.variables, **start_options(recipe, job, precision))
    model = with_weights(started, adapter, job, precision)
    if job["predict_first"]:
        images, labels = read_images(job["test_images"], job["test_labels"], job["predict_first"], precision)
        results["first/logits"] = np.array(recipe.predict(model, images))
        results |= {"first/weights/" + name: array for name, array in read(model).items()}
    if job["train"] is not None:
        images, labels = read_images(job["train_images"], job["train_labels"], job["train_count"], precision)
        model, results["history"], arrays = timed("train", trained, model, images, labels)
        del images
    else:
        arrays = read(model)
    results |= {"weights/" + name: array for name, array in arrays.items()}
    if job["predict_count"]:
        images, labels = read_images(job["test_images"], job["test_labels"], job["predict_count"], precision)
        results["logits"] = np.asarray(timed("predict", recipe.predict, model, images))
        if job["evaluate"]:
            results["accuracy"] = np.asarray(timed("evaluate", recipe.evaluate, model, images, labels))
            results |= run_many(recipe, make, model, images, labels, results["logits"], job, precision)
    if job.get("conduct"):
        surrounding = run_alike if job["conduct"] == "alike" else run_conduct
        try:
            results |= surrounding(recipe, make, read, job, precision)
        except Exception as error:  # what was proven of the arithmetic stays proven
            traceback.print_exc()
            results[f"holds/what surrounds the training raises no error ({one_line(error)})"] = np.array(0.0)
    save(job["results"], results)
    return {"seconds": seconds}


def run_many(recipe, make, model, images, labels, logits, job, precision):
    """Tries with more than MANY images what `run_conduct` tries with few; see there."""
    import numpy as np

    found = {}
    if len(images) > MANY:
        later, again = logits[MANY:], np.asarray(recipe.predict(model, images[MANY:]))
        moves = np.linalg.norm(later - again) > 1e-4 * np.linalg.norm(later)
        found["holds/an image's logits are the same whatever comes before it"] = np.array(float(not moves))
    if len(images) > UNEVEN and job["counts"]:  # a short batch comes last, however many a program takes at once
        few, known = images[:UNEVEN], labels[:UNEVEN]
        counted = np.mean(np.array(recipe.predict(model, few)).argmax(axis=1) == known)
        right = abs(recipe.evaluate(model, few, known) - counted) * UNEVEN < 0.01
        found["holds/evaluate counts each of an uneven number of images once"] = np.array(float(right))
    # Unless the loss of an image depends on its batch, or on what the recipe draws.
    if "learning_rate" in job["train"] and not (job["untrained"] or job["draws"]):
        size = job["train"]["batch_size"]
        # Of no batch size that hasn't been there; or every image, where the proof may take its time.
        count = job["train_count"] if job["whole"] else (MANY // size + 1) * size
        images, labels = read_images(job["train_images"], job["train_labels"], count, precision)
        _, history = recipe.train(make(), images, labels, **(job["train"] | {"epochs": 1, "learning_rate": 0.0}))
        found["conduct/the mean loss of many images without learning"] = np.array(history, float)
    return found


def run_alike(recipe, make, read, job, precision):
    """Trains once more, shuffled, on images that are all the same one, so that their order makes no difference, and two
    epochs longer; see `run_conduct`. Normalised by a batch they would all be 0, so there it isn't tried."""
    import numpy as np

    if job["untrained"]:
        return {}
    images, labels = read_images(job["train_images"], job["train_labels"], job["train_count"], precision)
    images, labels = (np.repeat(array[:1], len(array), axis=0) for array in (images, labels))
    asked = job["train"] | {"shuffle": True, "epochs": job["train"]["epochs"] + 2}
    keywords = {name: rate(value, precision) for name, value in asked.items()}
    steps = asked["epochs"] * math.ceil(len(images) / asked["batch_size"])
    for name, array in numbers_from(job["injected"], precision).items():
        keywords[name] = np.broadcast_to(array[:1, :1], (steps, *array.shape[1:])).copy()
    watched = []
    model, history = recipe.train(make(), images, labels, **keywords, watch=lambda _: watched.append(1))
    found = {f"conduct/{name} after the same image again and again": array for name, array in read(model).items()}
    found["conduct/the losses of the same image again and again"] = np.array(history, float)
    found["holds/watch sees the model after each of many epochs"] = np.array(float(len(watched) == len(history)))
    return found


def run_conduct(recipe, make, read, job, precision):
    """Tries what surrounds the arithmetic of training, by checks that don't depend on any order of the images.

    Args:
        make: gives a new model with the job's weights, or with other arrays.
        read: gives a model's weights.

    Returns:
        `conduct/<what>`: arrays that must equal the reference's; `holds/<sentence>`: 1 where it holds.
    """
    import numpy as np

    asked = job["train"]
    size, seed = asked["batch_size"], 3
    images, labels = read_images(job["train_images"], job["train_labels"], job["train_count"], precision)
    kept = images.copy(), labels.copy()
    found, holds = {}, {}
    # The same numbers for each image of each step, so that the order of the images makes no difference to them.
    repeated = {name: array[:1, :1] for name, array in numbers_from(job["injected"], precision).items()}

    def train(model, count, *, inputs=images, targets=labels, **changes):
        keywords = asked | {"shuffle": True, "seed": seed} | changes
        steps = keywords["epochs"] * math.ceil(count / size)
        keywords = {name: rate(value, precision) for name, value in keywords.items()}
        for name, one in repeated.items():
            keywords[name] = np.broadcast_to(one, (steps, size, *one.shape[2:])).copy()
        return recipe.train(model, inputs[:count], targets[:count], **keywords)

    def same(one, other):
        return all(np.array_equal(one[name], other[name]) for name in one)

    def moved(weights):
        return {name: array - start[name] for name, array in weights.items()}

    def alike(one, other):
        """Whether two trainings took the same order: anything else leaves much more than rounding."""
        pairs = [(moved(one)[name], moved(other)[name]) for name in start]
        return all(np.linalg.norm(here - there) <= 1e-6 * np.linalg.norm(here) for here, there in pairs)

    def two_batches(model, **changes):
        """A training that tells by its weights in which order it took the images, and in which batches. Without
        momentum one epoch leaves nothing else to the next."""
        return train(model, 2 * size, **({"momentum": 0.0} if "momentum" in asked else {}), **changes)[0]

    def repeats_an_order(seed):
        """Whether two of four epochs take the images in the same order, or in one that moves the weights alike.

        At a small rate an epoch moves the weights a little otherwise than the same epoch in the images' own order. Two
        epochs of the same order share that: all but 0.013 of the largest such difference in 14 networks (0.017 where
        Keras on PyTorch computes in float32). Two others differed by 0.13 of it at least, in 8 seeds of each network;
        where images resemble each other, in three kinds of strokes, by 0.04.
        """
        names = [name for name in start if name not in job["untrained"]]
        options = {"epochs": 4, "seed": seed, "learning_rate": asked["learning_rate"] / 1_000}

        def moves(shuffle):  # (epochs, weights)
            seen = [start]
            two_batches(make(), shuffle=shuffle, **options, watch=lambda model: seen.append(read(model)))
            return np.diff([np.concatenate([weights[name].ravel() for name in names]) for weights in seen], axis=0)

        def size(change):  # a ReLU that an image passes on the way changes few weights, by much
            return np.median(np.abs(change[in_order[0] != 0]))

        in_order = moves(False)
        by_order = moves(True) - in_order
        apart = min(size(late - early) for early, late in itertools.combinations(by_order, 2))
        return apart < SAME_ORDER * max(map(size, by_order))

    def compared(found, holds):
        arrays = {f"conduct/{name}": np.asarray(value) for name, value in found.items()}
        return arrays | {f"holds/{name}": np.array(float(value)) for name, value in holds.items()}

    start = read(make())
    # Each image once an epoch: with nothing learnt, the mean loss is that of all images, in any order. Where averages
    # are taken over a batch, it isn't, unless only the labels differ.
    if "learning_rate" in asked:
        inputs = np.repeat(images[:1], len(images), axis=0) if job["untrained"] else images
        still, history = train(make(), len(images), inputs=inputs, epochs=2, learning_rate=0.0)
        found["the mean loss of shuffled epochs without learning"] = np.array(history, float)
        after = read(still)  # moving averages may move
        found["which weights a learning rate of 0 leaves as they are"] = np.array(
            [float(np.array_equal(array, after[name])) for name, array in start.items()]
        )
    # One batch of all images, shuffled, has the whole gradient; and it leaves nothing to the training after it, which
    # is at another rate.
    whole, history = train(make(), size, epochs=1)
    found["the loss of one batch of all images, shuffled"] = np.array(history, float)
    for name, array in moved(read(whole)).items():
        found[f"{name} after one batch of all images, shuffled"] = array
    slower = {"learning_rate": asked["learning_rate"] / 2} if "learning_rate" in asked else {}
    whole, _ = train(whole, size + max(2, job["smallest"]), shuffle=False, **slower)
    for name, array in read(whole).items():
        found[f"{name} after two trainings of one model"] = array
    if job["stops_early"]:
        # The last quarter are the first's images with the second's labels: the more is learnt, the worse it gets there.
        # In 80 draws training stopped after 4 to 24 epochs, and in two of three the best wasn't the first. The best one
        # must come back also where the epochs end before it stops.
        count = len(images) // size * size
        quarter, rest = count // 4, count - count // 4
        contrary = np.concatenate([images[:rest], images[:quarter]])
        mixed = np.concatenate([labels[:rest], labels[quarter : 2 * quarter]])
        options = {"inputs": contrary, "targets": mixed, "shuffle": False}
        if "learning_rate" in asked:
            options["learning_rate"] = 2 * asked["learning_rate"]
        history = range(61)
        for until in ("training stops", "an epoch before"):
            best, history = train(make(), count, epochs=len(history) - 1, **options)
            found[f"the losses until {until}"] = np.array(history, float)
            for name, array in moved(read(best)).items():
                found[f"{name} of the best epoch until {until}"] = array
    if job["own"] and "learning_rate" in asked and not job["reference"]:
        holds |= run_own_numbers(recipe, make, images, labels, job, precision)
    if job["conduct"] != "all":
        return compared(found, holds)
    if job["untrained"]:  # others learn from the same image again and again, see `run_alike`
        # Whoever predicts between epochs mustn't end the training mode.
        several, _ = train(make(), size, epochs=4, watch=lambda model: recipe.predict(model, images[:1]))
        for name, array in moved(read(several)).items():
            found[f"{name} after four epochs of one batch, shuffled"] = array
    model = make()
    logits = np.array(recipe.predict(model, images.copy()))
    found["the logits of the same images the other way round"] = np.array(recipe.predict(model, images[::-1].copy()))
    found["the logits of a single image"] = np.array(recipe.predict(model, images[:1].copy()))
    few = images[: 2 + int(abs(labels).sum()) % 17].copy()
    found["the logits of a few images"] = np.array(recipe.predict(model, few))
    if not job["counts"]:
        for name, scored in {"an untrained": model, "a trained": whole}.items():
            found[f"the score of {name} model"] = np.array(recipe.evaluate(scored, images.copy(), labels), float)
    if job["reference"]:  # which only says what others must equal
        return compared(found, holds)
    # The seed decides on the order, and each epoch has its own.
    seeds = (seed, seed, seed + 1, seed + 2)
    models = [two_batches(make(), epochs=1, seed=number) for number in seeds]
    first, again, *others = map(read, models)
    holds["the same seed gives the same bits"] = same(first, again)
    orders = itertools.combinations((first, *others), 2)  # two batches that stay together have two orders, not three
    holds["another seed gives another order of the images"] = not any(alike(*pair) for pair in orders)
    watched = []
    trained = two_batches(make(), epochs=2, watch=lambda model: watched.append(read(model)))
    twice = two_batches(models[1], epochs=1)
    # What comes back may be the first epoch's, where training stops early.
    second = watched[-1] if job["stops_early"] and watched else read(trained)
    repeats = alike(second, read(twice))
    if not repeats and watched and "learning_rate" in asked and not job["stops_early"]:
        # By chance two orders may be alike in their effect; after three seeds in turn they hardly are.
        repeats = all(map(repeats_an_order, (seed, seed + 1, seed + 2)))
    holds["each epoch has an order of its own"] = not repeats
    # The last one comes back, or the best.
    last = watched if job["stops_early"] else [start, *watched][-1:]
    holds["watch sees the model after each epoch"] = (
        len(watched) == 2
        and any(same(seen, read(trained)) for seen in last)
        and not (same(watched[0], start) or same(*watched))
    )
    # Nothing of the caller's is changed, and nothing of it is kept.
    holds["training leaves its images and labels as they are"] = same(dict(enumerate(kept)), {0: images, 1: labels})
    given = {name: array.copy() for name, array in start.items()}
    model = make(given)
    for array in given.values():
        array += 1
    holds["a model isn't tied to the arrays that it was given"] = same(read(model), start)
    taken = read(model)
    for array in taken.values():
        if array.flags.writeable:
            array += 1
    holds["a model isn't tied to the arrays that were read from it"] = same(read(model), start)
    # Predictions are the same each time; and evaluate says what they say, of a trained model or not.
    again = recipe.predict(model, images)
    holds["predicting leaves its images as they are"] = np.array_equal(images, kept[0])
    holds["predicting twice gives the same bits"] = np.array_equal(logits, again)
    if job["counts"]:
        for name, scored in {"an untrained": model, "a trained": trained}.items():
            counted = np.mean(np.array(recipe.predict(scored, images)).argmax(axis=1) == labels)
            right = abs(recipe.evaluate(scored, images, labels) - counted) * len(labels) < 0.01
            holds[f"evaluate counts what {name} model predicts"] = right
        # Few images are counted alike by chance: another model is right where it is asked by itself.
        other = make({name: np.roll(array, 1, axis=-1) if array.ndim > 1 else array for name, array in start.items()})
        scores = np.array(recipe.predict(other, images))
        guessed = scores.argmax(axis=1).astype(labels.dtype)
        holds["evaluate counts what another model predicts"] = recipe.evaluate(other, images, guessed) > 1 - 1e-4
        wrong = (guessed + 1) % scores.shape[1]
        wrong[-1] = guessed[-1]
        counted = recipe.evaluate(other, images, wrong.astype(labels.dtype)) * len(labels)
        holds["evaluate counts the last image as it does the others"] = abs(counted - 1) < 0.01
    # The framework's own start: the seed decides what is random in it.
    options = start_options(recipe, job, precision)
    starts = [read(recipe.variables(**(options | {"seed": number}))) for number in (0, 0, 1)]
    constant = all(array.size == 1 or array.std() == 0 for array in starts[0].values())
    holds["the same seed gives the same start"] = same(starts[0], starts[1])
    holds["another seed gives another start"] = constant or not same(starts[0], starts[2])
    holds["the start of each kernel varies"] = all(starts[0][name].std() > 0 for name in job["varied"])
    holds["the start of each kernel is about as large as the task's, or as He's"] = all(
        any(spread / 30 < starts[0][name].std() < spread * 30 for spread in spreads)
        for name, spreads in job["spreads"].items()
    )
    holds["every start is finite"] = all(np.isfinite(array).all() for start in starts for array in start.values())
    # What a user gets who says nothing.
    for function, defaults in {"variables": {"seed": 0, "dtype": "float32"}, "train": job["defaults"]}.items():
        parameters = inspect.signature(getattr(recipe, function), follow_wrapped=False).parameters
        for name, value in defaults.items():
            if function == "train" or name in parameters:
                default = parameters[name].default if name in parameters else None
                default = list(default) if isinstance(default, tuple) else default  # as JSON has it
                holds[f"{function} takes {name}={value!r} by default"] = default in (value, inspect.Parameter.empty)
    return compared(found, holds)


def run_setting(job, precision):
    """Trains with one setting of an experiment; where it is watched, the model is asked before and after each epoch, or
    each slice of `every` steps.

    Gives the weights, `history` (epochs,), and, each (1 + epochs,), `validation_loss`, the mean cross-entropy,
    `accuracy`, `training_accuracy`, of the first thousand images, and `seconds`, of training alone since it began; and
    `parts`, the accuracy after training of each part of the job's images.
    """
    import numpy as np

    recipe, adapter = load_recipe(job), load_adapter(job)
    images, labels, validation_images, validation_labels = (
        in_precision(np.load(job["arrays"][name]), precision)
        for name in ("images", "labels", "validation_images", "validation_labels")
    )
    points, trained, resumed = [], 0.0, perf_counter()

    def watch(model):
        nonlocal trained, resumed
        synchronise()
        trained += perf_counter() - resumed
        logits = np.asarray(recipe.predict(model, validation_images), np.float64)
        with np.errstate(all="ignore"):  # a training that explodes is worth watching too
            shifted = logits - logits.max(axis=1, keepdims=True)
            losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(logits)), validation_labels]
        known = np.asarray(recipe.predict(model, images[:1000])).argmax(axis=1) == labels[:1000]
        points.append((losses.mean(), (logits.argmax(axis=1) == validation_labels).mean(), known.mean(), trained))
        resumed = perf_counter()

    model = with_weights(recipe.variables(**start_options(recipe, job, precision)), adapter, job, precision)
    keywords = {name: rate(value, precision) for name, value in job["train"].items()}
    keywords |= numbers_from(job["injected"], precision)
    count, history = job["train_count"], []
    if job["watched"]:
        resumed = perf_counter()
        watch(model)
    begin = perf_counter()
    for part, options in slices(count, keywords, job["every"]):
        model, losses = recipe.train(
            model, images[part], labels[part], watch=watch if job["watched"] else None, **options
        )
        history += list(losses)
    arrays = adapter.read(model, job["names"], job["flattened"])
    seconds = perf_counter() - begin
    results = {"history": np.array(history, float)}
    results |= {"weights/" + name: np.asarray(array) for name, array in arrays.items()}
    if job["watched"]:
        measured = np.array(points, float).reshape(-1, 4).T
        results["validation_loss"], results["accuracy"], results["training_accuracy"], results["seconds"] = measured
        if "parts" in job["arrays"]:
            parts = in_precision(np.load(job["arrays"]["parts"]), precision)  # (P, N, 28, 28, 1)
            classes = [np.asarray(recipe.predict(model, part)).argmax(axis=1) for part in parts]
            results["parts"] = np.mean(np.array(classes) == validation_labels, axis=1)
    save(job["results"], results)
    return {"seconds": {"train": seconds}}


def slices(count, keywords, every):
    """Which images `train` is given, call by call, and how: all at once; or for each slice of `every` steps the next
    ones, in an order that is drawn here where it shuffles."""
    import numpy as np

    if not every:
        yield slice(count), keywords
        return
    random, images = np.random.default_rng(keywords["seed"]), every * keywords["batch_size"]
    for _ in range(keywords["epochs"]):
        order = random.permutation(count) if keywords["shuffle"] else np.arange(count)
        for first in range(0, count, images):
            yield order[first : first + images], {**keywords, "epochs": 1, "shuffle": False}


def run_own_numbers(recipe, make, images, labels, job, precision):
    """Holds what a recipe draws itself against as many numbers that are injected: many steps that learn nothing must
    have losses of the same mean, within five standard errors, and about the same deviation.

    All images of a batch are the same one, so that the numbers alone make the losses differ.

    Returns:
        By sentence, whether it holds.
    """
    import numpy as np

    def losses(own, seed, **changes):
        watched = []

        def watch(model):
            watched.append(1)
            if len(watched) < 3:
                recipe.predict(model, images[:1])  # which draws nothing, and mustn't end the training mode

        inputs, targets = (np.repeat(array[:1], own["count"], axis=0) for array in (images, labels))
        keywords = {name: rate(value, precision) for name, value in (own["train"] | changes).items()}
        _, history = recipe.train(make(), inputs, targets, seed=seed, watch=watch, **keywords)
        return np.array(history, float)

    holds = {}
    # Of the task's own share, one batch an epoch; and of a smaller one, several.
    for number, own in enumerate(job["own"]):
        which = ", of a smaller share and in larger epochs" if number else ""
        injected = numbers_from(own["injected"], precision)
        names = " and ".join(injected)
        given = losses(own, 1, **injected)
        drawn = losses(own, 1)
        apart = 5 * math.sqrt((given.var() + drawn.var()) / len(given))
        holds[f"without {names} the losses have the same mean{which}"] = abs(given.mean() - drawn.mean()) < apart
        alike = given.std() / 2 < drawn.std() < given.std() * 2
        holds[f"without {names} the losses have the same deviation{which}"] = alike
        if not which:
            first, again, other = (losses(own, seed, epochs=3) for seed in (1, 1, 2))
            holds[f"the same seed draws the same {names}"] = np.array_equal(first, again)
            holds[f"another seed draws other {names}"] = not np.array_equal(first, other)
    return holds


def numbers_from(path, precision):
    """The arrays that `train` is given instead of drawing them itself."""
    import numpy as np

    if not path:
        return {}
    with np.load(path) as file:
        return {name: in_precision(array, precision) for name, array in file.items()}


def start_options(recipe, job, precision):
    """What `variables` is given: a seed; a setting's options; and the precision where it takes a `dtype`, for
    TensorFlow 1's graph."""
    takes_dtype = "dtype" in inspect.signature(recipe.variables).parameters
    options = {name: tuple(v) if isinstance(v, list) else v for name, v in job.get("variables", {}).items()}
    return {"seed": job["seed"], **options} | ({"dtype": precision} if takes_dtype else {})


def with_weights(model, adapter, job, precision, arrays=None):
    """The model with these arrays, or with the job's weights, or with its own, in the precision."""
    import numpy as np

    names, flattened = job["names"], job["flattened"]
    if arrays is None:
        arrays = np.load(job["weights"]) if job["weights"] else adapter.read(model, names, flattened)
        arrays = {name: array.astype(precision) for name, array in arrays.items()}
    return adapter.write(model, arrays, flattened)


def rate(value, precision):
    """A hyper-parameter. In float64 fractions are NumPy's: TensorFlow takes Python's through float32."""
    import numpy as np

    return np.float64(value) if isinstance(value, float) and precision == "float64" else value


def run_function(job, precision):
    """Calls one function of an operation's recipe. Arrays of floating-point numbers come in the precision; where the
    job says that the function must raise an error, it is no error that it does.

    Other arguments, that nobody has seen, give what must equal the reference's: `conduct/<sentence>`.
    """
    import numpy as np

    function = getattr(load_recipe(job), job["function"])
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in job["options"].items()}

    def read(file):
        arrays = {name: in_precision(array, precision) for name, array in np.load(file).items()}
        return {name: array for name, array in arrays.items() if name in job["parameters"]}

    arrays = read(job["arguments"])
    kept = {name: array.copy() for name, array in arrays.items()}
    begin = perf_counter()
    try:
        result = function(**arrays, **options)
    except Exception:
        if not job["raises"]:
            raise
        save(job["results"], {"raised": np.True_})
        return {"seconds": {}}
    if job["raises"]:
        raise AssertionError(f"{job['function']} gives a result, and should have raised an error")
    synchronise()
    seconds = perf_counter() - begin
    results = {f"result/{number}": np.asarray(part) for number, part in enumerate(outputs(result))}
    left = all(array.tobytes() == arrays[name].tobytes() for name, array in kept.items())
    results[f"holds/{job['function']} leaves its arguments as they are"] = np.array(float(left))
    if job.get("others"):
        for number, part in enumerate(outputs(function(**read(job["others"]), **options))):
            results[f"conduct/output {number} of {job['case']} {OTHERWISE}"] = np.array(part)
    save(job["results"], results)
    return {"seconds": {job["function"]: seconds}}


def outputs(result):
    """What a function gives: one array or several."""
    return result if isinstance(result, (tuple, list)) else (result,)


def in_precision(array, precision):
    """Floating-point and complex numbers in the precision of the run; whole numbers and truth values as they are."""
    if array.dtype.kind == "c":
        return array.astype({"float32": "complex64", "float64": "complex128"}[precision])
    return array.astype(precision) if array.dtype.kind == "f" else array


def run_latency(job, precision):
    """Predicts `at_once` test images after the other, none of them twice; gives the seconds of each call but the first
    ones, `warm_up`, and all logits."""
    import numpy as np

    recipe, adapter = load_recipe(job), load_adapter(job)
    model = with_weights(recipe.variables(**start_options(recipe, job, precision)), adapter, job, precision)
    images, _ = read_images(job["test_images"], job["test_labels"], job["predict_count"], precision)
    seconds, logits = [], []
    job["tick"]()
    for first in range(0, len(images), job["at_once"]):
        begin = perf_counter()
        logits.append(np.asarray(recipe.predict(model, images[first : first + job["at_once"]])))
        synchronise()
        seconds.append(perf_counter() - begin)
    job["tick"]()
    arrays = adapter.read(model, job["names"], job["flattened"])
    results = {"weights/" + name: np.asarray(array) for name, array in arrays.items()}
    save(job["results"], results | {"logits": np.concatenate(logits)})
    return {"seconds": {"predict": sum(seconds)}, "latencies": seconds[job["warm_up"] :]}


def run_probe(job, precision):
    """Calls one function of a file of probes; what it gives comes back as plain values.

    Lists of numbers reach it as arrays: of the precision, or int64 where all are whole numbers by their type.
    """
    import numpy as np

    def argument(value):
        array = np.array(value)
        return array.astype(precision) if array.dtype.kind == "f" else array

    arguments = {
        name: argument(value) if isinstance(value, list) else value for name, value in job["arguments"].items()
    }
    begin = perf_counter()
    value = plain(getattr(load_recipe(job), job["function"])(**arguments))
    return {"value": value, "seconds": {job["function"]: perf_counter() - begin}}


def plain(value):
    """Arrays, tensors and their numbers as lists and numbers."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value.__array__().tolist() if hasattr(value, "__array__") else value


def find_names(job, precision):
    """Where dotted names lead: whether each exists, whether it is a class's own, and which package it lies in.

    For each of these packages, and of those asked for by name, the distribution that brought it, with its version; none
    for the standard library's and for what isn't installed.
    """
    names = {name: find_name(name) for name in job["names"]}
    packages = {found["package"] for found in names.values()} | set(job["packages"])
    installed = distributions()
    return {"names": names, "packages": {package: installed.get(package) for package in packages}}


def find_name(name):
    first, *rest = name.split(".")
    path, package, of_class = first, first, False
    try:
        found = importlib.import_module(first)
        for part in rest:
            path = f"{path}.{part}"
            of_class = inspect.isclass(found)
            if not hasattr(found, part) and inspect.ismodule(found):
                importlib.import_module(path)
            found = getattr(found, part)
            if inspect.ismodule(found):
                package = found.__name__.split(".")[0]  # `tensorflow.keras` says that it is keras
    except (ImportError, AttributeError) as error:
        return {"exists": False, "package": package, "of_class": False, "reason": one_line(error)}
    return {"exists": True, "package": package, "of_class": of_class, "reason": ""}


def distributions():
    """What installed each package of this interpreter: name and version by the package's top-level name."""
    found = {}
    for distribution in metadata.distributions():
        listed = (distribution.read_text("top_level.txt") or "").split()
        files = (distribution.read_text("RECORD") or "").splitlines() if not listed else []
        for package in listed or {line.split("/")[0].split(",")[0].split(".")[0] for line in files}:
            found.setdefault(package, [distribution.metadata["Name"], distribution.version])
    return found


def describe_package(job, precision):
    """What a distribution's own metadata says; `bytes` is what its files take on the disk."""
    distribution = metadata.distribution(job["distribution"])
    fields = distribution.metadata
    classifiers = [text.split(" :: ") for text in fields.get_all("Classifier") or []]
    licences = [parts[-1] for parts in classifiers if parts[0] == "License"]
    pythons = [parts[-1] for parts in classifiers if parts[:2] == ["Programming Language", "Python"]]
    sizes = []
    for file in distribution.files or []:
        with contextlib.suppress(OSError):  # compiled files that were never made
            sizes.append(os.stat(file.locate()).st_size)
    return {
        "version": distribution.version,
        "licence": fields["License-Expression"] or ", ".join(licences) or fields["License"] or "",
        "requires_python": fields["Requires-Python"] or ", ".join(text for text in pythons if "." in text),
        "bytes": sum(sizes),
    }


JOBS = {
    "network": run_network,
    "function": run_function,
    "setting": run_setting,
    "latency": run_latency,
    "probe": run_probe,
    "names": find_names,
    "package": describe_package,
}


class NotSavedError(Exception):
    """The results can't be written, which is nobody's fault in the recipe."""


def save(path, results):
    import numpy as np

    for name, array in results.items():
        if array.dtype.kind not in "fiubc":
            raise TypeError(f"{name} is not an array of numbers but of {array.dtype}")
    try:
        np.savez(path, **results)
    except OSError as error:
        raise NotSavedError(f"{path} can't be written: {error.strerror or error}") from None


def read_images(images_path, labels_path, count, precision):
    """The first `count` images, as (count, 28, 28, 1) from 0 to 1, and their labels; begins again where they run out.

    A task's own data set may have other inputs and targets in their places, see `as_given`.
    """
    import numpy as np

    found = []
    for path in (images_path, labels_path):
        array = np.load(path, mmap_mode="r")
        picked = np.arange(count) % len(array)
        # Of take's modes "raise" makes a copy of its own first.
        read = np.take(array, picked, axis=0, mode="clip", out=apart((count, *array.shape[1:]), array.dtype))
        found.append(as_given(read, precision))
    return tuple(found)


def as_given(array, precision):
    """Inputs or targets as a recipe gets them: bytes of three or four dimensions are images, from 0 to 1 and with a
    channel; fractions have the precision of the run; other whole numbers, such as labels, are int64."""
    import numpy as np

    if array.dtype == np.uint8 and array.ndim > 2:
        array = array if array.ndim > 3 else array[..., np.newaxis]
        # Divided in float32, so that both precisions see the same numbers.
        return np.divide(array, np.float32(255), dtype=np.float32, out=apart(array.shape, precision))
    return array.astype(precision if array.dtype.kind == "f" else np.int64)


def apart(shape, dtype):
    """An empty array that glibc takes from the system for itself, as it does for whatever is larger than 32 MiB; what
    isn't used of that takes no memory.

    From the size of each smaller array that is freed glibc learns how much freed memory to keep for reuse. It must not
    learn that from the images: PyTorch's step took 19 or 30 ms, depending on how many there were. The whole of MNIST,
    which a reader's own process loads, is larger too.
    """
    import numpy as np

    size = math.prod(shape)
    return np.empty(max(size, 2**25 // np.dtype(dtype).itemsize + 1), dtype)[:size].reshape(shape)


recipes = {}  # by path; None while one is being imported


def load_recipe(job):
    """Imports a recipe by its path, once, and checks that its functions take what the contract says."""
    path = Path(job["recipe"])
    if recipes.setdefault(path, None) is None:
        recipe = import_file(path)
        for name, (positional, keywords) in job["contract"].items():
            wanted = ", ".join([*positional, *(["*", *keywords] if keywords else [])])
            function = getattr(recipe, name, None)
            if not callable(function):
                raise TypeError(f"{path.name} has no function {name}({wanted})")
            try:
                inspect.signature(function).bind(*positional, **dict.fromkeys(keywords))
            except TypeError as error:
                raise TypeError(f"{path.name}: {name} can't be called as {name}({wanted}): {error}") from None
        recipes[path] = recipe
    return recipes[path]


adapters = {}  # by path


def load_adapter(job):
    """Imports the framework's weights.py, once: how weights get into its models and out of them."""
    path = Path(job["adapter"])
    if path not in adapters:
        adapters[path] = import_file(path)
    return adapters[path]


def import_file(path):
    """Imports a Python file by its path."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module  # as an import would; pickling and dataclasses rely on it
    specification.loader.exec_module(module)
    return module


def one_line(error):
    """The exception's type, message and the last place in the recipe where it passed."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    place = next((frame for path in map(str, recipes) for frame in reversed(frames) if frame.filename == path), None)
    place = place or (frames[-1] if frames else None)
    told = isinstance(error, SyntaxError)  # its message says where
    where = f" ({Path(place.filename).name}, line {place.lineno})" if place and not told else ""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message[:300]}{where}"


def peak_memory():
    """The most memory this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: unlike getrusage, without the memory of the process that started this one
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
