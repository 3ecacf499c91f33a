"""`hp NAME` runs a command that another distribution offers by an entry point."""

import sys
from pathlib import Path

import pytest

from hyperparameter.cli import main

GREETING = "def greet(words):\n    print('hello', *words)\n    return 3\n"
Monkey = pytest.MonkeyPatch
Captured = pytest.CaptureFixture[str]


def install(site: Path, name: str, source: str, *points: str) -> None:
    (site / f"{name}.py").write_text(source)
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    written = "\n".join(["[hyperparameter.commands]", *points])
    (info / "entry_points.txt").write_text(f"{written}\n")


def test_it_gets_the_words_and_its_status_is_that_of_hp(
    tmp_path: Path, monkeypatch: Monkey, capsys: Captured
) -> None:
    install(tmp_path, "greeting_one", GREETING, "greet = greeting_one:greet")
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["greet", "--all", "people"]) == 3
    assert capsys.readouterr() == ("hello --all people\n", "")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import nonexistent_x", "cannot be imported: No module named 'nonexistent_x'"),
        ("", "cannot be imported: module 'greeting_two' has no attribute 'greet'"),
        ("greet = 1", "cannot be called."),
    ],
)
def test_one_that_cannot_be_used_is_one_line(
    source: str, problem: str, tmp_path: Path, monkeypatch: Monkey, capsys: Captured
) -> None:
    install(tmp_path, "greeting_two", source, "greet = greeting_two:greet")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "greeting_two", raising=False)
    assert main(["greet"]) == 2
    who = "greeting_two:greet, which greeting_two offers as a command,"
    assert capsys.readouterr() == ("", f"hp: error: greet: {who} {problem}\n")


def test_one_of_two_distributions_is_neither_of_them(
    tmp_path: Path, monkeypatch: Monkey, capsys: Captured
) -> None:
    for name in ("greeting_three", "greeting_four"):
        install(tmp_path, name, GREETING, f"greet = {name}:greet")
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["greet"]) == 2
    problem = "greet: 'greet' is a command in greeting_four and greeting_three."
    assert capsys.readouterr().err == f"hp: error: {problem} Uninstall one of them.\n"
