"""What is said of a value that does not fit names it as it was written, with its choices."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pydantic
import pytest

import hyperparameter as hp
from hyperparameter.params import Params


@dataclass
class Lion:
    kind: Literal["lion"] = "lion"


@dataclass
class Tiger:
    kind: Literal["tiger"] = "tiger"


@hp.param("zoo")
def zoo(
    *visitors: int,
    pet: Lion | Tiger = Lion(),
    other: Lion | Tiger | None = None,
    pets: list[Lion | Tiger] = [],
    either: Literal["a"] | Literal["b"] = "a",
    number: Literal["x"] | int = "x",
    password: str = "",
    name: str = "",
    size: tuple[int, int] = (8, 8),
) -> Any:
    return visitors, pet, other, pets, either, number, password, name


REFUSED = {
    ("--size", "1", "--size", "2"): "--size needs 2 values. Give all behind one --size.",
    ("--pet.kind", "tigr"): "--pet.kind: 'tigr' is not one of lion, tiger; did you mean 'tiger'?",
    ("--pet", '{"kind": "cat"}'): "--pet.kind: 'cat' is not one of lion, tiger.",
    ("--other.kind", "cat"): "--other.kind: 'cat' is not one of lion, tiger.",
    ("--pets", '[{"kind": "cat"}]'): "--pets[0].kind: 'cat' is not one of lion, tiger.",
    ("--either", "c"): "--either: 'c' is not one of a, b.",
    ("--number", "y"): "--number: 'y' is not x or an int.",
    ("1", "z"): "VISITORS[1]: 'z' is not an int.",
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_choices_of_all_members_are_named(words: tuple[str, ...]) -> None:
    with pytest.raises(hp.UsageError) as raised:
        hp.run_cli(zoo, list(words))
    assert str(raised.value) == REFUSED[words]


def test_a_field_that_decides_between_structures_still_does() -> None:
    assert hp.run_cli(zoo, ["--pet.kind", "tiger", "--number", "5"])[1] == Tiger()


FILES = {
    "t.toml": ("[zoo]\nname = 2020-01-01", "zoo.name (file t.toml:2): 2020-01-01 is not text."),
    "n.json": ('{"zoo": {"name": null}}', "zoo.name (file n.json:1): null is not text."),
    "s.yaml": ("zoo.password: {hunter2: 1}", "zoo.password (file s.yaml:1): *** is not text."),
}


@pytest.mark.parametrize("name", FILES)
def test_values_of_files_are_shown_as_they_were_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(FILES[name][0])
    with pytest.raises(hp.UsageError) as raised:
        hp.run_cli(zoo, ["-C", name])
    assert str(raised.value) == FILES[name][1]


class Server(pydantic.BaseModel):
    host: str = "here"
    port: int = pydantic.Field(80, ge=1)


@dataclass
class Counted:
    n: int = 1
    password: str = ""

    def __post_init__(self) -> None:
        if self.n < 0:
            raise ValueError(f"n must be\npositive, {self.n} {self.password}")


OF_CLASSES = [
    (Server, ["--host", "x", "--port", "0"],
     "--port: Input should be greater than or equal to 1."),
    (Counted, ["--n", "-1"], "--n (Counted): the class refuses these values."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "words", "said"), OF_CLASSES)
def test_what_a_launched_class_says_of_its_fields_is_an_error_of_values(
    kind: Any, words: list[str], said: str
) -> None:
    with pytest.raises(hp.UsageError) as raised:
        hp.run_cli(kind, words)
    assert str(raised.value) == said


def test_an_error_of_a_launched_class_for_which_nothing_was_set_is_its_own() -> None:
    @dataclass
    class Faulty:
        n: int = -1

        def __post_init__(self) -> None:
            raise ValueError("never")

    with pytest.raises(ValueError, match="never"):
        hp.run_cli(Faulty, [])


def test_params_say_what_does_not_fit_as_it_was_typed() -> None:
    @hp.param("counting")
    def counting(n: int = 1) -> Any:
        return Params.from_scope().pop("counting").pop_int("c")

    with pytest.raises(hp.UsageError) as raised:
        hp.run_cli(counting, ["-D", "counting.c=3.50", "--allow-unknown"])
    assert str(raised.value) == "-D counting.c: '3.50' is not an int."


def test_a_mapping_that_was_not_read_says_how_to_read_it() -> None:
    with (
        hp.scope(d={"a": 1}),
        pytest.raises(hp.MissingParameter, match=r"read it first: hp\.scope\['d'\] \| \{\}"),
    ):
        dict(hp.scope.d)


@hp.param("sizedlist")
def of_pair(pair: tuple[int, int] = (1, 2)) -> tuple[int, int]:
    return pair


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64", "'64' is not a list of 2 items."),
        ("64,32", "'64,32' is not a list of 2 items. Write a list in brackets: [64,32]."),
        ("[64]", "2 items are wanted, 1 were given."),
    ],
)
def test_a_tuple_of_fixed_length_says_how_long_it_is(text: str, message: str) -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(of_pair, ["-D", f"sizedlist.pair={text}"])
    assert str(caught.value) == f"-D sizedlist.pair: {message}"
    assert hp.run_cli(of_pair, ["-D", "sizedlist.pair=[64,32]"]) == (64, 32)


RATED = """
from dataclasses import dataclass
import hyperparameter as hp

@dataclass
class Rates:
    base_lr: float = 0.1

@hp.param("rated")
def rated(optim: Rates = Rates()): pass

hp.launch(rated)
"""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["--optm.base_lr", "1"], "'--optim.base-lr'"),
        (["--rated.optm.base-lr=1"], "'--optim.base-lr'"),
        (["-D", "optm.base_lr=1"], "'rated.optim.base_lr'"),
    ],
    ids=str,
)
def test_what_was_meant_is_shown_as_one_types_it(
    words: list[str], meant: str, tmp_path: Path
) -> None:
    path = tmp_path / "rated.py"
    path.write_text(RATED)
    command = [sys.executable, str(path), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert f"Did you mean {meant}?" in done.stderr


@hp.param("required_elsewhere")
def required_elsewhere(n: int = 0, name: str = "") -> tuple[int, str]:
    return n, name


def test_the_word_of_omegaconf_for_what_must_be_set_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("required_elsewhere:\n  n: ???\n")
    with pytest.raises(hp.HyperparameterError, match=r"'\?\?\?' is not an int\. OmegaConf writes"):
        hp.run_cli(required_elsewhere, ["-C", str(path)])
    path.write_text("required_elsewhere:\n  name: ???\n")
    assert hp.run_cli(required_elsewhere, ["-C", str(path)]) == (0, "???")
