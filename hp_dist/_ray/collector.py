"""The collector of a Ray job: an actor to which workers, on any node, tell what they read.

Workers send when a call has ended, but after a few at most one batch in 50 ms, so that a thousand
short tasks cost some calls.  With each batch they tell how much work has been submitted and has
ended, for the driver to know when it has everything.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import Record, Recorder, State

from .._collect.cluster import CollectorGone
from .._collect.forward import Forward
from .._collect.inbox import current_inbox, pass_on, reaches
from .._collect.mailbox import parsed
from .store import cluster_connection

_PAUSE = 0.05
_MOST_TURNS = 8
_ANSWER_SECONDS = 2.0
_LEAVING_SECONDS = 0.5
_MOST_BYTES = 64 * 1024 * 1024  # of reports that nobody has taken yet, by mailbox
_NAMESPACE = "hyperparameter"
_OVERFLOW = "the driver did not ask for a long time, and the collector of the Ray job was full"


class Collector:
    """Keeps reports in the actor until the process with the mailbox takes them."""

    def __init__(self) -> None:
        self._reports: dict[str, list[bytes]] = defaultdict(list)
        self._sizes: dict[str, int] = defaultdict(int)

    def add(self, mailbox: str, lines: bytes) -> None:
        """Take reports, a line each."""
        if self._sizes[mailbox] + len(lines) > _MOST_BYTES:
            kept = [json.loads(line) for line in lines.splitlines()]
            lines = b"".join(_line(_without_reads(report)) for report in kept)
        self._reports[mailbox].append(lines)
        self._sizes[mailbox] += len(lines)

    def take(self, mailbox: str) -> bytes:
        """Return all reports since the last time."""
        self._sizes.pop(mailbox, None)
        return b"".join(self._reports.pop(mailbox, ()))


def _without_reads(report: dict[str, Any]) -> dict[str, Any]:
    lost = {"losses": [_OVERFLOW]} if "reads" in report or "overrides" in report else {}
    return {name: report[name] for name in ("to", "calls") if name in report} | lost


def _line(report: dict[str, Any]) -> bytes:
    return json.dumps(report, separators=(",", ":")).encode() + b"\n"


class OwnCollector:
    """The collector that the workers of this process tell what they read."""

    def __init__(self, upstream: str) -> None:
        """Find the one that this process was told of, or create one for this job."""
        import ray

        self.name = upstream or f"reads-{os.urandom(6).hex()}"
        self.connection = cluster_connection()
        if upstream:
            self._actor: Any = ray.get_actor(upstream, namespace=_NAMESPACE)
        else:
            how = {"num_cpus": 0, "lifetime": "non_detached", "scheduling_strategy": near()}
            remote = ray.remote(**how)(Collector)
            self._actor = remote.options(name=self.name, namespace=_NAMESPACE).remote()
        self._asked: Any = None  # what has not been answered yet
        self._is_slow = False

    def take(self, mailbox: str, *, waits: bool) -> list[dict[str, Any]]:
        import ray
        from ray.exceptions import GetTimeoutError, RayError

        if not ray.is_initialized() or self.connection is not cluster_connection():
            raise CollectorGone("this process has left its cluster")
        if self._asked is None:
            self._asked = self._actor.take.remote(mailbox)
        patience = 0.0 if not waits else _PAUSE if self._is_slow else _ANSWER_SECONDS
        try:
            reports = parsed(_get(self._asked, patience))[0]
        except (GetTimeoutError, TimeoutError):  # it may not have started yet
            self._is_slow = waits
            return []
        except RayError as error:
            raise CollectorGone(type(error).__name__) from error
        self._asked, self._is_slow = None, False
        return reports

    def leave_to_parent(self) -> None:
        # Private, and the only way: a handle that is deleted in a forked child sends that over the
        # connection of the parent, whose actor ends, and whose connection is broken from then on.
        self._actor._ray_weak_ref = True


def near() -> object:
    """Return where the collector goes: to this node if it can, into no placement group."""
    import ray
    from ray.util.client import ray as client
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    if client.is_connected():  # a client is on no node
        return "DEFAULT"
    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)


def _get(reference: Any, patience: float) -> bytes:
    import ray

    if asyncio._get_running_loop() is None:
        found: bytes = ray.get(reference, timeout=patience)
    else:  # where Ray warns of a `get` that blocks; this one is short
        found = reference.future().result(patience)
    return found


def ensure_collector(records: Sequence[Recorder]) -> None:
    """Have a collector for calls that are submitted in these records."""
    inbox = current_inbox()
    known = inbox.collector
    if isinstance(known, OwnCollector) and known.connection is cluster_connection():
        return
    if known is not None:
        inbox.leave_cluster()
    forwards = [each for each in records if isinstance(each, Forward) and reaches(each, "cluster")]
    if forwards and len(forwards) == len(records) - 1:
        return  # what the calls read they tell straight to whom these do
    names = [to.collector for each in forwards for to in each.address]
    try:
        inbox.collector = OwnCollector(names[0] if names else "")
    except ValueError as error:  # that of the job is gone
        for record in records:
            if isinstance(record, Record):
                record.note_loss(f"there is no collector in this job of Ray ({error})")


def leave() -> None:
    """Take what the collector has, before this process leaves the cluster."""
    inbox = current_inbox()
    end = time.monotonic() + _LEAVING_SECONDS
    while inbox.collector is not None:
        inbox.collect()
        if not inbox.awaits_calls or time.monotonic() > end:
            inbox.leave_cluster()
        else:
            time.sleep(_PAUSE)


def _nothing() -> list[int]:
    return [0, 0]


class CollectorPost:
    """A collector, from the side of a worker."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pid = os.getpid()
        self._lines: dict[str, list[bytes]] = defaultdict(list)
        self._calls: dict[tuple[str, tuple[str, ...], str], list[int]] = defaultdict(_nothing)
        self._condition = threading.Condition(threading.RLock())
        self._turns = float(_MOST_TURNS)  # how often something may be sent at once
        self._counted_at = time.monotonic()
        self._unanswered: list[Any] = []
        self._collector: Any = None
        self._is_gone = False
        threading.Thread(target=self._run, name="hyperparameter-reads", daemon=True).start()
        atexit.register(self.flush)

    def put(self, mailbox: str, report: dict[str, Any]) -> None:
        """Send a report, with those that come soon after it."""
        with self._condition:
            if self._is_gone:
                return
            if not self._lines:
                self._condition.notify()
            self._lines[mailbox].append(_line(report))

    def count(self, mailbox: str, to: tuple[str, ...], by: str, started: int, ended: int) -> None:
        """Tell of calls that a process has submitted, or that have ended, with what is next."""
        with self._condition:
            if not self._calls:
                self._condition.notify()
            calls = self._calls[mailbox, to, by]
            calls[0] += started
            calls[1] += ended

    def flush_soon(self) -> None:
        """Send now, unless much has been sent lately: then it is sent with what comes soon.

        A worker may be killed as soon as a call has ended.
        """
        now = time.monotonic()
        self._turns = min(_MOST_TURNS, self._turns + (now - self._counted_at) / _PAUSE)
        self._counted_at = now
        if self._turns >= 1:
            self._turns -= 1
            self.flush()

    def flush(self) -> None:
        """Send now, without waiting for an answer."""
        if self._pid != os.getpid():  # a forked child would send over its parent's connection
            return
        try:
            self._flush()
        except Exception:  # noqa: BLE001  # Ray's, or ValueError for a name that is gone
            self._give_up()

    def settle(self) -> None:
        """Send now, and wait for the answer but in an event loop."""
        if self._lines or self._unanswered:
            self.flush()
            if asyncio._get_running_loop() is None:
                self._see(_ANSWER_SECONDS)

    def _flush(self) -> None:
        with self._condition:
            calls, self._calls = self._calls, defaultdict(_nothing)
            for (mailbox, to, by), counts in calls.items():
                report = {"to": to, "calls": [by, *counts]}
                self._lines[mailbox].append(_line(report))
            lines, self._lines = self._lines, defaultdict(list)
            if not lines or self._is_gone:
                return
            for mailbox, parts in lines.items():
                self._unanswered.append(self._find().add.remote(mailbox, b"".join(parts)))

    def _find(self) -> Any:
        import ray

        if self._collector is None:
            self._collector = ray.get_actor(self._name, namespace=_NAMESPACE)
        return self._collector

    def _run(self) -> None:
        while True:
            with self._condition:
                while not (self._lines or self._calls or self._unanswered):
                    self._condition.wait()
            time.sleep(_PAUSE)
            self.flush()
            self._see()

    def _see(self, patience: float | None = None) -> None:
        """Learn whether the collector has got what was sent."""
        with self._condition:
            unanswered, self._unanswered = self._unanswered, []
        try:
            for each in unanswered:  # not `ray.get`, of which Ray warns in an async actor
                each.future().result(patience)
        except TimeoutError:  # it may not have started yet
            with self._condition:
                self._unanswered += unanswered
        except Exception:  # noqa: BLE001  # all that Ray may have to say
            self._give_up()

    def _give_up(self) -> None:
        """Send nothing any more: the collector has gone, which its driver finds out by itself."""
        with self._condition:
            self._lines.clear()
            self._is_gone = True


def post(collector: str) -> CollectorPost:
    """Return the post of this process for a collector."""
    with _lock:
        if collector not in _posts:
            _posts[collector] = CollectorPost(collector)
        return _posts[collector]


def settle() -> None:
    """Wait until the collectors have what this worker has read."""
    for each in list(_posts.values()):
        each.settle()


def note_end(before: State | None) -> None:
    """Tell that a call has ended whose state this is, over that of `before` it."""
    if not _posts:
        return
    around = interface.record_frames(before)
    for frame in interface.record_frames(interface.active()):
        if isinstance(frame.record, Forward) and frame not in around:
            pass_on()
            frame.record.tell_end()
    for each in list(_posts.values()):
        each.flush_soon()


_lock = threading.Lock()
_posts: dict[str, CollectorPost] = {}
