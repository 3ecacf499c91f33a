"""The collector of a Ray job: an actor to which workers, on any node, tell what they read.

It keeps that until the process with the mailbox asks for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from typing import Any

from hyperparameter import _engine_interface as interface

from .._collect.cluster import CollectorGone
from .._collect.mailbox import head_of, line_of, parsed
from .store import cluster_connection
from .watch import Watch, submitter_of

NAMESPACE = "hyperparameter"
ANSWER_SECONDS = 2.0
_SLOW_SECONDS = 0.05
_LOOK_SECONDS = 0.25
_DOUBT_SECONDS = 1.0
_MOST_BYTES = 64 * 1024 * 1024  # of reads that nobody has taken yet, in all mailboxes
_MOST_NEWS = 64 * 1024 * 1024  # of what else there is
_OVERFLOW = "the driver did not ask for a long time, and the collector of the Ray job was full"


class CollectorActor:
    """Keeps reports until the process with the mailbox takes them."""

    def __init__(self) -> None:
        self._lines: dict[str, list[bytes]] = {}
        self._lost: dict[str, set[tuple[str, ...]]] = {}  # ids of records that lack something
        self._size = 0
        self._numbers: dict[str, int] = {}  # by sender, of the batch that comes next
        self._given: dict[str, tuple[int, bytes]] = {}  # by mailbox, the last answer

    def add(self, sender: str, number: int, batch: dict[str, bytes]) -> bool:
        """Take a batch of lines by mailbox, once; False when an earlier one has not arrived."""
        expected = self._numbers.get(sender, 0)
        if number == expected:
            self._numbers[sender] = number + 1
            for mailbox, lines in batch.items():
                self._keep(mailbox, lines)
        return number <= expected

    def _keep(self, mailbox: str, lines: bytes) -> None:
        if self._size + len(lines) > _MOST_BYTES:
            lines = without_reads(lines, _OVERFLOW)
        if self._size + len(lines) > _MOST_BYTES + _MOST_NEWS:
            to = self._lost.setdefault(mailbox, set())
            to.update(tuple(head_of(line)["to"]) for line in lines.splitlines() if line)
        else:
            self._lines.setdefault(mailbox, []).append(lines)
            self._size += len(lines)

    def take(self, mailbox: str, number: int, doubted: Sequence[str] = ()) -> bytes:
        """Return all reports since the last number, and which of the doubted workers have gone.

        The same number gets the same again: the answer may have been lost on its way.
        """
        if self._given.get(mailbox, (-1, b""))[0] != number:
            self._given[mailbox] = number, self._lines_for(mailbox, doubted)
        return self._given[mailbox][1]

    def _lines_for(self, mailbox: str, doubted: Sequence[str]) -> bytes:
        lines = self._lines.pop(mailbox, [])
        self._size -= sum(map(len, lines))
        lost = self._lost.pop(mailbox, ())
        lines += [line_of(to, {"losses": [_OVERFLOW]}) for to in sorted(lost)]
        if doubted:
            lines.append(line_of((), {"gone": _gone(doubted)}))
        return b"".join(lines)


def without_reads(lines: bytes, reason: str) -> bytes:
    """Return lines without reads and overrides, which are told as lost for a reason."""
    kept = []
    for line in filter(None, lines.splitlines()):
        head = head_of(line)
        if b"\t" in line or head.pop("overrides", None):
            head["losses"] = [*head.get("losses", ()), reason]
        kept.append(line_of(head.pop("to"), head))
    return b"".join(kept)


def _gone(workers: Sequence[str]) -> list[str]:
    # Private, because ray.util.state needs the dashboard, which many clusters run without.
    from ray._private import state

    alive = state.workers()
    return [worker for worker in workers if worker not in alive]


class CollectorHandle:
    """The collector, from the side of a process that has records."""

    def __init__(self, upstream: str) -> None:
        """Find the one that this process was told of, or create one for this job."""
        import ray

        self.name = upstream or f"reads-{os.urandom(6).hex()}"
        self.connection = cluster_connection()
        if upstream:
            self._actor: Any = ray.get_actor(upstream, namespace=NAMESPACE)
        else:
            how = {"num_cpus": 0, "lifetime": "non_detached", "scheduling_strategy": near()}
            remote = ray.remote(**how)(CollectorActor)
            self._actor = remote.options(name=self.name, namespace=NAMESPACE).remote()
        self._asked: Any = None  # what has not been answered yet
        self._number = 0
        self._is_slow = False
        self._looked_at = self._doubted_at = 0.0
        self._doubted: list[str] = []
        self._gone: set[str] = set()
        self.watch = Watch()

    def take(self, mailbox: str, *, waits: bool) -> list[dict[str, Any]]:
        import ray
        from ray.exceptions import ActorUnavailableError, GetTimeoutError, RayError

        if not ray.is_initialized() or self.connection is not cluster_connection():
            raise CollectorGone("Ray was shut down")
        if self._asked is None:
            self._asked = self._actor.take.remote(mailbox, self._number, self._doubted)
            self._doubted = []
        patience = 0.0 if not waits else _SLOW_SECONDS if self._is_slow else ANSWER_SECONDS
        try:
            reports = parsed(_get(self._asked, patience))[0]
        except (GetTimeoutError, TimeoutError):  # it may not have started yet
            self._is_slow = waits
            return []
        except ActorUnavailableError:  # the network, perhaps: the next question is the same
            self._asked, self._is_slow = None, waits
            return []
        except RayError as error:
            raise CollectorGone(f"its collector died ({type(error).__name__})") from error
        self._asked, self._is_slow = None, False
        self._number += 1
        for report in reports:
            self._gone.update(report.pop("gone", ()))
        return reports

    def over(self, calls: set[str]) -> list[str]:
        now = time.monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return []
        self._looked_at = now
        if now - self._doubted_at > _DOUBT_SECONDS:
            self._doubted_at = now
            self._doubted = sorted({each for call in calls if (each := submitter_of(call))})
        return [*self.watch.over(), *(call for call in calls if submitter_of(call) in self._gone)]

    def forget(self, calls: Iterable[str]) -> None:
        self.watch.forget(calls)

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

    if not interface.is_in_event_loop():
        found: bytes = ray.get(reference, timeout=patience)
    else:  # where Ray warns of a `get` that blocks; this one is short
        found = reference.future().result(patience)
    return found
