"""Reports that a worker could not append to the mailbox: they travel with the result of its task.

It may have changed its root or its user since it was started, or see other files than its
submitter.  A report of code that is in no task is lost, and the submitter is told that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

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
    """Return what is to be sent as the result of a task: where it arrives, it is the result."""
    return _Carrying(result, arrived) if _unsent.lines else result  # type: ignore[return-value]  # there


def with_error(error: BaseException, arrived: Arrived) -> None:
    """Have an error take along what could not be sent."""
    if _unsent.lines:
        setattr(error, _ATTRIBUTE, _Carrying(None, arrived))


class _Carrying:
    """A result on its way, with the reports: they leave when it is pickled."""

    def __init__(self, result: object, arrived: Arrived) -> None:
        self._result = result
        self._arrived = arrived

    def __reduce__(self) -> tuple[object, ...]:
        lines, _unsent.lines = b"".join(_unsent.lines), []
        return self._arrived, (self._result, lines)


_unsent = _Unsent()
