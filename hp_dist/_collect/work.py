"""Work that has been submitted, and whether it has ended."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
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
    return work._job not in work._cache  # what a pool drops with the last result
