"""A key that only references name is used: whichever of them count, and whatever they choose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import hyperparameter as hp


@hp.param("keysofrefs")
def train(model: dict[str, int] = {}, lr: float = 0.1, rates: list[float] = []) -> object:
    return model, lr, rates


FILES = {
    "replaced": ("base: {lr: 3}\nkeysofrefs: {lr: '${base.lr}'}", ({}, 3.0, [])),
    "part of a list": ("base: [1, 3]\nkeysofrefs: {lr: '${base.1}'}", ({}, 3.0, [])),
    "below a table": ("base: {a: {n: 1}}\nkeysofrefs: {model: '${base.a}'}", ({"n": 1}, 0.1, [])),
    "in a list": ("base: {lr: 3}\nkeysofrefs: {rates: [1, '${base.lr}']}", ({}, 0.1, [1.0, 3.0])),
    "relative": ("keysofrefs: {lr: '${..base.lr}'}\nbase: {lr: 3}", ({}, 3.0, [])),
    "computed": (
        "which: b\nbase: {a: 5, b: 3}\nkeysofrefs: {lr: '${base.${which}}'}",
        ({}, 3.0, []),
    ),
    "computed in part": (
        "which: b\nbase: {m_a: {n: 5}, m_b: {n: 3}}\nkeysofrefs: {lr: '${base.m_${which}.n}'}",
        ({}, 3.0, []),
    ),
    "of the environment": (
        "base: {a: 5, b: 3}\nkeysofrefs: {lr: '${base.${env:NOT_SET,b}}'}",
        ({}, 3.0, []),
    ),
    "through another": ("a: 3\nb: '${a}'\nkeysofrefs: {lr: '${b}'}", ({}, 3.0, [])),
}
OVER = {
    "nothing": ([], lambda found: found),
    "--lr": (["--lr", "7"], lambda found: (found[0], 7.0, found[2])),
    "-D": (["-D", "keysofrefs.lr=7"], lambda found: (found[0], 7.0, found[2])),
    "all": (
        ["--lr", "7", "--rates", "[2]", "-D", "~keysofrefs.model"],
        lambda found: ({}, 7.0, [2.0]),
    ),
    "file": (["-C", "over.yaml"], lambda found: (found[0], 7.0, found[2])),
}


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize("written", FILES)
def test_its_keys_are_used_whatever_replaces_the_reference(
    written: str,
    over: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    text, expected = FILES[written]
    Path("base.yaml").write_text(text)
    Path("over.yaml").write_text("keysofrefs: {lr: 7}")
    words, changed = OVER[over]
    found = hp.run_cli(train, ["-C", "base.yaml", "--strict-unused", *words])
    assert found == changed(expected)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("base: {lr: 3, rl: 4}\nkeysofrefs: {lr: '${base.lr}'}", "base.rl"),
        ("base: {lr: 3}\nkeysofrefs: {lr: '$${base.lr}'}", "base.lr"),
        ("lr: 3\nbase: {lr: 3}\nother: '${lr}'", "base.lr"),
        ("other: {lr: 3, min: '${.min}'}", "other.min"),
        ("which: b\nbase: {a: 5}\nbass: {b: 3}\nkeysofrefs: {lr: '${base.${which}}'}", "bass.b"),
    ],
)
def test_other_keys_are_refused(text: str, key: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "c.yaml").write_text(text)
    command = [sys.executable, "program.py", "-C", "c.yaml", "--lr", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert f"{key} (file c.yaml:" in done.stderr


PROGRAM = """
import hyperparameter as hp

@hp.param("keysofrefs")
def train(lr: float = 0.1):
    print(lr)

hp.launch(train)
"""
