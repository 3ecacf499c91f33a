"""The experiments in examples/ go the whole way: load, override, pop to the end, save, reload."""

from pathlib import Path
from typing import Any

import pytest

from hyperparameter.params import ConfigurationError, Params

ROOT = Path(__file__).parents[3] / "examples" / "experiments"
EXPERIMENTS = sorted(path.name for path in ROOT.glob("*.json*"))
VARIABLES = {"DATA": "corpus", "RATE": "0.00002"}
OVERRIDES = {"trainer.num_epochs": 7, "extra.seed": 13}


def load(name: str, **options: Any) -> Params:
    return Params.from_file(ROOT / name, OVERRIDES, ext_vars=VARIABLES, **options)


def pop_to_the_end(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            pop_to_the_end(item)
    elif isinstance(value, Params):
        for key in list(value.params):
            pop_to_the_end(value.pop(key))
        value.assert_empty(value.history)


def test_there_are_five() -> None:
    assert len(EXPERIMENTS) == 5


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_each_goes_the_whole_way(name: str, tmp_path: Path) -> None:
    params = load(name)
    assert params["trainer"]["num_epochs"] == 7
    assert params["extra"].as_dict(quiet=True) == {"seed": 13}

    params.to_file(tmp_path / "saved.json")
    again = Params.from_file(tmp_path / "saved.json")
    assert again.get_hash() == params.get_hash()
    assert again == params

    with pytest.raises(ConfigurationError, match="Extra parameters passed to Experiment"):
        params.assert_empty("Experiment")
    twin = params.duplicate()
    pop_to_the_end(params)
    params.assert_empty("Experiment")
    assert again == twin


def test_what_they_compute() -> None:
    tagger = load("tagger.jsonnet")
    assert tagger["model"]["encoder"]["hidden"] == 116
    assert tagger["model"]["embedders"][1]["filters"][2].as_dict(quiet=True) == {
        "size": 4, "count": 32,
    }  # fmt: skip
    assert tagger["trainer"].pop("patience") is None
    finetune = Params.from_file(ROOT / "finetune.jsonnet", ext_vars=VARIABLES)
    assert finetune["trainer"].pop("num_epochs") == 20
    assert [g.pop_float("lr") for g in finetune["trainer"]["optimizer"]["groups"]] == [
        5e-06, 1e-05, 2e-05,
    ]  # fmt: skip
    heads = load("multitask.jsonnet")["model"]["heads"]
    assert [len(head["layers"]) for head in heads] == [4, 2, 2]


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name.endswith("net")])
def test_without_its_variables_each_says_which_is_missing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigurationError, match=r"external variable '(DATA|RATE)'"):
        Params.from_file(ROOT / name)
