"""What softmax_regression's page says of the code of 2016: its tables are read, and each line is run."""

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from concord.project import paths
from concord.project.framework import variants
from concord.run.environments import ensure

README = paths.RECIPES / "softmax_regression" / "README.md"
RUNS, DEPRECATED, NOT_REACHED = "runs", "deprecated", "–"

# Reads lines from its input, the line and what is run in its place if it fails; prints what each was answered.
PROGRAM = """
import json, logging, sys, warnings
lines, setup = json.load(sys.stdin)
heard = []
class Listener(logging.Handler):
    def emit(self, record):
        heard.append(record.getMessage())
logging.getLogger("tensorflow").addHandler(Listener())
known, answers = {}, []
exec(setup, known)
for line, instead in lines:
    heard.clear()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            exec(line, known)
            told = [str(w.message) for w in warned if w.category is UserWarning]
            answer = "warns: " + told[0] if told else "deprecated" if "is deprecated" in str(heard) else "runs"
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
            exec(instead, known)
    answers.append(answer)
print("\\n" + json.dumps(answers))
"""
DIGITS = """
import numpy as np
images, labels = np.full((100, 784), 0.5, "float32"), np.eye(10, dtype="float32")[np.arange(100) % 10]
"""
KERAS = DIGITS + "from keras.models import Sequential\nfrom keras.layers import Dense\n"
SETUP = {
    "tensorflow": DIGITS + "import tensorflow as tf",
    "tensorflow-v1": DIGITS + "import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()",
    "keras-tf": KERAS,
    "keras-theano": KERAS,
}
# What is run after a line that fails, for the lines after it.
INSTEAD = {
    "tensorflow": {"x": "x = images", "y_": "y_ = labels"},
    "tensorflow-v1": {"step": "step = tf.train.GradientDescentOptimizer(0.5).minimize(loss)"},
}


def table(title: str) -> list[tuple[str, str, str]]:
    """The rows of the table whose first column is called like that: the line, and what the two libraries say."""
    text = README.read_text(encoding="utf-8").split(f"| {title} |")[1].split("\n\n")[0]
    rows = [re.split(r" \| ", line.strip("| ")) for line in text.splitlines()[2:]]
    return [(line.strip("`"), first, second) for line, first, second in rows]


def answers(variant_id: str, lines: list[str], folder: Path) -> list[str]:
    variant = variants()[variant_id]
    interpreter = ensure(variant.own) if variant.own else Path(sys.executable)
    environment = os.environ | variant.worker_environment("float32", 1) | {"CUDA_VISIBLE_DEVICES": ""}
    instead = INSTEAD.get(variant_id, {})
    asked = json.dumps([[(line, instead.get(line.split(" ")[0], "")) for line in lines], SETUP[variant_id]])
    done = subprocess.run(
        [str(interpreter), "-c", PROGRAM],
        input=asked,
        capture_output=True,
        encoding="utf-8",
        env=environment,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def agrees(said: str, answer: str) -> bool:
    """A cell quotes how the answer begins, in backticks."""
    said = re.sub(r"``?(.*?)``?$", r"\1", said.replace("warns: ``", "``warns: "))
    return answer == said if said in (RUNS, DEPRECATED) else answer.startswith(said)


@pytest.mark.parametrize(
    ("title", "column", "variant_id"),
    [
        ("TensorFlow, 2016", 1, "tensorflow"),
        ("TensorFlow, 2016", 2, "tensorflow-v1"),
        ("Keras, 2016", 1, "keras-tf"),
        ("Keras, 2016", 2, "keras-theano"),
    ],
)
def test_the_page_says_what_the_library_says(title, column, variant_id, tmp_path):
    rows = [(row[0], row[column]) for row in table(title) if row[column] != NOT_REACHED]
    assert len(rows) >= 4
    found = answers(variant_id, [line for line, _ in rows], tmp_path)
    assert [(line, answer) for (line, said), answer in zip(rows, found, strict=True) if not agrees(said, answer)] == []


def test_the_exchanged_loss_has_no_gradient_where_none_flows_into_labels(tmp_path):
    """As the first TensorFlow read the line: the logits are taken for the labels."""
    lines = [line for line, *_ in table("TensorFlow, 2016")[:5]]
    loss = "loss = tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=y_)"
    found = answers("tensorflow-v1", [*lines, loss, "tf.train.GradientDescentOptimizer(0.5).minimize(loss)"], tmp_path)
    assert found[-1].startswith("ValueError: No gradients provided for any variable")


@pytest.mark.parametrize("title", ["TensorFlow, 2016", "Keras, 2016"])
def test_the_two_programs_side_by_side_are_the_tables_lines(title):
    text = README.read_text(encoding="utf-8").split(f"<h3>{title}</h3>")[1].split("</section>")[0]
    shown = re.search(r"<code>(.*)</code>", text, re.DOTALL)
    assert shown and html.unescape(shown[1]).splitlines() == [line for line, *_ in table(title)]
