"""The collector of a Ray job, and who asks it, without a cluster."""

from __future__ import annotations

import threading
import weakref
from typing import Any

import pytest
from patience import PATIENCE

import hyperparameter as hp
from hp_dist._carry.attachments import Inline
from hp_dist._carry.submission import Submission
from hp_dist._collect import work as work_module
from hp_dist._collect.address import id_of
from hp_dist._collect.inbox import Inbox
from hp_dist._collect.mailbox import line_of, parsed
from hp_dist._collect.work import CallNews, Ending, LocalWork, UnderWay
from hp_dist._ray import collector
from hp_dist._ray.collector import CollectorActor
from hyperparameter._records.packed import pack


def _line(to: str, size: int = 0) -> bytes:
    read = hp.record()
    with read:
        hp.scope.key | ("x" * size)
    return line_of([to], {"reads": pack(read.reads), "ended": [f"call/{to}"]})


def test_a_batch_counts_once_and_in_its_order() -> None:
    actor = CollectorActor()
    assert actor.add("worker", 0, {"box": b"0\n"})
    assert not actor.add("worker", 2, {"box": b"2\n"})  # the one before has not arrived
    assert actor.add("worker", 1, {"box": b"1\n"})
    assert actor.add("worker", 1, {"box": b"1\n"})  # its answer had been lost
    assert actor.add("worker", 2, {"box": b"2\n"})
    assert actor.add("other", 0, {"box": b"0 of another\n"})
    assert actor.take("box", 0) == b"0\n1\n2\n0 of another\n"


def test_an_answer_that_was_lost_is_given_again() -> None:
    actor = CollectorActor()
    actor.add("worker", 0, {"box": b"0\n"})
    assert actor.take("box", 0) == b"0\n"
    actor.add("worker", 1, {"box": b"1\n"})
    assert actor.take("box", 0) == b"0\n"
    assert actor.take("box", 1) == b"1\n"
    assert actor.take("box", 2) == b""


def test_the_limit_is_for_all_mailboxes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is dropped is told as a loss; that calls have ended is told still."""
    monkeypatch.setattr(collector, "_MOST_BYTES", 10_000)
    actor = CollectorActor()
    for number in range(100):
        actor.add("worker", number, {f"box{number}": _line(f"rec{number}", 1_000)})
    given = [actor.take(f"box{number}", 0) for number in range(100)]
    assert sum(map(len, given)) < 10_000 + 100 * 300
    for number, data in enumerate(given):
        ((report,), is_torn) = parsed(data)
        assert report["to"] == [f"rec{number}"]
        assert not is_torn
        assert report["ended"] == [f"call/rec{number}"]
        assert ("reads" in report) is (number < 8) is ("losses" not in report), (number, report)


def test_what_even_its_news_are_too_large_for_is_told_as_a_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector, "_MOST_BYTES", 0)
    monkeypatch.setattr(collector, "_MOST_NEWS", 1_000)
    actor = CollectorActor()
    for number in range(1_000):
        actor.add("worker", number, {"box": _line("rec")})
    data = actor.take("box", 0)
    assert len(data) < 2_000
    reports, _ = parsed(data)
    assert reports[-1]["to"] == ["rec"]
    assert reports[-1]["losses"]
    assert b"losses" in data
    actor.add("worker", 1_000, {"box": _line("rec")})
    assert len(parsed(actor.take("box", 1))[0]) == 1  # there is room again


class _Slow:
    """A collector far away."""

    name = "slow"

    def __init__(self) -> None:
        self.is_asked = threading.Event()
        self.answer = threading.Event()

    def take(self, mailbox: str, *, waits: bool) -> list[dict[str, Any]]:
        self.is_asked.set()
        assert self.answer.wait(PATIENCE)
        return []


def test_threads_that_submit_do_not_wait_for_the_collector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hp_dist._collect.inbox._MOST_SECONDS", -1.0)  # it collects each time
    inbox, slow, work, record = Inbox(), _Slow(), Ending(), hp.record()
    inbox.collector = slow  # type: ignore[assignment]  # as much of one as is asked here
    asking = threading.Thread(target=inbox.collect)
    asking.start()
    assert slow.is_asked.wait(PATIENCE)
    submitting = threading.Thread(target=inbox.note_work, args=([record], work))
    submitting.start()
    submitting.join(PATIENCE)
    was_free = not submitting.is_alive()
    slow.answer.set()
    submitting.join(PATIENCE)
    asking.join(PATIENCE)
    assert was_free
    assert inbox.under_way.count(record) == 1


def test_waiting_looks_at_work_that_has_ended_once() -> None:
    looked = []

    class Watched(Ending):
        @property
        def has_ended(self) -> bool:  # type: ignore[override]
            looked.append(self)
            return True

    work, kept = LocalWork(), [Watched() for _ in range(1_000)]
    for each in kept:
        work.add(each)
    for _ in range(100):
        assert not work.is_open
    assert len(looked) < 3_000
    assert not work._work


def test_nothing_that_was_sent_keeps_a_closed_record_alive() -> None:
    inbox, record = Inbox(), hp.record()
    with hp.scope(a=1), record:
        submission = Submission.capture()
        submission.message(Inline)
        inbox.address([record], "host")
        scopes = submission.scopes
        del submission
    known, gone = id_of(record), weakref.ref(record)
    del record
    assert known
    assert gone() is None
    assert scopes.sent_by is not None


def test_calls_of_a_collector_that_has_died_are_not_given_up_under_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The cluster had called them over, and their workers had not had the time to tell."""
    monkeypatch.setattr(work_module, "_GRACE_SECONDS", -1.0)
    under_way, record = UnderWay(), hp.record()
    under_way.note_calls(record, CallNews(["call/1", "call/2"], [], []))
    under_way.note_over(["call/1"])
    assert under_way.forget_calls() == {record: 2}
    under_way.note_calls(record, CallNews(["call/3"], [], []))
    assert under_way.given_up() == []
    assert under_way.open_calls() == {"call/3"}
    under_way.note_over(["call/3"])
    assert under_way.given_up() == [record]
    assert under_way.has_lost(record)
    assert not under_way.has_calls()
