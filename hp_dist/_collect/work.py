"""Work that has been submitted, and whether it has ended.

Of work on this host the engines tell it.  Calls in a cluster have ids: who submits a call tells
that it has started, and the worker that runs it, that it has ended.  What a worker submits it
tells before its own call has ended, so where the calls of this process have ended, those that they
made are known.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from multiprocessing.pool import TERMINATE
from multiprocessing.process import BaseProcess
from threading import RLock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, ref

from .cluster import Change

Work = Any
"""A future, a process, or a job of a pool, of any make."""

_GRACE_SECONDS = 10.0  # a busy machine may take seconds to send what is done
_SWEPT = 2


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


class LocalWork:
    """Work on this host that was submitted in a record; what has ended is dropped."""

    def __init__(self) -> None:
        self._work: deque[Callable[[], Work | None]] = deque()

    def add(self, work: Work) -> None:
        # Two looked at for one that comes: what nobody asks about is dropped as well.
        for _ in range(min(_SWEPT, len(self._work))):
            first = self._work.popleft()
            if _is_open(first):
                self._work.append(first)
        self._work.append(ref(work))

    @property
    def is_open(self) -> bool:
        """Whether any has not ended; this looks at each that has ended once."""
        while self._work:
            if _is_open(self._work[0]):
                return True
            self._work.popleft()
        return False

    def count(self) -> int:
        self._work = deque(filter(_is_open, self._work))
        return len(self._work)


def _is_open(work: Callable[[], Work | None]) -> bool:
    found = work()
    return found is not None and not has_ended(found)


class CallNews(NamedTuple):
    """Ids of calls: those submitted, those whose workers have ended them, and `over`.

    The last are calls that the cluster calls over, whatever their workers tell.
    """

    started: list[str]
    ended: list[str]
    over: list[str]


def news_of(change: Change, call: str) -> CallNews:
    return CallNews(*([call] if name == change else [] for name in CallNews._fields))


def news_in(report: dict[str, Any]) -> CallNews | None:
    """Return what a report tells of calls; `TypeError` for what none tells."""
    lists: list[Iterable[Any]] = [report.get(name, ()) for name in CallNews._fields]
    return CallNews(*([str(call) for call in each] for each in lists)) if any(lists) else None


class Calls:
    """Calls in a cluster that were submitted in a record, by their ids."""

    def __init__(self) -> None:
        self.open: dict[str, None] = {}  # also written without a lock, one key at a time
        self._ended_early: set[str] = set()
        self._over: dict[str, float] = {}
        self.has_lost = False

    def note(self, news: CallNews) -> None:
        """Note what has become of calls; whatever is told twice counts once."""
        for call in news.started:
            if call in self._ended_early:
                self._ended_early.discard(call)
            else:
                self.open[call] = None
        for call in news.ended:
            self._over.pop(call, None)
            if call in self.open:
                del self.open[call]
            else:  # its start is on its way, or it has run twice
                self._ended_early.add(call)
        now = time.monotonic()
        for call in news.over:
            if call in self.open:
                self._over.setdefault(call, now)

    def give_up(self) -> bool:
        """Drop the calls that are over and whose workers had the time to tell; say if any were."""
        before = time.monotonic() - _GRACE_SECONDS
        found = [call for call, since in self._over.items() if since < before]
        for call in found:
            del self._over[call], self.open[call]
        self.has_lost |= bool(found)
        return bool(found)

    def forget(self) -> int:
        """Drop all calls, of which nobody will tell any more; return how many were open."""
        count = len(self.open)
        self.open.clear()
        self._over.clear()
        self.has_lost |= bool(count)
        return count


class UnderWay:
    """The work under way, by the records that it was submitted in."""

    def __init__(self) -> None:
        self._work: WeakKeyDictionary[object, LocalWork] = WeakKeyDictionary()
        self._calls: WeakKeyDictionary[object, Calls] = WeakKeyDictionary()
        self._expected: dict[str, tuple[Work, list[Any]]] = {}
        self._lock = RLock()  # reentrant: a finalizer may ask a record

    def add(self, record: object, work: Work) -> None:
        with self._lock:
            self._work.setdefault(record, LocalWork()).add(work)

    def expect(self, records: Iterable[object], work: Work, awaited: str) -> None:
        """Expect a word of a process that is started before it has ended."""
        with self._lock:
            self._expected[awaited] = work, [ref(record) for record in records]

    def note_heard(self, to: Iterable[str]) -> None:
        """Note whom a report names."""
        if self._expected:
            with self._lock:
                for each in to:
                    self._expected.pop(each, None)

    def unheard(self, record: object) -> int:
        """Return how many processes have run for a record that told nothing, not even that."""
        with self._lock:
            found = [work for work, refs in self._expected.values() if ref(record) in refs]
        return sum(has_ended(work) for work in found)

    def calls_of(self, record: object) -> Calls:
        """Return the calls of a record; what this process submits itself is put into `open`."""
        with self._lock:
            found = self._calls.get(record)
            if found is None:
                found = self._calls[record] = Calls()
            return found

    def note_calls(self, record: object, news: CallNews) -> None:
        with self._lock:
            self.calls_of(record).note(news)

    def note_over(self, calls: list[str]) -> None:
        """Note calls that the cluster calls over, in whichever records."""
        with self._lock:
            for each in self._calls.values():
                each.note(CallNews([], [], calls))

    def given_up(self) -> list[object]:
        """Return the records with calls that have ended without a word; they are dropped."""
        with self._lock:
            return [record for record, calls in self._calls.items() if calls.give_up()]

    def forget_calls(self) -> dict[object, int]:
        """Forget all calls; return how many were open, by record."""
        with self._lock:
            found = {record: calls.forget() for record, calls in self._calls.items()}
            return {record: count for record, count in found.items() if count}

    def has_lost(self, record: object) -> bool:
        """Tell whether calls of a record have ended that never told what they had read."""
        with self._lock:
            found = self._calls.get(record)
            return found is not None and found.has_lost

    def has_calls(self, record: object = None) -> bool:
        """Tell whether calls of a record, or of any, have not told that they have ended."""
        with self._lock:
            if record is None:
                return any(calls.open for calls in self._calls.values())
            found = self._calls.get(record)
            return found is not None and bool(found.open)

    def open_calls(self) -> set[str]:
        with self._lock:
            # Made in one step of the interpreter each: calls are put there without the lock.
            return set().union(*[calls.open for calls in self._calls.values()])

    def is_open(self, record: object) -> bool:
        """Tell whether any work of a record has not ended."""
        with self._lock:
            work = self._work.get(record)
            return (work is not None and work.is_open) or self.has_calls(record)

    def count(self, record: object) -> int:
        """Return how much work of a record has not ended."""
        with self._lock:
            work, calls = self._work.get(record), self._calls.get(record)
            return (work.count() if work else 0) + (len(calls.open) if calls else 0)
