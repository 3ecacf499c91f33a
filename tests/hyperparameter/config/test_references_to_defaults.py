"""A reference to a declared key that nothing sets is the default that a call would have."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp


class Kind(Enum):
    ADAM = "adam"


@dataclass(frozen=True)
class Optim:
    kind: str = "adam"
    lr: float = 0.1
    betas: tuple[float, ...] = (0.9, 0.99)


HERE = os.path.relpath(__file__)


@hp.param("rdtrain")
def train(
    epochs: int = 10,
    name: str = "007",
    sizes: list[int] = [1, 2],
    labels: dict[str, Any] = {"a": 1, "x.y": {"z": 2}},
    nothing: int | None = None,
    text: str = "${rdtrain.epochs}",
    out: Path = Path("runs/a"),
    optim: Optim = Optim("sgd", 0.5),
    made: Optim | None = None,
    kind: Kind = Kind.ADAM,
    chars: set[str] = {"a"},
    *,
    required: int,
    needed: Optim,
) -> None: ...


@hp.param("rdboth")
def one(same: int = 1, other: int = 1, typed: float = 1.0, lacks: int = 1) -> None: ...


@hp.param("rdboth")
def two(lacks: int, same: int = 1, other: int = 2, typed: float = 1) -> None: ...


def found(reference: str, *more: Any, **options: Any) -> object:
    return hp.config([{"it": reference}, *more], dict, **options)["it"]


def problem(reference: str, *more: Any, **options: Any) -> str:
    with pytest.raises(hp.ConfigurationError) as caught:
        found(reference, *more, **options)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert text.startswith(f"it (code {HERE}:")
    return text.partition("): ")[2]


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("${rdtrain.epochs}", 10),
        ("${rdtrain.name}", "007"),
        ("${rdtrain.nothing}", None),
        ("${rdtrain.sizes}", [1, 2]),
        ("${rdtrain.sizes.1}", 2),
        ("${rdtrain.labels}", {"a": 1, "x.y": {"z": 2}}),
        ("${rdtrain.labels.x.y.z}", 2),
        ("${rdtrain.text}", "${rdtrain.epochs}"),
        ("${rdtrain.out}", "runs/a"),
        ("${rdtrain.out}/${rdtrain.name}-${rdtrain.sizes.0}", "runs/a/007-1"),
        ("${rdtrain.optim.lr}", 0.5),
        ("${rdtrain.optim.betas.1}", 0.99),
        ("${rdtrain.needed.lr}", 0.1),
        ("${rdboth.same}", 1),
    ],
)
def test_the_default_is_found(reference: str, value: object) -> None:
    assert found(reference) == value
    assert type(found(reference)) is type(value)


def test_a_default_is_copied() -> None:
    found("${rdtrain.sizes}").append(3)  # type: ignore[attr-defined]  # a list
    assert found("${rdtrain.sizes}") == [1, 2]


def test_what_is_set_comes_first_and_takes_away_the_parts_of_a_default() -> None:
    assert found("${rdtrain.epochs}", {"rdtrain.epochs": 3}) == 3
    assert found("${rdtrain.epochs}", overrides=["rdtrain.epochs=3"]) == 3
    env = {"RD_RDTRAIN__EPOCHS": "3"}
    assert found("${rdtrain.epochs}", {"rdtrain": {}}, env_prefix="RD", env=env) == 3
    assert found("${rdtrain.epochs}", {"rdtrain": {}}) == 10
    assert found("${rdtrain.optim.kind}", {"rdtrain.optim.lr": 1}) == "sgd"
    assert found("${rdtrain.optim.kind}", overrides=['rdtrain.optim={"lr": 1}']) == "sgd"
    for value in ([5], 5, "text", None, "${n}"):
        assert "'rdtrain.sizes.1', which is not set" in problem(
            "${rdtrain.sizes.1}", {"rdtrain.sizes": value, "n": None}
        )
    assert "not set" in problem("${rdtrain.optim.lr}", {"rdtrain.optim": None})


def test_an_empty_section_of_a_file_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("rdtrain:\nit: ${rdtrain.epochs}\n")
    assert hp.config(tmp_path / "c.yaml", dict)["it"] == 10
    (tmp_path / "c.yaml").write_text("rdtrain: {optim: }\nit: ${rdtrain.optim.lr}\n")
    with pytest.raises(hp.ConfigurationError, match="not set"):  # its optim is None
        hp.config(tmp_path / "c.yaml")


def test_declarations_that_differ_are_named() -> None:
    first, second = (f"{HERE}:{one.__wrapped__.__code__.co_firstlineno}" for one in (one, two))
    assert problem("${rdboth.other}") == (
        "the value refers to 'rdboth.other', which nothing sets, and whose declarations differ: "
        f"1 ({first}), 2 ({second}). Set it."
    )
    assert f"1.0 ({first}), 1 ({second})" in problem("${rdboth.typed}")
    assert f"1 ({first}), none ({second})" in problem("${rdboth.lacks}")
    assert found("${rdboth.other}", {"rdboth.other": 7}) == 7


@pytest.mark.parametrize(
    ("name", "shown"), [("optim", "Optim("), ("kind", "Kind.ADAM"), ("chars", "<set of 1")]
)
def test_an_object_is_named(name: str, shown: str) -> None:
    text = problem(f"${{rdtrain.{name}}}")
    assert text.startswith(f"the value refers to 'rdtrain.{name}', which nothing sets, and whose ")
    assert f"default is an object: {shown}" in text
    advice = "Set it, or refer to a part of it." if name == "optim" else "Set it."
    assert text.endswith(f"({HERE}:{train.__wrapped__.__code__.co_firstlineno}). {advice}")


def test_what_has_no_default_says_what_to_do() -> None:
    assert "'rdtrain.required', which is not set, and has no default (" in problem(
        "${rdtrain.required}"
    )
    assert "not set. Did you mean 'rdtrain.epochs'" in problem("${rdtrain.epoch}")
    assert "'rdtrain.made.lr', which is not set." in problem("${rdtrain.made.lr}")
    assert problem("${rdelsewhere.quux}") == (
        "the value refers to 'rdelsewhere.quux', which is not set. Set it, or import the module "
        "that declares it first."
    )
    assert problem("${rdtrain}") == (
        "the value refers to 'rdtrain', which is a group of parameters, and nothing sets any of "
        "them. Refer to one of them."
    )


numbers = count()


@hp.param("rdmade")
@dataclass
class Made:
    items: list[int] = field(default_factory=lambda: [1, 2])
    number: int = field(default_factory=lambda: next(numbers))


def test_a_factory_makes_the_default_unless_it_makes_others() -> None:
    assert found("${rdmade.items.1}") == 2
    assert "another one each time that it is made" in problem("${rdmade.number}")


@dataclass
class Schema:
    it: str
    epochs: int = 4
    optim: Optim = field(default_factory=Optim)


def test_fields_of_a_schema_are_declared() -> None:
    wanted = Schema("4-adam")
    assert hp.config({"it": "${epochs}-${optim.kind}"}, Schema) == wanted
    source = {"s": {"it": "${s.epochs}-${.optim.kind}"}}
    assert hp.config(source, Schema, section="s") == wanted
    assert hp.config({"it": "${rdtrain.name}"}, Schema).it == "007"


def test_a_default_chooses_a_file(tmp_path: Path) -> None:
    (tmp_path / "optim").mkdir()
    (tmp_path / "c.yaml").write_text('$include: "optim/${rdtrain.optim.kind}.yaml"\nit: 1\n')
    (tmp_path / "optim/sgd.yaml").write_text("size: 5\n")
    assert dict(hp.config(tmp_path / "c.yaml")) == {"size": 5, "it": 1}
    (tmp_path / "optim/sgd.yaml").write_text("rdtrain.optim.kind: adam\n")
    with pytest.raises(hp.ConfigurationError, match="a file that is included makes the name"):
        hp.config(tmp_path / "c.yaml")
    (tmp_path / "optim/sgd.yaml").unlink()
    with pytest.raises(hp.ConfigurationError, match=r"rdtrain\.optim\.kind is 'sgd' \(default "):
        hp.config(tmp_path / "c.yaml")


PROGRAM = """
from dataclasses import dataclass, field
import hyperparameter as hp

