"""What `rec.log_to` logs is what the tracker has, and each value that is not the record's is named.

The trackers are the real ones: MLflow on SQLite, W&B offline, tensorboardX and trackio.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import trackers
from trackers import FIRST, HARD, MANY, SECRET, SECRETS, Outcome

import hyperparameter as hp

BIG = {"n.beyond", "n.int64", "n.big", "n.negative"}
NOT_FINITE = {"n.inf", "n.minus_inf", "n.nan"}
ESCAPED = {"t.half", "t.nul", "c.text"}
COLLECTIONS = {"c.list", "c.tuple", "c.set", "c.empty", "c.numbers", "c.long", "c.text", "c.opt",
               "c.names", "c.alike"}  # fmt: skip
ALWAYS = trackers.in_words() | SECRETS | ESCAPED | {"c.alike"}
RENAMED = {
    "mlflow": {"layers[0].size", "user@host", "p//q", "p/q/", "/p", "k" * 300, "x\ny", "😀",
               "$include"},
    "wandb": {"_wandb", "_private"},
    "trackio": {"_wandb", "_private"},
    "tensorboard": set(),
}  # fmt: skip
CHANGED = {
    "mlflow": {"t.long", "t.none", "t.number", "t.big", "t.nan", "t.list", "c.long"},
    "wandb": BIG | NOT_FINITE | {"c.numbers"},
    "trackio": BIG | NOT_FINITE | {"c.numbers", "t.infinity"},
    "tensorboard": BIG | NOT_FINITE | COLLECTIONS | {"none", "t.none", "t.big", "t.nan", "t.list"},
}


@pytest.fixture(scope="module", params=["mlflow", "wandb", "trackio", "tensorboard"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def run(name: str, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return trackers.outcome_of(name, tmp_path_factory.mktemp(name))


def names_of(exported: hp.Exported) -> dict[str, str]:
    """Return the name that each key was logged by."""
    other = {key: what[11:-1] for key, what in exported.changed if what.startswith("logged as '")}
    return {key: other.get(key, key) for key in HARD}


def plain(value: Any) -> Any:
    """Return what JSON has for a value that a record has the data of."""
    if isinstance(value, set):
        return sorted(value)
    if isinstance(value, trackers.Color):
        return value.name
    if isinstance(value, trackers.Opt):
        return {"lr": value.lr, "betas": list(value.betas)}
    if isinstance(value, Path):
        return str(value)
    return json.loads(json.dumps(value))


def told(name: str, stored: Any, value: Any) -> Any:
    """Return what a tracker's value says, for a tracker that has only some types."""
    if name == "mlflow" and not isinstance(value, str):
        return {"None": None, "True": True}[stored] if stored in ("None", "True") else (
            json.loads(stored.replace("nan", "NaN").replace("inf", "Infinity"))
        )  # fmt: skip
    return stored


def test_the_tracker_has_what_was_exported_and_nothing_else(name: str, run: Outcome) -> None:
    ours = {"_Username", "_Created", "_Group"} if name == "trackio" else set()
    assert {key: value for key, value in run.stored.items() if key not in ours} == run.exported[0]
    assert len(run.exported.values) == len(HARD) - len(SECRETS)


def test_every_value_that_is_not_the_records_is_named(name: str, run: Outcome) -> None:
    named = {key for key, _ in run.exported.changed}
    names = names_of(run.exported)
    for key in HARD.keys() - named:
        value, found = plain(HARD[key]), told(name, run.stored[names[key]], plain(HARD[key]))
        both_nan = isinstance(value, float) and math.isnan(value) and math.isnan(found)
        assert both_nan or found == value, key
        assert name == "tensorboard" or type(found) is type(value), key


def test_nothing_else_is_named(name: str, run: Outcome) -> None:
    named = {key for key, _ in run.exported.changed}
    assert named == ALWAYS | RENAMED[name] | CHANGED[name]


def test_keys_that_the_tracker_refuses_get_names_of_their_own(name: str, run: Outcome) -> None:
    names = names_of(run.exported)
    assert {key for key, other in names.items() if key != other} == RENAMED[name]
    stored = [names[key] for key in HARD if key not in SECRETS]
    assert len(set(stored)) == len(stored)
    for key in ("layers_0_.size", "private", "A", "a", "a.b"):
        assert names[key] == key  # whatever another key would like to be called


def test_a_secret_is_nowhere(run: Outcome) -> None:
    assert {key for key, what in run.exported.changed if "it is a secret" in what} == SECRETS
    records = [text for saved in run.records for text in saved]
    for text in (repr(run.exported), repr(run.stored), *run.warned, *records):
        assert SECRET not in text
        assert "sk-proj" not in text


def test_one_warning_says_what_was_changed(name: str, run: Outcome) -> None:
    (text,) = run.warned
    assert text.startswith(f"{name} has not taken everything as it is: ")
    assert f"and {len(run.exported.changed) - 5} more" in text
    assert "\n" not in text


def test_the_record_is_beside_the_values(run: Outcome, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(run.records[0][0], "utf-8")
    loaded = hp.Record.load(path)
    assert [read.key for read in loaded.reads] == list(HARD)
    assert loaded.operative()["n.big"] == 2**80
    assert loaded.operative()["c.tuple"] == (1, (2, 3))


def test_5000_keys_arrive(run: Outcome) -> None:
    assert run.many == len(MANY) == 5_000


def test_the_same_values_again_change_nothing(run: Outcome) -> None:
    assert run.again.changed == []


def test_other_values_later_are_named(name: str, run: Outcome) -> None:
    changed = dict(run.other.changed)
    if name == "tensorboard":  # each log is a run of its own there
        assert (changed, run.stored_after) == ({}, {"lr": 0.2, "depth": 3, "late": 1})
        return
    assert list(changed) == ["lr"]
    assert "0.1" in changed["lr"]
    kept = {"mlflow": "0.1", "wandb": 0.2, "trackio": 0.2}[name]
    assert run.stored_after["lr"] == kept
    assert str(run.stored_after["late"]) == "1"


def test_a_later_record_does_not_replace_an_earlier_one(name: str, run: Outcome) -> None:
    records = run.records[-1]
    assert any('"late"' in text for text in records)
    assert any('"lr"' in text and '"late"' not in text for text in records)


def test_without_a_run_it_says_how_to_open_one(name: str, run: Outcome) -> None:
    start = {"mlflow": "mlflow.start_run()", "wandb": "wandb.init()", "trackio": "trackio.init(",
             "tensorboard": "SummaryWriter"}  # fmt: skip
    assert start[name] in run.extra["no run"]


def test_what_only_one_tracker_has(name: str, run: Outcome) -> None:
    if name == "mlflow":
        assert run.extra["tag"] == hp.__version__
        (long,) = (what for key, what in run.exported.changed if key == "c.long")
        assert long == "cut to 6000 of 8008 characters"
    elif name == "wandb":
        assert "hp-record.json" in run.extra["files"]
        assert run.extra["locked"] == [("lr", "W&B keeps 0.9")]
        assert run.extra["disabled"] == ([], FIRST)
    elif name == "trackio":
        stored, late = run.extra["late"]
        assert "lr" not in stored
        assert [key for key, _ in late.changed] == list(FIRST)
        assert all("before the first trackio.log" in what for _, what in late.changed)
