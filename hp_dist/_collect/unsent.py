"""Reports that a worker could not append to the mailbox: they travel with the result of its task.

It may have changed its root or its user since it was started, or see other files than its
submitter.  A report of code that is in no task is lost, and the submitter is told that.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Sequence
from multiprocessing import current_process
from multiprocessing.reduction import ForkingPickler
from typing import Any, TypeVar

import cloudpickle

from .mailbox import line_of

T = TypeVar("T")

Arrived = Callable[[object, bytes], object]
"""Takes the lines of reports where a result has arrived, and returns the result."""

_ATTRIBUTE = "_hyperparameter_unsent"


class _Unsent:
    """What could not be sent, and how many tasks run whose results can take it along."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.tasks = 0


def keep(to: Sequence[str], report: dict[str, list[Any]]) -> bool:
    """Keep a report for the result of a task that runs here; False where there is none."""
    if _unsent.tasks:
        _unsent.lines.append(line_of(to, report))
    return bool(_unsent.tasks)


def begin_task() -> None:
    _unsent.tasks += 1


def end_task() -> None:
    _unsent.tasks -= 1


def with_result(result: T, arrived: Arrived) -> T:
    """Return what is to be sent as the result of a task: where it arrives, it is the result.

    One that cannot be sent raises here what it would raise in the worker's own code.
    """
    if not _unsent.lines:
        return result
    if (problem := _problem_of(result)) is not None:
        raise with_error(problem, arrived)
    return _Carrying(result, arrived)  # type: ignore[return-value]  # there


def with_error(error: BaseException, arrived: Arrived) -> BaseException:
    """Return the error that a task is to raise, which takes along what could not be sent.

    That is the error itself, or what would be sent in its place.
    """
    if not _unsent.lines:
        return error
    error = _problem_of(error) or error
    setattr(error, _ATTRIBUTE, _PROBE)
    if _keeps_attributes(error):
        setattr(error, _ATTRIBUTE, _Carrying(None, arrived))
        return error
    delattr(error, _ATTRIBUTE)
    return _CarryingError(error, arrived).with_traceback(error.__traceback__)


def _problem_of(value: object) -> Exception | None:
    """Return the error that a worker gets which sends this, as it would send it."""
    worker = getattr(getattr(current_process(), "_target", None), "__module__", "")
    is_of_loky = worker.endswith("process_executor")
    try:
        (cloudpickle.dumps if is_of_loky else ForkingPickler.dumps)(value)
    except Exception as error:  # noqa: BLE001  # of any kind, by the value's own code
        pool: Any = sys.modules[worker] if worker == "multiprocessing.pool" else None
        return error if pool is None else pool.MaybeEncodingError(error, value)
    return None


def _keeps_attributes(error: BaseException) -> bool:
    try:
        return getattr(pickle.loads(pickle.dumps(error)), _ATTRIBUTE, None) == _PROBE
    except Exception:  # noqa: BLE001  # of any kind, by the error's own code
        return False


class _Lines:
    """The reports on their way.  They leave when they are pickled: behind what might fail."""

    def __reduce__(self) -> tuple[object, ...]:
        lines, _unsent.lines = b"".join(_unsent.lines), []
        return bytes, (lines,)


class _Carrying:
    """A result on its way, with the reports."""

    def __init__(self, result: object, arrived: Arrived) -> None:
        self._result = result
        self._arrived = arrived

    def __reduce__(self) -> tuple[object, ...]:
        return self._arrived, (self._result, _Lines())


class _CarryingError(Exception):
    """An error on its way, with the reports: where it arrives, it is the error."""

    def __init__(self, error: BaseException, arrived: Arrived) -> None:
        super().__init__(f"{type(error).__qualname__}: {error}")
        self._error = error
        self._arrived = arrived

    def __reduce__(self) -> tuple[object, ...]:
        return self._arrived, (self._error, _Lines())


_PROBE = "kept"
_unsent = _Unsent()
