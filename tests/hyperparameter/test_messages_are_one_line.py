"""Every error and message is one line, whatever is in the names and texts of the user."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hp_dist
import hyperparameter as hp
from hyperparameter.params import Params

NASTY = "a\nb\x1b[31m\u2028c\rd\x85e"
SHOWN = r"a\nb\x1b[31m\u2028c\rd\x85e"


@hp.param("lined")
def lined(n: int = 1, d: dict[str, int] = {}) -> Any:  # never changed
    return n, d


def in_scope(read: Callable[[], object], *texts: str, **params: Any) -> None:
    with hp.scope(*texts, **params):
        read()


def loaded(folder: Path, text: str) -> None:
    (folder / "given.json").write_text(text, encoding="utf-8")
    with hp.config(folder / "given.json"):
        lined()


def injected(**params: Any) -> None:
    with hp.scope(**params):
        hp_dist.inject({})


ERRORS: dict[str, Callable[[Path], object]] = {
    "missing": lambda _: hp.scope[NASTY](),
    "not a key": lambda _: hp.scope(f"{NASTY}..x=1"),
    "no assignment": lambda _: hp.scope(NASTY),
    "a value": lambda _: in_scope(lined, f"lined.n={NASTY}"),
    "an object": lambda _: in_scope(lined, **{"lined.n": object()}),
    "a name inside": lambda _: in_scope(lined, **{"lined.d": {NASTY: "x"}}),
    "an option": lambda _: hp.run_cli(lined, [f"--{NASTY}=1"]),
    "a file": lambda _: hp.run_cli(lined, ["-C", f"{NASTY}.json"]),
    "no such file": lambda _: hp.config(f"{NASTY}.json"),
    "a reference": lambda _: hp.config({"x": f"${{{NASTY}}}"}),
    "a key that refers": lambda _: hp.config({NASTY: "${nothing}"}),
    "a value in a file": lambda folder: loaded(folder, '{"lined": {"n": "a\\nb"}}'),
    "set twice": lambda folder: loaded(folder, '{"a\\nb": 1, "a\\nb": 2}'),
    "schema": lambda _: hp.config({"x": NASTY}, overrides=NASTY),
    "params": lambda _: Params({}).pop(NASTY),
    "a choice": lambda _: Params({"x": NASTY}).pop_choice("x", ["y"]),
    "a carried object": lambda _: injected(**{NASTY: object()}),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(hp.HyperparameterError) as caught:
        ERRORS[name](tmp_path)
    message = str(caught.value)
    assert message.splitlines() == [message]
    assert "\x1b" not in message
    assert r"a\nb" in message or name == "an object"


def test_what_is_shown_of_a_key_has_its_control_characters_as_escapes() -> None:
    with hp.record() as record, hp.scope(**{NASTY: 1}) as ps:
        hp.scope[NASTY]()
        for shown in (repr(ps), repr(hp.scope[NASTY])):
            assert shown.splitlines() == [shown]
        assert len(str(hp.explain(NASTY)).splitlines()) == 1
        assert len(str(record).splitlines()) == 3
    with hp.record() as record, hp.scope(**{NASTY: 1}):
        pass
    (unused,) = record.unused()
    assert len(str(unused).splitlines()) == 1


def test_a_command_line_says_which_name_it_is(tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    program.write_text(
        "import hyperparameter as hp\n"
        "@hp.param('app')\n"
        "def main(n: int = 1): print(n)\n"
        "if __name__ == '__main__': hp.launch(main)\n"
    )
    for words, status in [
        (["-D", f"{NASTY}=1"], 2), ([f"--{NASTY}"], 2), ([NASTY], 2),
        (["--allow-unknown", "-D", f"{NASTY}=1"], 0),
        (["--allow-unknown", "-D", f"{NASTY}.x=1", "-D", f"{NASTY}=1", "--print-config=toml"], 0),
    ]:  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(program), *words],
            capture_output=True, timeout=150, check=False,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        shown = done.stderr.decode()
        assert done.returncode == status
        assert shown.splitlines() == shown[:-1].split("\n")
        assert len(shown.splitlines()) == 1
        assert SHOWN in shown


def test_what_a_file_holds_is_printed_as_it_is(tmp_path: Path) -> None:
    """A character that stdout can show is not escaped because its line ends."""
    program = tmp_path / "app.py"
    program.write_text(
        "import hyperparameter as hp\n"
        "@hp.param('app')\n"
        "def main(name: str = 'é', other: str = 'x'): pass\n"
        "if __name__ == '__main__': hp.launch(main)\n",
        encoding="utf-8",
    )
    for kind in ("yaml", "json", "toml"):
        done = subprocess.run(
            [sys.executable, str(program), "--print-config", kind],
            capture_output=True, timeout=150, check=True,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        assert "é" in done.stdout.decode()