def tags():
    print("made")
    return ["a", "b"]

@hp.param("data")
@dataclass
class Data:
    tags: list[str] = field(default_factory=tags)

@hp.param("train")
def train(epochs: int = 10, password: str = "hunter2", labels: dict[str, int] = {"a": 7}):
    evaluate()

@hp.param("evaluate")
def evaluate(n: int = 1, names: list[str] = (), label: str = "l"):
    print(n, names, label)

if __name__ == "__main__":
    with hp.scope(outer__n=1, **{"outer.sizes": [4, 5], "outer.more.a": 6}):
        hp.launch(train, env_prefix="MY")
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "app.py").write_text(PROGRAM)

    def run(text: str, *words: str, **env: str) -> object:
        (tmp_path / "c.yaml").write_text(text)
        return subprocess.run(
            [sys.executable, "app.py", "-C", "c.yaml", *words], cwd=tmp_path, capture_output=True,
            text=True, timeout=150, check=False, env={**os.environ, **env},
        )  # fmt: skip

    return run  # type: ignore[return-value]


def output(done: "subprocess.CompletedProcess[str]") -> str:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_launched_program_uses_and_shows_the_default(run: Run) -> None:
    text = "evaluate: {n: '${train.epochs}', label: 'e-${train.epochs}'}"
    assert output(run(text)) == "10 () e-10\n"
    assert output(run(text, "--epochs=3")) == "3 () e-3\n"
    assert output(run(text, MY_TRAIN__EPOCHS="4")) == "4 () e-4\n"
    # Words of a shell mean what they say, in variables too.
    assert output(run("{}", MY_EVALUATE__LABEL="${train.epochs}")) == "1 () ${train.epochs}\n"
    shown = run(text, "--print-config=json").stdout
    assert '"n": 10' in shown
    assert '"label": "e-10"' in shown
    assert "value=10, origin=file c.yaml:1" in output(run(text, "-ep", "evaluate.n"))
    assert output(run(text, "--check")) == "ok\n"


