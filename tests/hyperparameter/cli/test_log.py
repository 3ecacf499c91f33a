"""`hp log`: what a run was and what it printed; `hp show`, `diff` and `replay` of such a run."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sweep_stores import create, fail, finish, planned, typed, write_log

from hyperparameter._sweeps.run import Outcome
from hyperparameter.cli import main

HP = [sys.executable, "-m", "hyperparameter.cli"]
Hp = Callable[..., str]


@pytest.fixture(autouse=True)
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with create(tmp_path) as store:
        store.add([planned(typed(train__lr=lr, name="a b")) for lr in ("0.1", "1", "2", "3", "4")])
        write_log(store, 1, b"epoch 1\nepoch 2\n")
        finish(store, 1, {"loss": 0.25}, unread=("name",))
        write_log(store, 2, b"first try\n")
        fail(store, 2, "ValueError: once")
        write_log(store, 2, b"second try\n", attempt=2)
        fail(store, 2, "ValueError: twice", attempt=2)
        store.skipped(3, 1)
        store.started(4, 1, "node2", 9, store.log_path(4, 1))
        write_log(store, 4, b"still going")
        yield tmp_path / "sweeps/grid"  # its launcher is there


def hp(*words: str, status: int = 0) -> str:
    done = subprocess.run([*HP, *words], capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if status else done.stdout


def test_a_run_has_its_overrides_its_worker_and_its_output() -> None:
    assert (
        hp("log", "1")
        == """\
Run 1 of grid: done
  train.lr=0.1
  name=a b
  returned loss=0.25
  never read: name
  started 1970-01-01T00:16:40+00:00 on here:7 for 1.50s
  log: sweeps/grid/logs/1.log

epoch 1
epoch 2
"""
    )


def test_a_failure_has_its_traceback_and_the_attempts_before_it() -> None:
    text = hp("log", "grid/2")
    assert text.startswith("Run 2 of grid: failed, attempt 2 of 2\n")
    assert "  attempt 1 raised ValueError: once\n" in text
    assert "\nTraceback (most recent call last):\nValueError: twice\n\nsecond try\n" in text


def test_an_earlier_attempt_is_named_behind_a_dot() -> None:
    text = hp("log", "grid/2.1")
    assert text.startswith("Run 2 of grid: raised, attempt 1 of 2\n")
    assert text.endswith("ValueError: once\n\nfirst try\n")
    assert "2.7: no such attempt. Run 2 has had 2." in hp("log", "2.7", status=1)
    assert "5.1: no such attempt. Run 5 has not begun." in hp("log", "5.1", status=1)


def test_a_run_by_the_path_of_its_sweep(grid: Path) -> None:
    assert hp("log", f"{grid}/1") == hp("log", "sweeps/grid/1").replace(
        "sweeps/", f"{grid.parent}/"
    )
    assert hp("log", "latest/1") == hp("log", "1")


def test_a_run_that_was_not_run_says_why() -> None:
    assert "not run, the same as run 1" in hp("log", "3")
    assert hp("log", "5").startswith("Run 5 of grid: waiting\n")


def test_a_log_that_is_being_written_is_shown_as_far_as_it_is() -> None:
    text = hp("log", "4")
    assert text.startswith("Run 4 of grid: running\n")
    assert "on node2:9\n" in text
    assert text.endswith("\n\nstill going")


@pytest.mark.parametrize(
    ("word", "status", "message"),
    [
        ("9", 1, "9: no such run. grid has runs 1 to 5."),
        ("0", 1, "0: no such run."),
        ("99999999999", 1, "no such run."),
        ("x", 2, "'x': not a run. Give its number, as 7, or with its sweep, as NAME/7."),
        ("", 2, "'': not a run."), ("1.x", 2, "not a run"), ("-1", 2, ""),
        ("gird/1", 1, "Did you mean 'grid'?"), ("/1", 1, "no sweep"),
    ],
)  # fmt: skip
def test_what_is_no_run_is_an_error(word: str, status: int, message: str) -> None:
    told = hp("log", word, status=status)
    assert message in told
    assert told.count("\n") == 1


def test_a_log_that_is_gone_or_is_no_file_is_said(grid: Path) -> None:
    (grid / "logs/1.log").unlink()
    for make in (lambda: None, lambda: os.mkfifo(grid / "logs/1.log")):
        make()
        done = subprocess.run([*HP, "log", "1"], capture_output=True, text=True, timeout=150)
        assert done.returncode == 0
        assert "Run 1 of grid: done" in done.stdout
        assert "sweeps/grid/logs/1.log" in done.stderr
        assert done.stderr.count("\n") == 1


# -- what is in the log -----------------------------------------------------------------------

NASTY = (
    b"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\x1b[1;1H 10%\r20%\n"
    b"\x00\xff\xfe\xe9\n\xc2\x9b31m \xe6\xa0\xbc\r\n\ttab\n"
)


def in_terminal(*words: str, **env: str) -> bytes:
    """Return what a command writes to a terminal."""
    parent, child = pty.openpty()
    environ = {**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm", **env}
    process = subprocess.Popen([*HP, *words], stdout=child, stderr=child, env=environ)
    os.close(child)
    data = b""
    try:
        while chunk := os.read(parent, 1 << 16):
            data += chunk
    except OSError:  # the other side is closed
        pass
    os.close(parent)
    assert process.wait() == 0, data
    return data


def test_another_program_gets_the_bytes_of_the_log(grid: Path) -> None:
    (grid / "logs/1.log").write_bytes(NASTY)
    done = subprocess.run([*HP, "log", "1"], capture_output=True, timeout=150, check=True)
    assert done.stdout.endswith(b"\n\n" + NASTY)


def test_a_terminal_gets_colours_and_nothing_else_that_it_would_obey(grid: Path) -> None:
    (grid / "logs/1.log").write_bytes(NASTY)
    text = in_terminal("log", "1").decode()
    shown = text[text.index("\x1b[31m") :]
    assert shown == (
        "\x1b[31mred\x1b[0m \\x1b]0;title\\x07 \\x1b[2J\\x1b[1;1H 10%\r20%\r\n"
        "\\x00\\xff\\xfe\\xe9\r\n\\x9b31m 格\r\n\ttab\r\n\x1b[0m"
    )


def test_a_user_who_wants_no_colours_gets_none(grid: Path) -> None:
    (grid / "logs/1.log").write_bytes(NASTY)
    text = in_terminal("log", "1", NO_COLOR="1").decode()
    assert "\x1b" not in text
    assert "red \\x1b]0;title" in text


def test_what_a_run_was_cannot_steer_a_terminal(tmp_path: Path) -> None:
    with create(tmp_path, "evil") as store:
        store.add([planned(typed(x="\x1b[2J\nfake"))])
        fail(store, 1, "ValueError: \x1b[2J")
    text = hp("log", "evil/1")
    assert "\x1b" not in text
    assert "  x=\\x1b[2J\\nfake\n" in text


def test_a_long_log_into_head_ends_quietly(grid: Path) -> None:
    (grid / "logs/1.log").write_bytes(b"line\n" * 1_000_000)
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" log 1 | head -n 3 >/dev/null', "bash", *HP],
        capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, "")


# -- records of runs --------------------------------------------------------------------------

PROGRAM = """
import hyperparameter as hp

