"""How long a program that leaves Ray waits for what its calls have read, without a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

import hyperparameter as hp
from hp_dist._collect.address import id_of
from hp_dist._collect.inbox import Inbox
from hp_dist._ray import collecting


class _Clock:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class _Collector:
    """A collector that hears at some time that the call has ended, of which the record knows."""

    name = "reads"

    def __init__(self, record: hp.Record, clock: _Clock, hears_at: float) -> None:
        self._record, self._clock, self._hears_at = record, clock, hears_at

    def take(self, mailbox: str, *, waits: bool) -> list[dict[str, Any]]:
        if self._clock.now < self._hears_at:
            return []
        return [{"to": [id_of(self._record)], "ended": ["call"]}]

    def over(self, calls: set[str]) -> list[str]:
        return []

    def forget(self, calls: Iterable[str]) -> None:
        """Have nothing to forget."""


class _Leaving:
    """A program with a call that has not told what it has read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, hears_at: float) -> None:
        self.record, self.clock, inbox = hp.record(), _Clock(), Inbox()
        inbox.collector = _Collector(self.record, self.clock, hears_at)  # type: ignore[assignment]
        inbox.under_way.calls_of(self.record).open["call"] = None
        monkeypatch.setattr(collecting, "time", self.clock)
        monkeypatch.setattr(collecting, "current_inbox", lambda: inbox)


def test_what_comes_within_two_seconds_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    program = _Leaving(monkeypatch, hears_at=1.9)
    collecting.leave()
    assert program.record.incomplete == []
    assert program.clock.now < 2


def test_what_comes_later_is_told_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    program = _Leaving(monkeypatch, hears_at=2.2)
    collecting.leave()
    assert program.record.incomplete == [
        "1 calls of Ray had not told what they read when Ray was shut down"
    ]


def test_nobody_waits_after_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    program = _Leaving(monkeypatch, hears_at=0.1)
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        collecting.leave()
    assert program.clock.now == 0
    assert program.record.incomplete != []


def test_nobody_waits_in_an_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    program = _Leaving(monkeypatch, hears_at=0.1)

    async def main() -> None:
        collecting.leave()

    asyncio.run(main())
    assert program.clock.now == 0
    assert program.record.incomplete != []
