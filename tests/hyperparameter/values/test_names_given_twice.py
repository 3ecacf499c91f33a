"""Two names of one mapping that mean the same key are an error, wherever the mapping is written."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hp_dist
import hyperparameter as hp
from hp_dist._text.codec import seal, unseal
from hyperparameter.params import Params

FLAT = '{"a.b": 1, "a": {"b": 2}}'
TWICE = [
    FLAT,
    '{"a": {"b": 2}, "a.b": 1}',
    '{"n": {"a.b": 1, "a": {"b": 2}}}',
    '{"a": 1, "a": 2}',
    '{"n": [{"a": {"b": {"c": 1}}, "a.b": {"c": 1}}]}',
    '{"n": [{"a": 1, "a": 1}]}',
]
ONCE = [
    '{"a.b": 1, "a": {"c": 2}}',
    '{"a.b": 1, "a": {"b": {"c": 2}}}',
    '{"n": [{"a.b": 1}, {"a": {"b": 2}}]}',
    '{"a": [1, 1], "b": "a.b"}',
]


@hp.param("twice")
def program(opt: dict[str, Any] = {}, untyped=None, name: str = "") -> Any:  # type: ignore[no-untyped-def]  # never changed
    return opt, untyped, name


def in_scope(text: str, read: Callable[[], Any], name: str = "opt") -> Any:
    with hp.scope(f"twice.{name}={text}"):
        return read()


def in_file(folder: Path, name: str, text: str) -> Any:
    (folder / name).write_text(text, encoding="utf-8")
    with hp.config(folder / name):
        return program()[0]


def in_environment(text: str) -> Any:
    with hp.config({}, env_prefix="APP", env={"APP_TWICE__OPT": text}):
        return program()[0]


PLACES: dict[str, Callable[[str, Path], Any]] = {
    "a word": lambda text, _: in_scope(text, lambda: program()[0]),
    "over a word": lambda text, _: in_scope(
        '{"z": 1}', lambda: in_scope(text, lambda: hp.scope.twice.opt | {})
    ),
    "below a name": lambda text, _: in_scope(text, lambda: in_scope("1", program, "opt.z")),
    "no annotation": lambda text, _: in_scope(text, lambda: program()[1], "untyped"),
    "a default": lambda text, _: in_scope(text, lambda: hp.scope.twice.other | {}, "other"),
    "no default": lambda text, _: in_scope(text, lambda: hp.scope.twice.other(), "other"),
    "an item": lambda text, _: in_scope(text, lambda: hp.scope.current()["twice.o"], "o"),
    "in a list": lambda text, _: in_scope(f"[{text}]", lambda: hp.scope.twice.xs | [], "xs"),
    "an option": lambda text, _: hp.run_cli(program, ["--opt", text])[0],
    "-D": lambda text, _: hp.run_cli(program, ["-D", f"twice.opt={text}"])[0],
    "-D untyped": lambda text, _: hp.run_cli(program, ["-D", f"twice.untyped={text}"])[1],
    "environment": lambda text, _: in_environment(text),
    "override": lambda text, _: hp.config({}, dict, [f"x={text}"]),
    "json": lambda text, folder: in_file(folder, "a.json", f'{{"twice": {{"opt": {text}}}}}'),
    "yaml": lambda text, folder: in_file(folder, "a.yaml", f"twice: {{opt: {text}}}"),
    "yaml list": lambda text, folder: in_file(folder, "a.yaml", f"twice: {{opt: {{x: [{text}]}}}}"),
    "quoted": lambda text, folder: in_file(folder, "a.yaml", f"twice: {{opt: '{text}'}}"),
    "Params": lambda text, folder: params_of(folder, text),
}


def params_of(folder: Path, text: str) -> Any:
    (folder / "p.json").write_text(text, encoding="utf-8")
    return Params.from_file(folder / "p.json").as_dict()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", TWICE)
def test_a_key_that_is_named_twice_is_an_error(text: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(hp.HyperparameterError, match=r"twice|two (of its )?names") as caught:
        PLACES[place](text, tmp_path)
    assert str(caught.value).splitlines() == [str(caught.value)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", ONCE)
def test_other_names_are_not(text: str, place: str, tmp_path: Path) -> None:
    PLACES[place](text, tmp_path)


@pytest.mark.parametrize(
    "text",
    ['[[o.n]]\n"a.b" = 1\na = {b = 2}\n', '[o]\n"a.b" = 1\na.b = 2\n', 'o=[{"a.b" = 1, a.b = 2}]'],
)
def test_toml_says_where(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(hp.ConfigurationError, match=r"a\.toml:\d: .*(twice|two of its names)"):
        hp.config(path)


def test_toward_text_it_is_the_text() -> None:
    for text in TWICE:
        assert in_scope(text, lambda: program()[2], "name") == text
        assert hp.run_cli(program, ["--name", text])[2] == text


def test_params_refuse_both_but_not_a_mapping_beside_its_parts() -> None:
    with pytest.raises(hp.ConfigurationError, match=r"two of its names mean 'a\.b'"):
        Params(json.loads(FLAT))
    with pytest.raises(hp.ConfigurationError, match=r"two of its names mean 'a\.b'"):
        Params({"x": [json.loads(FLAT)]})
    assert Params({"a.b": 1, "a": {"b": 1}}).as_dict() == {"a.b": 1, "a": {"b": 1}}


def test_a_text_carrier_that_brings_both_is_damaged() -> None:
    with hp.scope('twice.opt={"a": 1}'):
        carrier: dict[str, str] = {}
        hp_dist.inject(carrier)
    ((name, text),) = carrier.items()
    document: Any = unseal(text)[1]
    document["scopes"][0]["values"]["twice.opt"] = {"$tree": json.loads(FLAT)}
    with pytest.raises(hp_dist.CarrierError, match="two of its names"):
        with hp_dist.extract({name: seal("scope", document)}):
            pass


def test_a_command_line_says_so_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_text(
        "import hyperparameter as hp\n"
        "@hp.param('app')\n"
        "def main(opt: dict = {'d': 1}): print(opt)\n"
        "if __name__ == '__main__': hp.launch(main)\n"
    )
    for words in (["--opt", FLAT], ["-D", f"app.opt={FLAT}"]):
        done = subprocess.run(
            [sys.executable, str(path), *words],
            capture_output=True, text=True, timeout=150, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "two of its names mean 'a.b'" in done.stderr
        assert done.stderr.count("\n") == 1
