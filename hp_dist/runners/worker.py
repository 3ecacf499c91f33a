"""What a worker process of `--on processes` does: one run after the other, told through a pipe."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from hyperparameter import _runner_interface as interface
from hyperparameter import context

from .._carry.spool import Spool
from .._carry.submission import ReceivedSubmission, Submission, receive
from .._collect.inbox import wait_for_relayed
from .errors import packed_error
from .signals import Signals

REPORTED, ENDED, READY = "reported", "ended", "ready"
WORK, ANSWER = "work", "answer"


def serve(pipe: Connection, start_method: str | None, is_sweep: bool) -> None:
    """Do what comes through the pipe until it is closed.

    The process leads a group of its own, which is killed with it, and which a terminal sends no
    signals to.
    """
    os.setsid()
    signals = Signals(with_sigterm=True)
    if sys.stderr is not None and not faulthandler.is_enabled():
        faulthandler.enable()  # so that the log shows where it crashed
    pipe.send((READY,))
    while True:
        try:
            kind, *content = pickle.loads(pipe.recv_bytes())
        except (EOFError, OSError):  # the launcher has gone, or needs no more
            return
        if kind != WORK:  # the answer to a run that has not waited for it
            continue
        # A run may set it, as it may in a process of its own.
        multiprocessing.set_start_method(start_method, force=True)
        outcome = _done(pipe, signals, *content)
        outcome = outcome._replace(error=None if is_sweep else packed_error(outcome.error))
        pipe.send((ENDED, outcome))
        if outcome.ending == "interrupted":  # perhaps in the middle of a message
            return
        if outcome.ending == "terminated":
            os.kill(os.getpid(), signal.SIGTERM)


def _done(
    pipe: Connection, signals: Signals, number: int, message: tuple[Any, ...], pickled: bytes
) -> interface.Outcome:
    started = time.time()
    try:
        submission = receive(Spool, *message)
        work: interface.Work = pickle.loads(pickled)
    except BaseException as error:  # noqa: BLE001  # whatever a module raises that is imported
        return interface.failed(error, started)

    def send(value: float, step: int) -> bool:
        pipe.send((REPORTED, number, value, step))
        while True:
            kind, *content = pickle.loads(pipe.recv_bytes())
            if kind == ANSWER and content[0] == number:
                return bool(content[1])

    with interface.reporting(send):
        return interface.perform(work, lambda: _attached(submission), signals.raising())


@contextmanager
def _attached(submission: Submission | ReceivedSubmission) -> Iterator[None]:
    before = submission.attach()
    try:
        yield
    finally:
        context.detach(before)
        wait_for_relayed()
