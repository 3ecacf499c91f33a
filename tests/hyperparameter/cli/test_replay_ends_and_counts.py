"""What `hp replay` says at the end: how many keys were read as in the record, and which not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import hyperparameter as hp

PROGRAM = """
import sys
import hyperparameter as hp


@hp.param("t")
def main(d: dict = {"k": 1}, token: str = "default-token", code: int = 0, fails: bool = False):
    print(d, hp.scope.opt | None, hp.scope.free | {})
    if fails:
        raise ValueError(f"{token} and {hp.scope.db.password | ''} are wrong")
    sys.exit(code)


hp.launch(main, env_prefix="APP")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    Path("t.py").write_text(PROGRAM)
    Path("c.yaml").write_text('t: {d: {"a.b": 1, "c": {x.y: 007}}}\ndb: {password: of-the-file}\n')


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=150, check=False
    )


def hp_command(*words: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "hyperparameter.cli", *words)


@pytest.mark.parametrize(
    "words",
    [
        ("--code", "0"), ("--code", "3"), ("-C", "c.yaml"), ("-D", 't.d={"a.b": 1}'),
        ("-C", "c.yaml", "-D", "t.d.a.b=5"), ("-D", "t.d.u.v=1"), ("-D", 'opt={"c": 2}'),
        ("-D", "free.a=007", "-D", "free.b.c=1e3"), ("-D", "~t.d", "-D", "t.d.z=2"),
    ],
)  # fmt: skip
def test_a_run_that_exits_is_compared_key_by_key_as_hp_show_counts(words: tuple[str, ...]) -> None:
    first = run("t.py", *words, "--record", "r.json")
    shown = hp_command("show", "r.json").stdout
    done = hp_command("replay", "r.json")
    assert (done.returncode, done.stdout) == (first.returncode, first.stdout)
    found = re.search(r"(\d+) keys were read\.", shown)
    assert found is not None
    assert done.stderr == f"hp: {found[1]} keys were read as in r.json.\n"


def test_what_differs_in_a_run_that_exits_is_named() -> None:
    run("t.py", "--code", "3", "--record", "r.json")
    Path("t.py").write_text(PROGRAM.replace("hp.scope.opt", "hp.scope.other"))
    done = hp_command("replay", "r.json")
    assert done.returncode == 3
    assert "opt was not read; it was None in r.json." in done.stderr
    assert "other = None (default) is new; r.json does not have it." in done.stderr
    assert "5 keys were read as in r.json, 2 not." in done.stderr


def test_no_secret_of_any_source_is_in_the_words_of_a_record() -> None:
    """Neither one of a file nor one that is only a default, on the command line or in an error."""
    run("t.py", "-C", "c.yaml", "-D", "opt=of-the-file", "--fails", "--record", "r.json")
    saved = hp.Record.load("r.json").run
    assert saved is not None
    assert saved.problem == "ValueError: *** and *** are wrong"
    assert "of-the-file" not in str(saved.argv)
    assert "default-token" not in str(saved)
