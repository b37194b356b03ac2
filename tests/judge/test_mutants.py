"""The judge has teeth: wrong programs are caught, in the long part each by the level that claims it.

A selection runs here; the whole matrix is `concord mutants --full`, whose results are published and checked here too.
"""

import json
from dataclasses import replace

import jsonschema
import pytest
from commands import assert_refused, run
from conftest import LIVING_WORKERS, skip_unless_ready, together

from concord.data import datasets as data
from concord.judge import ladder
from concord.judge.mutants import (
    AS_CLAIMED,
    ELSEWHERE,
    EQUIVALENT,
    ERROR,
    FAULTS,
    KILLED,
    SURVIVED,
    Mutant,
    MutantCollector,
    all_mutants,
    changed_digest,
    control,
    judge_level,
    judge_mutant,
    patched,
    select_mutants,
    sound_task,
)
from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import frameworks, variants
from concord.project.task import recipe_folders
from concord.run.store import Store

MUTANTS = all_mutants()

# By variant: every class of fault, and each level that is reached without minutes of training.
SELECTION = {
    "numpy": [
        *(mutant.name for mutant in select_mutants(["softmax_regression"])),
        *(mutant.name for mutant in select_mutants(["training_aids", "decoupled_adam", "convolution"])),
        "flipped filter",
        "slope 1 where ReLU gives 0",
        "all ties get the gradient",
        "velocity forgotten each epoch",
        "filters turned upside down",
        "the X's mean response for the strongest",
        "padding of same where a stride's zeros begin",
        "shared weights with a mean gradient",
        "receptive field without the strides",
        "backpropagation with a slope of a slope",
        "gradient check without the half",
        "initialiser with fan-out for fan-in",
        "saturated neuron whose bias stands still",
        "literal loss that also says no",
        "hello, convolution's kernel flipped",
        "own gradient not reversed",
        "warped the other way",
        "pipeline's buffer looks one too far",
        "range test at a single rate",
        "sixteen bits, cut off",
        "weights saved as float32",
    ],
    "pytorch": [
        "frozen bias",
        "softmax twice",
        "gradients not zeroed",
        "float64 request served in float32",
        "left in training mode",
        "L2 on everything",
        "schedule one step ahead",
        "coupled for decoupled decay",
        "AMSGrad",
        "channels-first flatten",
        "maps flattened with channels first",
        "max-pooling that begins at zero",
        "activation GELU in its other form",
        "cross-entropy along the batch",
        "vanishing gradient, mean over the outputs",
    ],
    "jax": ["label smoothing", "partial batch dropped", "SAME off by one", "ties share the gradient"],
    "tensorflow": ["off-by-one batch", "unscaled dropout", "no bias correction", "logits come in float32"],
    "tensorflow-v1": ["unweighted mean of batches"],
    "keras-tf": ["L2 double", "epsilon before the correction"],
}
# The quick proof's images are drawn under noise, so that pooling has no ties: the whole ladder's black borders have.
BEYOND_THE_QUICK_PROOF = ("all ties get the gradient",)
# An equivalent one passes every level, and the velocity is met again among the adversary's programs.
LONG = ("ties share the gradient", "velocity forgotten each epoch")
CELLS = [
    pytest.param(
        MUTANTS[name],
        variants()[id],
        id=f"{name}-{id}",
        marks=[together(variants()[id]), *([pytest.mark.long] if name in LONG else [])],
    )
    for id, names in SELECTION.items()
    for name in names
    if variants()[id] in MUTANTS[name].chosen(variants().values())
]


@pytest.fixture(scope="session")
def mutant_collector(tmp_path_factory, workers):
    """Collects what mutants do, in the workers of the ladder."""
    collector = MutantCollector(tmp_path_factory.mktemp("mutants"), data.load("digits"))
    collector.workers = workers
    return collector


@pytest.fixture(scope="session")
def depth(request):
    return "full" if request.config.getoption("--long") else "quick"


