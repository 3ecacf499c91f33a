"""A module that is imported while the program runs has the keys that it has at the top."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
from dataclasses import dataclass
import hyperparameter as hp

@dataclass
class Opt:
    x: int = 0

MADE = dict(a=1)
LITERAL = {"a": 1}
NUMBER = 2
"""
PARAMETERS = {
    "opt=None": "{'x': 5}",
    "opt": "{'x': 5}",
    "opt=MADE": "{'a': 1, 'x': 5}",
    "opt=LITERAL": "{'a': 1, 'x': 5}",
    "opt=MADE.copy()": "{'a': 1, 'x': 5}",
    "opt={**MADE}": "{'a': 1, 'x': 5}",
    "opt=Opt()": "Opt(x=5)",
    "opt: dict = None": "{'x': 5}",
    "opt: Opt | None = None": "Opt(x=5)",
    "*, opt=None": "{'x': 5}",
}
REFUSED = ["opt=1", "opt=NUMBER", "opt=[1]", "opt=(1, NUMBER)", "opt: int = 1", "opt: int = MADE"]
WAYS = {
    "at the top": ("from m import f", "pass"),
    "in the function": ("", "from m import f"),
    "by name": ("import importlib", "f = importlib.import_module('m').f"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(way: str, parameter: str, *words: str, body: str = "opt") -> tuple[int, str, str]:
    """Return how a program ends that calls `f` of a module, with this parameter."""
    Path("m.py").write_text(f"{MODULE}\n@hp.param('f')\ndef f({parameter}): return {body}\n")
    top, inside = WAYS[way]
    Path("main.py").write_text(
        f"import hyperparameter as hp\n{top}\n@hp.param('main')\ndef main(n=1):\n"
        f"    {inside}\n    print(f())\nhp.launch(main)\n"
    )
    command = [sys.executable, "main.py", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    return done.returncode, done.stdout.rstrip("\n"), done.stderr


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_parts_of_parameters_are_known_wherever_the_module_is_imported(parameter: str) -> None:
    for way in WAYS:
        assert run(way, parameter, "-D", "f.opt.x=5") == (0, PARAMETERS[parameter], ""), way


@pytest.mark.parametrize("parameter", REFUSED)
def test_parts_of_what_has_none_are_refused_wherever_the_module_is_imported(parameter: str) -> None:
    for way in WAYS:
        assert run(way, parameter, "-D", "f.opt.x=5")[:2] == (2, ""), way


@pytest.mark.parametrize("way", WAYS)
def test_any_name_is_for_keywords_but_not_below_a_parameter_beside_them(way: str) -> None:
    known = run(way, "lr=1, **opt", "-D", "f.x=5", "-D", "f.y.z=5")
    assert known[:2] == (0, "{}")
    assert "f.x (cli -D) was never read" in known[2]
    assert run(way, "lr=1, **opt", "-D", "f.lr.x=5")[0] == 2


def test_functions_inside_of_functions_are_as_those_of_modules() -> None:
    Path("main.py").write_text(
        "import hyperparameter as hp\n@hp.param('main')\ndef main(n=1):\n"
        "    made = dict(a=1)\n    @hp.param('f')\n    def f(a=made, b=None): return a, b\n"
        "    print(json.dumps(f()))\nimport json\nhp.launch(main)\n"
    )
    command = [sys.executable, "main.py", "-D", "f.a.x=1", "-D", "f.b.y=2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert json.loads(done.stdout) == [{"a": 1, "x": 1}, {"y": 2}]