@hp.param("train")
def train(lr: float = 0.1, epochs: int = 3):
    print("lr", lr)

if __name__ == "__main__":
    hp.launch(train)
"""


@pytest.fixture
def recorded(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    with create(tmp_path, "recorded") as store:
        store.add([planned(typed(lr=lr)) for lr in ("0.1", "0.2", "0.3")])
        for number, lr in ((1, "0.1"), (2, "0.2")):
            command = [sys.executable, "train.py", "--lr", lr, "--record", f"{lr}.json"]
            subprocess.run(command, check=True, timeout=150, stdout=subprocess.DEVNULL)
            record = Path(f"{lr}.json").read_text()
            store.ended(number, 1, Outcome("returned", record=record), "done")
        store.skipped(3, 2)


@pytest.mark.usefixtures("recorded")
def test_hp_show_prints_the_record_of_a_run() -> None:
    assert hp("show", "recorded/2") == hp("show", "0.2.json")
    assert hp("show", "2") == hp("show", "sweeps/recorded/2.1") == hp("show", "0.2.json")
    assert json.loads(hp("show", "3", "--json")) == json.loads(hp("show", "0.2.json", "--json"))
    assert "9: no such run" in hp("show", "recorded/9", status=1)
    told = hp("show", "grid/1", status=2)
    assert "grid/1: run 1 has no record: it is done. hp log grid/1 shows" in told


@pytest.mark.usefixtures("recorded")
def test_a_file_takes_precedence_over_a_run() -> None:
    Path("2").write_text(Path("0.1.json").read_text())
    assert hp("show", "2") == hp("show", "0.1.json")


@pytest.mark.usefixtures("recorded")
def test_runs_are_compared_and_replayed() -> None:
    told = subprocess.run([*HP, "diff", "1", "recorded/2"], capture_output=True, text=True)
    assert told.returncode == 1
    assert "train.lr\n  1           0.1" in told.stdout
    assert "recorded/2  0.2" in told.stdout
    assert hp("replay", "recorded/2").startswith("lr 0.2\n")


@pytest.mark.usefixtures("recorded")
def test_a_damaged_record_names_the_run(tmp_path: Path) -> None:
    with create(tmp_path, "damaged") as store:
        store.add([planned(typed(lr="1"))])
        store.ended(1, 1, Outcome("returned", record="{}"), "done")
    assert "damaged/1 is not a saved record" in hp("show", "damaged/1", status=2)


def test_a_file_that_does_not_exist_is_still_said_so() -> None:
    assert "run.json: No such file or directory" in hp("show", "run.json", status=2)
    assert main(["show", "a/b.json"]) == 2