@pytest.mark.parametrize(("mutant", "variant"), CELLS)
def test_mutant(mutant_collector, mutant, variant, depth):
    skip_unless_ready(sound_task(mutant.recipe), variant)
    if mutant.name in BEYOND_THE_QUICK_PROOF:
        depth = "full"
    result = judge_mutant(mutant_collector, mutant, variant, depth)
    assert result.outcome == (EQUIVALENT if mutant.equivalent else KILLED), result
    assert bool(result.killed_by) != bool(mutant.equivalent)
    assert depth == "quick" or result.killed_by in ([""] if mutant.equivalent else [mutant.level, *mutant.also])
    mutant_collector.workers.keep(LIVING_WORKERS)


@pytest.mark.parametrize("mutant", [pytest.param(mutant, id=mutant.name) for mutant in MUTANTS.values()])
def test_changes_apply_and_are_python(mutant):
    for framework in mutant.changes:
        recipe = sound_task(mutant.recipe).recipes[framework]
        compile(patched(recipe.read_text(encoding="utf-8"), mutant.changes[framework], recipe.name), recipe, "exec")
    assert mutant.chosen(variants().values())


def test_only_what_is_declared_of_arrays_leaves_float64(monkeypatch):
    """What is declared of a sentence, such as an order of the images, leaves all others to be judged."""
    monkeypatch.setattr("concord.judge.mutants.judge", lambda _, task, variant, level, precision: precision)
    task = sound_task("mlp")
    levels = {level.name: level for level in ladder.levels(task)}
    asked = {"keras-tf": "conduct", "keras-torch": "training", "pytorch": "training"}
    found = {id: judge_level(None, task, variants()[id], levels[name]) for id, name in asked.items()}
    assert found == {"keras-tf": "float64", "keras-torch": "float32", "pytorch": "float64"}


def test_a_change_that_no_longer_applies_is_an_error_by_name(mutant_collector):
    stale = replace(MUTANTS["bias forgotten"], changes={"numpy": (("no such text", ""),)})
    result = judge_mutant(mutant_collector, stale, variants()["numpy"])
    assert (result.outcome, result.killed_by) == (ERROR, "")
    assert "no longer applies: softmax_regression_numpy.py has 'no such text' 0 times" in result.reason


def test_a_survivor_is_told(mutant_collector):
    harmless = replace(MUTANTS["bias forgotten"], changes={"numpy": (("# one-hot, (N, 10)", "# a comment"),)})
    assert judge_mutant(mutant_collector, harmless, variants()["numpy"]).outcome == SURVIVED


def test_a_wrong_claim_is_told(mutant_collector):
    claimed = replace(MUTANTS["bias forgotten"], level="loss")
    result = judge_mutant(mutant_collector, claimed, variants()["numpy"], "full")
    assert (result.outcome, result.killed_by) == (ELSEWHERE, "logits")
    assert [verdict.level for verdict in result.levels] == ["shapes", "logits", "loss"]


def test_an_exception_is_no_kill(mutant_collector):
    crash = (("    return network(model, images)\n", "    raise ValueError('on purpose')\n"),)
    result = judge_mutant(
        mutant_collector, replace(MUTANTS["bias forgotten"], changes={"numpy": crash}), variants()["numpy"]
    )
    assert result.outcome == ERROR
    assert "ValueError: on purpose" in result.reason


def test_a_fault_that_calls_itself_equivalent_is_told(mutant_collector):
    claimed = replace(MUTANTS["bias forgotten"], equivalent="it isn't")
    result = judge_mutant(mutant_collector, claimed, variants()["numpy"])
    assert (result.outcome, result.killed_by) == (ELSEWHERE, "logits")


def test_an_equivalent_mutant_needs_a_probe_that_tells_it_apart(mutant_collector):
    jax = variants()["jax"]
    mutant = MUTANTS["ties share the gradient"]
    skip_unless_ready(sound_task(mutant.recipe), jax)
    same = replace(mutant, level="shapes", told_apart_by=("max_pool_ties",))
    assert judge_mutant(mutant_collector, same, jax, "full").outcome == ERROR
    with pytest.raises(UserError, match="told apart by 'nothing'"):
        judge_mutant(mutant_collector, replace(same, told_apart_by=("nothing",)), jax, "full")


