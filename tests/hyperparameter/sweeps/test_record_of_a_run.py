"""The record of a run of a sweep says which run it is of, as that of `hp.launch --record` does."""

import functools
import os

import pytest

import hyperparameter as hp
from hyperparameter import context
from hyperparameter._records.run import Run
from hyperparameter._sweeps.run import Work
from hyperparameter._sweeps.work.performing import perform
from hyperparameter._values.origin import this_process

RUN = Run(
    function="main", module="", script="train.py", is_main=True, namespace="", argv=["--lr", "1"],
    folder="/work", started="", ended="", process=this_process()._replace(pid=1), python="3.11",
    package="1", ending="returned", problem="",
)  # fmt: skip


def returns():
    return hp.scope.lr | 1


def raises():
    raise ValueError("two\nlines")


@pytest.mark.parametrize(
    ("function", "ending", "problem"),
    [(returns, "returned", ""), (raises, "raised", "ValueError: two\nlines")],
)
def test_the_worker_fills_in_when_where_and_how_it_ended(tmp_path, function, ending, problem):
    opened = functools.partial(context.attached, *context.capture())
    outcome = perform(Work(1, 1, function, (), (), None, RUN), opened)
    path = tmp_path / "record"
    path.write_text(outcome.record)
    run = hp.Record.load(path).run
    assert run._replace(started="", ended="", process=RUN.process) == RUN._replace(
        ending=ending, problem=problem
    )
    assert run.process.pid == os.getpid()
    assert run.started.endswith("+00:00")
    assert run.started <= run.ended


def test_what_is_open_around_a_run_is_open_again_afterwards(tmp_path):
    with hp.scope(lr=1), hp.record() as around:
        opened = functools.partial(context.attached, *context.capture())
        with hp.scope(lr=2):
            perform(Work(1, 1, returns, (), (), None), opened)
            assert (hp.scope.lr | 0) == 2
    assert [(read.key, read.value) for read in around.reads] == [("lr", 2)]
    assert (hp.scope.lr | 0) == 0
