"""A run that has ended has ended, whoever dies before the sweep hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sweep_programs import Program, rows

from hyperparameter._sweeps.run import Outcome, Work
from hyperparameter._sweeps.store.store import Store
from hyperparameter._sweeps.work.outcomes import FOLDER, keep, path_of
from hyperparameter._sweeps.work.packing import pack

DIES_AFTER_ITS_END = """
import signal, sys

class Deadly:
    def write(self, text):
        pass

    def flush(self):  # what the worker calls when the run has ended and its outcome is kept
        if os.listdir(f"sweeps/s/outcomes"):
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
    first = Work(1, 1, print, (), {}, None, kept=path_of(folder, 1, 1))
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
