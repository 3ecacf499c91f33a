"""A run that has ended has ended, whoever dies before the sweep hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sweep_programs import Program, rows

import hyperparameter as hp
from hyperparameter._sweeps import sweep
from hyperparameter._sweeps.run import Outcome, Work
from hyperparameter._sweeps.store.store import Store
from hyperparameter._sweeps.work.local import Local
from hyperparameter._sweeps.work.outcomes import FOLDER, keep, path_of
from hyperparameter._sweeps.work.packing import pack
from hyperparameter._sweeps.work.performing import perform
from hyperparameter._sweeps.work.runner import Ended, Event, Options
from hyperparameter.context import Captured, attached

DIES_AFTER_ITS_END = """
import signal, sys

class Deadly:
    def write(self, text):
        pass

    def flush(self):  # what the worker calls when the run has ended and its outcome is kept
        if not all(name.endswith(".tmp") for name in os.listdir("sweeps/s/outcomes")):
            os.kill(os.getpid(), signal.SIGKILL)

@hp.param("train")
def train(lr: int = 0):
    note(ended=lr)
    sys.stdout = Deadly() if lr == 1 else sys.stdout
    return 2 * lr
"""
GRID = ("--sweep", "train.lr=0:3", "--name", "s")


def test_a_worker_that_dies_after_the_end_of_its_run_does_not_undo_it(tmp_path: Path) -> None:
    program = Program(tmp_path, DIES_AFTER_ITS_END)
    ended = program.run(*GRID, "--on", "processes:1", "--retries", "2")
    assert ended.status == 0, ended.errors
    assert [row["result"] for row in rows(ended.output)] == ["0", "2", "4"]
    assert [one["ended"] for one in program.noted] == [0, 1, 2]


@pytest.mark.parametrize("state", ["done", "failed"])
def test_an_old_attempt_that_ends_late_changes_nothing_that_is_finished(
    tmp_path: Path, state: str
) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(lr: int = 0):
    if os.path.exists("fails"):
        raise ValueError("told to fail")
    note(ended=lr)
    return "of the last attempt"
""")  # fmt: skip
    fails = program.folder / "fails"
    fails.touch()
    program.run(*GRID)
    if state == "done":
        fails.unlink()
        program.run(*GRID, "--resume")
    folder = str(program.folder / "sweeps" / "s")
    first = Work(1, 1, print, (), (), None, kept=path_of(folder, 1, 1))
    keep(first, Outcome("returned", result=pack("of the first attempt"), ended=1.0))
    fails.unlink(missing_ok=True)
    program.forget()
    program.run(*GRID, "--resume")
    with Store.open(folder) as store:
        row = store.row(1)
    result = "of the last attempt" if state == "done" else "of the first attempt"
    assert (row.state, row.results) == ("done", {"result": result})
    assert len(program.noted) == (0 if state == "done" else 2)
    assert list((program.folder / "sweeps" / "s" / FOLDER).iterdir()) == []


class CutOff(Local):
    """A runner whose first attempt waits on a host that is cut off, and that begins it too late."""

    def submit(self, work: Work, captured: Captured) -> None:
        super().submit(work, captured)
        if work.attempt == 1:
            self.late = self._waiting[-1]

    def events(self, timeout: float | None) -> Iterator[Event]:
        if self._waiting[0][0].attempt == 1:
            self._waiting.popleft()
            yield Ended(1, Outcome("lost", "the host does not answer"))
            return
        late, captured = self.late
        self.refused = perform(late, lambda: attached(*captured))
        yield from super().events(timeout)


def test_an_attempt_that_was_given_up_does_not_begin_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []

    @hp.param("train")
    def train(lr: int = 0) -> int:
        ran.append(lr)
        return 2 * lr

    monkeypatch.chdir(tmp_path)
    runner = CutOff(Options())
    monkeypatch.setattr(sweep, "runner_for", lambda _on, _options: runner)
    runs = hp.sweep(train, {"train.lr": [3]}, retries=1).run()
    assert [(run.state, run.result) for run in runs] == [("done", 6)]
    assert ran == [3]
    assert "the launcher has given up this attempt" in runner.refused.problem
    assert list(tmp_path.glob(f"sweeps/*/{FOLDER}/*")) == []


def test_a_worker_that_is_killed_leaves_nothing_when_the_sweep_has_ended(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(lr: int = 0):
    os.kill(os.getpid(), 9)
""")  # fmt: skip
    ended = program.run(*GRID, "--on", "processes:1")
    assert ended.output.startswith("3 runs failed")
    assert list((program.folder / "sweeps" / "s" / FOLDER).iterdir()) == []


@pytest.mark.parametrize("on", ["local", "processes:2"])
def test_a_run_finds_no_thread_of_the_launcher_and_leaves_no_outcome(
    tmp_path: Path, on: str
) -> None:
    """A thread beside a run is in the way of its forks."""
    program = Program(tmp_path, """
import threading

@hp.param("train")
def train(lr: int = 0):
    note(threads=[one.name for one in threading.enumerate()])
""")  # fmt: skip
    assert program.run(*GRID, "--on", on).status == 0
    launchers = {name for one in program.noted for name in one["threads"]} - {"MainThread"}
    assert on != "local" or launchers == set()
    assert list((program.folder / "sweeps" / "s" / FOLDER).iterdir()) == []


@pytest.mark.parametrize("on", ["local", "processes:1"])
@pytest.mark.parametrize("how", ["option", "definition", "file"])
def test_a_secret_in_the_words_of_an_error_is_in_nothing_that_is_kept(
    tmp_path: Path, on: str, how: str
) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(lr: int = 0, password: str = ""):
    raise ValueError("nobody logs in with " + password)
""")  # fmt: skip
    (program.folder / "own.toml").write_text('[train]\npassword = "clear-words"\n')
    words = {
        "option": ["--password", "clear-words"],
        "definition": ["-D", "train.password=clear-words"],
        "file": ["-C", "own.toml"],
    }
    ended = program.run(*GRID, "--on", on, *words[how])
    assert "ValueError: nobody logs in with ***" in ended.errors
    shown = program.hp("show", "s/1"), program.hp("log", "s/1")
    kept = (program.folder / "sweeps" / "s").rglob("*")
    texts = [one.read_bytes().decode("latin-1") for one in kept if one.is_file()]
    for text in (ended.errors, ended.output, *texts, *(one.output + one.errors for one in shown)):
        assert "clear-words" not in text
