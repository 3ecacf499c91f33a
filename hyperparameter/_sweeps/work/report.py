"""`hp.report`: a run of a sweep tells how it goes, and hears whether to continue.

What a run tells goes through the one reporter of its process, so that threads and tasks of the run
may report too.  A runner puts the reporter in place with `reporting`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import index
from threading import Lock
from typing import SupportsFloat, SupportsIndex

Send = Callable[[float, int], bool]
"""Takes a value and its step to the sweep, and returns when it has said whether to continue."""

VARIABLE = "HYPERPARAMETER_RUN"
"""The id of the process of a run, for the processes that the run starts: they cannot report."""


class _Reporter:
    def __init__(self, send: Send) -> None:
        self._send = send
        self._steps: set[int] = set()
        self._next = 0
        self._continues = True
        self._lock = Lock()  # the transport has one question under way at a time
        self.pid = os.getpid()

    def report(self, value: float, step: int | None) -> bool:
        with self._lock:
            step = self._next if step is None else step
            if step in self._steps:
                raise ValueError(
                    f"hp.report: step {step} has been reported already. Report one value for each "
                    "step, the one that the sweep is to minimize or maximize."
                )
            self._steps.add(step)
            self._next = max(self._next, step + 1)
            # Asked once more, a search may have changed its mind; the run may have begun to stop.
            self._continues = self._send(value, step) and self._continues
            return self._continues


_reporter: _Reporter | None = None


def report(value: SupportsFloat | SupportsIndex, step: SupportsIndex | None = None) -> bool:
    """Tell the sweep how this run goes, and return whether to continue.

    The value is the number that the sweep minimizes or maximizes, as it is at `step`; without one,
    steps count up from 0. If the answer is False, the run is not worth continuing: clean up and
    return.

    Outside a sweep the answer is always True, so the program runs alone too. Threads and tasks of a
    run may report; a process that the run has started cannot: there the answer is True, with a
    warning.

    A value that is not a number is a `TypeError`; a step that is negative or has been reported
    already is a `ValueError`. NaN and infinities may be reported; NaN is never the best.
    """
    number = _number(value)
    step = _step(step)
    reporter = _reporter
    if reporter is not None and reporter.pid == os.getpid():
        return reporter.report(number, step)
    if os.environ.get(VARIABLE, str(os.getpid())) != str(os.getpid()):
        warnings.warn(
            "hp.report: this process was started by a run of a sweep, and the sweep does not hear "
            "it. Report from the process of the run itself.",
            RuntimeWarning,
            stacklevel=2,
        )
    return True


@contextmanager
def reporting(send: Send) -> Iterator[None]:
    """Let what the process reports go to `send`, for the time of one run.

    `send` is called by one thread at a time, whichever reports.  A run may hold a sweep that runs
    in its own process: the inner one is heard.
    """
    global _reporter
    before, variable = _reporter, os.environ.get(VARIABLE)
    _reporter, os.environ[VARIABLE] = _Reporter(send), str(os.getpid())
    try:
        yield
    finally:
        _reporter = before
        if variable is None:
            os.environ.pop(VARIABLE, None)  # the run may have cleared its environment
        else:
            os.environ[VARIABLE] = variable


def _number(value: object) -> float:
    # A text has no __float__, but float would parse it.
    if not hasattr(value, "__float__") and not hasattr(value, "__index__"):
        raise TypeError(
            f"hp.report takes a number, not {type(value).__name__}: the one that the sweep is to "
            "minimize or maximize."
        )
    try:
        return float(value)  # type: ignore[arg-type]  # has one of the two
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:  # arrays and large ints
        raise TypeError(
            f"hp.report takes a number, and this {type(value).__name__} is not one: {error}"
        ) from error


def _step(step: object) -> int | None:
    if step is None:
        return None
    try:
        number = index(step)  # type: ignore[arg-type]  # raises
    except TypeError:
        raise TypeError(
            f"hp.report: the step is an integer from 0 on, not {type(step).__name__}."
        ) from None
    if number < 0:
        raise ValueError(f"hp.report: the step is an integer from 0 on, not {number}.")
    return number