def test_sound_recipes_pass_what_claims_their_mutants(mutant_collector, depth):
    for recipe in ("softmax_regression", "training_aids", "decoupled_adam", "convolution"):
        claimed = [mutant.level for mutant in select_mutants([recipe])]
        verdicts, failure = control(mutant_collector, recipe, variants()["numpy"], claimed, depth)
        assert (failure, bool(verdicts)) == ("", True)


@pytest.mark.parametrize("stored", [False, True])
def test_kept_answers_help_no_recipe(tmp_path, monkeypatch, stored):
    """The attack finds the answers for weights that were seen, and has none for those that nobody has seen."""
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    numpy = variants()["numpy"]
    with MutantCollector(
        tmp_path / "runs" / "one", data.load("digits"), store=Store() if stored else None
    ) as collector:
        control(collector, "softmax_regression", numpy, ["logits"], "full")
        result = judge_mutant(collector, MUTANTS["the reference's own arrays"], numpy, "full")
        quick = judge_mutant(collector, MUTANTS["the reference's own arrays"], numpy)
    if stored:  # it doesn't get at them
        assert "a recipe can't read what other programs gave" in result.reason
        return
    assert (result.outcome, result.killed_by) == (KILLED, "logits")
    assert (result.levels[-1].run, result.levels[-1].error) == ("unseen", 1.0)
    assert "from unseen weights" in result.reason
    assert (quick.outcome, quick.killed_by) == (KILLED, "logits")


# The data as a whole.


def test_every_class_of_fault_has_mutants():
    assert {mutant.fault for mutant in MUTANTS.values()} == set(FAULTS)


def test_each_operation_has_a_mutant_in_the_selection():
    selected = {MUTANTS[name].recipe for names in SELECTION.values() for name in names}
    operations = {name for name in recipe_folders() if sound_task(name).kind == "operation"}
    assert operations <= selected


def test_mutants_of_each_recipe_and_framework(lacking):
    changed = {framework for mutant in MUTANTS.values() for framework in mutant.changes}
    for name in (*recipe_folders(), *frameworks()):
        if name not in changed and name not in {mutant.recipe for mutant in MUTANTS.values()}:
            lacking(f"no mutants for {name}")


# The published matrix.

PUBLISHED = json.loads((paths.CHECKOUT / "docs" / "results" / "mutants.json").read_text(encoding="utf-8"))
SCHEMA = json.loads((paths.CHECKOUT / "docs" / "mutants.schema.json").read_text(encoding="utf-8"))
ROWS = {(row["mutant"], row["variant"]): row for row in PUBLISHED["results"]}


def test_published_matrix_has_every_mutant_killed_where_it_should_be(lacking):
    expected = {
        (mutant.name, variant.id) for mutant in MUTANTS.values() for variant in mutant.chosen(variants().values())
    }
    assert expected >= set(ROWS)
    for name, variant in sorted(expected - set(ROWS)):
        lacking(f"no published result for the mutant {name!r} in {variant}")
    for (name, variant), row in ROWS.items():
        mutant = MUTANTS[name]
        assert row["outcome"] in AS_CLAIMED, (name, variant, row["reason"])
        assert (row["level"], row["fault"]) == (mutant.level, mutant.fault)
        assert row["killed_by"] in ([""] if mutant.equivalent else [mutant.level, *mutant.also])
    assert len({name for (name, _), row in ROWS.items() if row["outcome"] == KILLED}) >= 45


def test_published_matrix_is_of_mnist_and_its_controls_passed():
    assert PUBLISHED["data"]["name"] == "mnist"
    assert {row["outcome"] for row in PUBLISHED["controls"]} == {"ok"}
    checked = {(row["recipe"], row["variant"]) for row in PUBLISHED["controls"]}
    assert checked == {(row["recipe"], row["variant"]) for row in PUBLISHED["results"]}


def test_published_matrix_keeps_every_float64_effect():
    """Gates are set between the noise and the weakest wrong program, so its effect must be known."""
    for (name, variant), row in ROWS.items():
        caught = row["levels"].get(row["killed_by"])
        if caught and caught["precision"] == "float64" and row["level"] != "shapes":
            sized = caught["error"] is None or caught["error"] == "inf" or caught["error"] > caught["gate"]
            assert sized, (name, variant)


