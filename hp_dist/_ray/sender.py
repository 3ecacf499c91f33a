"""The way to a collector, from the side of a worker.

Workers send when a call has ended, but of calls that end all the time, after a few, one batch in
100 ms, so that a thousand short tasks cost some calls.  A batch that did not arrive is sent again,
before those after it: that a call has ended is never known before what it has read.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import Any

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import RawRead, Read

from .._collect.mailbox import line_of
from .collector import ANSWER_SECONDS, NAMESPACE, without_reads
from .watch import nested

_PAUSE = 0.05
_BUSY_PAUSE = 0.1
_MOST_PAUSE = 1.0
_MOST_TURNS = 5
_MISSING_SECONDS = 10.0
_MOST_BYTES = 16 * 1024 * 1024  # of reads that have not arrived yet
_UNSENT = "a worker could not reach the collector of the Ray job for long, and had too much to keep"


_To = tuple[str, tuple[str, ...]]
"""A mailbox, and the ids of records."""


class _Batch:
    """What has been packed to be sent together."""

    def __init__(self, number: int, lines: dict[str, bytes]) -> None:
        self.number = number
        self.lines = lines
        self.answer: Future[bool] | None = None  # None while it has to be sent


class _Queue:
    """Reads on their way to some records.

    `is_noted` tells that the sender knows of them; it is written under the sender's lock.
    """

    __slots__ = ("_lock", "_reads", "_sender", "is_noted", "to")

    def __init__(self, sender: CollectorSender, to: _To) -> None:
        self._sender = sender
        self._reads = interface.Packing()
        self._lock = threading.RLock()  # reentrant, as a finalizer may read
        self.is_noted = False
        self.to = to

    def put(self, read: RawRead | Read) -> None:
        with self._lock:
            self._reads.add(read)
        if not self.is_noted:
            self._sender.note_queue(self)

    def take(self) -> interface.Packing:
        self.is_noted = False  # first: what is put from now on is noted again
        with self._lock:
            reads, self._reads = self._reads, interface.Packing()
        return reads


class CollectorSender:
    """What this process tells a collector: what is to be sent, and what has not arrived."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._id = os.urandom(8).hex()
        self._pid = os.getpid()
        self._reports: dict[_To, dict[str, list[Any]]] = {}
        self._ended: deque[tuple[_To, str]] = deque()  # calls; put there without the lock
        self._queues: list[_Queue] = []
        self._condition = threading.Condition(threading.RLock())
        self._is_waiting = False
        self._batches: deque[_Batch] = deque()
        self._sending = threading.RLock()  # reentrant, as a finalizer may read
        self._next_number = self._size = 0
        self._turns = float(_MOST_TURNS)  # how often something may be sent at once
        self._ended_at = time.monotonic()
        self._missing_since: float | None = None
        self._collector: Any = None
        self._is_gone = False
        threading.Thread(target=self._run, name="hyperparameter-reads", daemon=True).start()
        atexit.register(self.flush)

    def tell(self, mailbox: str, to: tuple[str, ...], name: str, items: list[Any]) -> None:
        """Send a part of a report, with those that come soon after it."""
        with self._condition:
            if self._is_gone:
                return
            if not self._reports:
                self._condition.notify()
            self._reports.setdefault((mailbox, to), {}).setdefault(name, []).extend(items)

    def tell_end(self, to: _To, call: str) -> None:
        """Send that a call has ended, after all that has been told before."""
        self._ended.append((to, call))
        if self._is_waiting:
            with self._condition:
                self._condition.notify()

    def queue(self, mailbox: str, to: tuple[str, ...]) -> _Queue:
        return _Queue(self, (mailbox, to))

    def note_queue(self, queue: _Queue) -> None:
        """Take from the queue the next time that something is sent."""
        with self._condition:
            if not queue.is_noted:
                self._queues.append(queue)
                queue.is_noted = True
                self._condition.notify()

    def flush_soon(self) -> None:
        """Send now, unless calls end all the time: then it is sent with what comes soon.

        A worker may be killed as soon as a call has ended.
        """
        now = time.monotonic()
        silence, self._ended_at = now - self._ended_at, now
        if silence > _PAUSE:
            self._turns = min(_MOST_TURNS, self._turns + silence / _PAUSE)
        if self._turns >= 1:
            self._turns -= 1
            self.flush()

    def flush(self) -> None:
        """Send now, without waiting for an answer."""
        if self._pid != os.getpid():  # a forked child would send over its parent's connection
            return
        with self._sending:
            self._pack()
            self._send()

    def send_all(self) -> None:
        """Send now, and wait for the answer but in an event loop."""
        if self._has_news() or self._batches:
            self.flush()
            if not interface.is_in_event_loop():
                self._confirm(ANSWER_SECONDS)

    def _has_news(self) -> bool:
        return bool(self._reports or self._ended or self._queues)

    def _pack(self) -> None:
        with self._condition:
            reports, self._reports = self._reports, {}
            # First, as what a call has read is in its queue before it ends.
            for _ in range(len(self._ended)):
                to, call = self._ended.popleft()
                reports.setdefault(to, {}).setdefault("ended", []).append(call)
            queues, self._queues = self._queues, []
            taken = [(queue.to, queue.take()) for queue in queues]
        for to, reads in taken:
            reports.setdefault(to, {}).setdefault("reads", []).extend(reads.packed())
        lines: dict[str, list[bytes]] = {}
        for (mailbox, records), report in reports.items():
            line = line_of(records, report)
            if self._size + len(line) > _MOST_BYTES:
                line = without_reads(line, _UNSENT)
            self._size += len(line)
            lines.setdefault(mailbox, []).append(line)
        if lines and not self._is_gone:
            parts = {mailbox: b"".join(each) for mailbox, each in lines.items()}
            self._batches.append(_Batch(self._next_number, parts))
            self._next_number += 1

    def _send(self) -> None:
        try:
            for batch in self._batches:
                if batch.answer is None:
                    sent = self._find().add.remote(self._id, batch.number, batch.lines)
                    batch.answer = sent.future()  # not `ray.get`, which warns in an async actor
        except Exception as error:  # noqa: BLE001  # all that Ray may have to say
            self._note_failure(error)

    def _find(self) -> Any:
        import ray

        if self._collector is None:
            self._collector = ray.get_actor(self._name, namespace=NAMESPACE)
        return self._collector

    def _run(self) -> None:
        failing = _PAUSE
        pause = _BUSY_PAUSE
        while True:
            with self._condition:
                self._is_waiting = True
                if is_idle := not (self._has_news() or self._batches):
                    self._condition.wait(_MOST_PAUSE if nested else None)
                self._is_waiting = False
            time.sleep(_PAUSE if is_idle else pause)
            nested.tell_over()
            self.flush()
            arrived = self._confirm(_MOST_PAUSE)
            failing = _PAUSE if arrived else min(2 * failing, _MOST_PAUSE)
            pause = _BUSY_PAUSE if arrived else failing

    def _confirm(self, patience: float) -> bool:
        """Learn what the collector has got, and what has to be sent again; say if all arrived."""
        while self._batches:
            with self._sending:
                batch = self._batches[0] if self._batches else None
            if batch is None or batch.answer is None:
                return batch is None
            try:
                has_arrived, error = batch.answer.result(patience), None
            except TimeoutError:  # it may not have started yet
                return False
            except Exception as raised:  # noqa: BLE001  # all that Ray may have to say
                has_arrived, error = False, raised
            with self._sending:
                if has_arrived:
                    self._drop(batch)
                else:
                    self._note_failure(error)
                    return False
        return True

    def _drop(self, batch: _Batch) -> None:
        if self._batches and self._batches[0] is batch:
            self._batches.popleft()
            self._size -= sum(map(len, batch.lines.values()))
            self._missing_since = None

    def _note_failure(self, error: Exception | None) -> None:
        """Have everything sent again, unless the collector will never be there."""
        from ray.exceptions import ActorDiedError

        for batch in self._batches:
            batch.answer = None
        now = time.monotonic()
        if isinstance(error, ValueError):  # its name is not known, or not any more
            self._missing_since = self._missing_since or now
        is_missing = self._missing_since and now - self._missing_since > _MISSING_SECONDS
        if isinstance(error, ActorDiedError) or is_missing:
            # Its driver finds that out by itself, or that nobody has told it of calls.
            with self._condition:
                self._is_gone = True
                self._reports.clear()
                self._batches.clear()