def test_a_part_of_a_default_can_be_taken_away(run: Run) -> None:
    text = "evaluate: {n: '${train.labels.a}'}"
    assert output(run(text)) == "7 () l\n"
    assert output(run(text, "-D", "train.labels.b=1")) == "7 () l\n"
    for word in ("~train.labels", "~train.labels.a", "train.labels=null"):
        done = run(text, "-D", word, "-D", "train.labels.b=1")
        assert (done.returncode, "'train.labels.a', which is not set" in done.stderr) == (2, True)


def test_a_factory_runs_for_a_run_and_not_for_a_check(run: Run) -> None:
    text = "evaluate: {names: '${data.tags}', label: '${data.tags.0}'}"
    assert output(run(text)).endswith("['a', 'b'] a\n")
    assert output(run(text, "--check")) == "ok\n"
    done = run("evaluate: {n: '${data.tags}', labl: '${data.tags}'}", "--check")
    assert done.stdout.startswith("evaluate.labl (file c.yaml:1): this program has no such")
    assert (done.returncode, len(done.stdout.splitlines())) == (2, 1)


def test_a_check_names_what_has_no_default(run: Run) -> None:
    done = run("evaluate: {n: '${train.epoch}', names: '${later.names}'}", "--check")
    assert done.returncode == 2
    assert "Did you mean 'train.epochs'?" in done.stdout
    assert (
        "'later.names', which is not set. Did you mean 'evaluate.names'? If not, set it, or import "
        "the module that declares it first.\n"
    ) in done.stdout


def test_scopes_at_the_launch_come_before_defaults_with_their_parts(run: Run) -> None:
    assert output(run("evaluate: {n: '${outer.sizes.1}'}")) == "5 () l\n"
    assert output(run("evaluate: {n: '${outer.more.a}'}")) == "6 () l\n"


def test_what_is_made_of_a_secret_default_is_masked(run: Run) -> None:
    done = run("evaluate: {label: '${train.password}'}", "-ep", "evaluate.label")
    assert "hunter2" not in done.stdout