def test_stored_answers_were_caught_by_unseen_weights():
    attacks = [row for (name, _), row in ROWS.items() if name == "the reference's own arrays"]
    assert attacks
    assert {row["levels"]["logits"]["run"] for row in attacks} == {"unseen"}


def test_published_matrix_follows_its_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(PUBLISHED, SCHEMA)


# The command.


def test_command(tmp_path):
    out = tmp_path / "mutants.json"
    arguments = ("mutants", "frozen bias", "transposed pixels", "--frameworks", "numpy", "--data", "digits")
    quick = run(*arguments, home=tmp_path / "home", cwd=tmp_path)
    assert quick.code == 0, quick.err
    assert "2 of 2 caught by the quick proof (2 different mutants)" in quick.out
    finished = run(*arguments, "--full", "--json", out, home=tmp_path / "home", cwd=tmp_path)
    assert finished.code == 0, finished.err
    assert "2 of 2 killed by the level that claims them (2 different mutants)" in finished.out
    document = json.loads(out.read_text())
    jsonschema.validate(document, SCHEMA)
    assert [row["killed_by"] for row in document["results"]] == ["logits", "gradients"]
    assert document["results"][0]["source_sha256"] == changed_digest(MUTANTS["transposed pixels"], "numpy")
    # What isn't run again is kept.
    again = run("mutants", "sum for mean", *arguments[3:], "--json", out, home=tmp_path / "home", cwd=tmp_path)
    assert again.code == 0
    kept = out.read_text()
    assert len(json.loads(kept)["results"]) == 3
    # What is about other data, or something else, is refused before anything runs, and stays as it is.
    for changed, reason in [
        (kept.replace('"sha256": "', '"sha256": "0', 1), "is about other data: digits, now digits"),
        (kept.replace("concord.mutants/", "concord.others/"), "has the schema 'concord.others/"),
        ('{"schema": "concord.mutants/1"}', "is about other data: None, now digits"),
        ("my notes", "mutants.json exists and isn't JSON"),
    ]:
        out.write_text(changed)
        assert_refused(run(*arguments, "--json", out, home=tmp_path / "home", cwd=tmp_path), reason)
        assert out.read_text() == changed


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("frozen bios",), ("There is no mutant 'frozen bios'. Did you mean 'frozen bias'?",)),
        (("--frameworks", "nunpy"), ("There is no framework 'nunpy'",)),
        (("--json", "/no/such/folder/x.json"), ("can't be written",)),
    ],
)
def test_command_refuses(tmp_path, arguments, parts):
    assert_refused(run("mutants", *arguments, home=tmp_path / "home", cwd=tmp_path), *parts)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("name = 1", "fault, level, what and changes are needed"),
        (
            'name="x"\nfault="odd"\nlevel="loss"\nwhat="w"\nchanges.numpy=[["a","b"]]',
            "There is no class of fault 'odd'",
        ),
        ('name="x"\nfault="loss"\nlevel="los"\nwhat="w"\nchanges.numpy=[["a","b"]]', "There is no level 'los'"),
        ('name="x"\nfault="loss"\nlevel="loss"\nwhat="w"\nchanges.nunpy=[["a","b"]]', "no framework 'nunpy'"),
        ('name="x"\nfault="loss"\nlevel="loss"\nwhat="w"\nchanges.numpy=[["a"]]', "changes are needed"),
    ],
)
def test_data_refuses(tmp_path, monkeypatch, entry, message):
    monkeypatch.setattr(paths, "MUTANTS", tmp_path)
    (tmp_path / "softmax_regression").mkdir()
    (tmp_path / "softmax_regression" / "mutants.toml").write_text(f"[[mutants]]\n{entry}\n")
    with pytest.raises(UserError, match=message):
        all_mutants.__wrapped__()


def test_mutants_have_what_reports_need():
    for mutant in MUTANTS.values():
        assert isinstance(mutant, Mutant)
        assert mutant.what.endswith(".") and "\n" not in mutant.what
        assert not mutant.equivalent or mutant.told_apart_by or mutant.variants
