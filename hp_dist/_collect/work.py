"""Work that has been submitted, and whether it has ended.

Of work on this host the engines tell it.  Calls in a cluster are counted, for each process that
submits by itself: what a worker submits it tells before its own call has ended, so where the calls
of this process have ended, those that they made are known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import Future
from multiprocessing.pool import TERMINATE
from multiprocessing.process import BaseProcess
from typing import Any

Work = Any
"""A future, a process, or a job of a pool, of any make."""


def count_of_pending(work: Iterable[Work]) -> int:
    return sum(not has_ended(each) for each in list(work))


def has_ended(work: Work) -> bool:
    """Tell whether work has ended, in whichever way."""
    if isinstance(work, BaseProcess):
        # Private, because the public ones raise for a process that is closed.
        popen = getattr(work, "_popen", None)
        return popen is None or popen.poll() is not None
    if isinstance(work, Future):
        return work.done()
    if isinstance(work, Ending):
        return work.has_ended
    pool = getattr(work, "_pool", None)
    if getattr(pool, "_state", None) == TERMINATE:  # such a pool keeps the jobs that it gave up
        return True
    return work._job not in work._cache  # what a pool drops with the last result


class Ending:
    """Work that says itself when it has ended."""

    has_ended = False


class Calls:
    """How many calls of a record have started and ended, by the process that submitted them."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])

    def add(self, submitter: str, started: int, ended: int) -> None:
        counts = self._counts[submitter]
        counts[0] += started
        counts[1] += ended

    @property
    def open(self) -> int:
        """How many have not ended; one that ran twice may stand for another of its submitter."""
        return sum(max(0, started - ended) for started, ended in self._counts.values())
