"""Scopes that one task has: what a worker keeps of them, and what it keeps for the next one."""

from __future__ import annotations

import gc
import json
from contextlib import nullcontext
from types import CodeType
from typing import Any

import pytest

import hyperparameter as hp
from hp_dist._carry.attachments import Inline
from hp_dist._carry.submission import Submission, receive
from hp_dist._collect import forward
from hp_dist._collect.address import Destination
from hp_dist._collect.forward import forward_to
from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._records import record
from hyperparameter._values.origin import location


def sent(**values: Any) -> tuple[Any, ...]:
    with hp.scope(**values):
        return tuple(Submission.capture().message(Inline))


def test_a_small_scope_is_kept_when_it_comes_again() -> None:
    message = sent(lr=0.1, only="this test sends it")
    first, second, third = (receive(Inline, *message) for _ in range(3))
    assert first is not second
    assert second is third
    assert [each.scopes.flat()["lr"] for each in (first, second, third)] == [0.1] * 3


def test_a_large_scope_is_kept_when_it_comes_first() -> None:
    message = sent(**{f"large.key{n}": n for n in range(1_000)})
    assert receive(Inline, *message) is receive(Inline, *message)


def test_scopes_that_come_once_leave_nothing_behind() -> None:
    """Of ten thousand, as many objects are left as of a thousand."""
    counts = []
    for size in (1_000, 1_000, 10_000):
        for n in range(size):
            receive(Inline, *sent(n=n + len(counts) * 100_000, more=[0.5] * 3))
        gc.collect()
        counts.append(len(gc.get_objects()))
    assert counts[2] - counts[1] < 3_000


@pytest.mark.parametrize("holds", [True, False], ids=["held", "let go"])
def test_tasks_of_one_record_have_one_forward(monkeypatch: pytest.MonkeyPatch, holds: bool) -> None:
    """Or each would announce itself, and tell again what the one before has told."""
    announced: list[str] = []
    monkeypatch.setattr(forward, "_forwards", type(forward._forwards)())
    monkeypatch.setattr(forward, "_recent", {})
    monkeypatch.setattr(forward.Forward, "announce", lambda self: announced.append(self.submitter))
    address = (Destination("nowhere", "", ("record",)),)
    held = []
    for _ in range(5):
        found = forward_to(address, "submitter")
        held += [found] if holds else []
        del found
    assert announced == ["submitter"]


def test_a_read_that_could_not_be_kept_is_told_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Near the limit of the stack, for instance, where the program goes on."""
    told: list[str] = []
    monkeypatch.setattr(forward._Mailbox, "put", lambda _, read: told.append(read.key))
    monkeypatch.setattr(forward, "_send", lambda *_: None)  # what else is told goes nowhere
    address = (Destination("nowhere", "", ("fails",)),)
    to = forward_to(address, "submitter", is_announced=False)
    kept = record.kept

    def fails(*_: object) -> object:
        raise RecursionError

    before = interface.active()
    interface.attach_records([to, interface.process_record()])
    try:
        for way in (fails, kept, kept):
            monkeypatch.setattr(record, "kept", way)
            with hp.scope(a=1), pytest.raises(RecursionError) if way is fails else nullcontext():
                assert hp.scope.a | 0 == 1
    finally:
        context.detach(before)
    assert told == ["a"]


def test_forwards_of_records_that_are_over_go() -> None:
    for n in range(50):
        forward_to((Destination("nowhere", "", (f"record{n}",)),), "submitter", is_announced=False)
    gc.collect()
    left = [each for each in list(forward._forwards.values()) if each.submitter == "submitter"]
    assert 1 <= len(left) <= 4


def test_lines_of_code_that_comes_and_goes_are_its_own() -> None:
    """Code objects take each other's addresses, at the same offsets, in a long program."""

    def made(line: int) -> CodeType:
        return compile("\n" * (line - 1) + "def f():\n    return 1\n", f"{line}.py", "exec")

    addresses = set()
    for n in range(3_000):
        line = n % 97 + 1
        code = made(line)
        addresses.add(id(code))
        assert location((code, 2)) == f"{line}.py:{line}"
        assert location((code, -1)) == f"{line}.py:1"
        del code
    assert len(addresses) < 1_500  # they did


def test_it_arrives_with_places_and_names_of_all_kinds() -> None:
    """A layer of plain values from one place is sent shorter than others."""
    kinds: list[dict[str, Any]] = [
        {"a": 1, "b": 0.5},
        {"a": 1, "b": "text" * 1_000},
        {"a": 1, "b": [1]},
        {"a": {"x.y": 1, "z": 2}},
        {"a": {}},
        {"a": 1, "b": json.JSONDecoder},
    ]
    for values in kinds:
        with hp.scope(**values), hp.scope(c=3):
            hp.scope.d = 4
            captured = Submission.capture()
            found = receive(Inline, *captured.message(Inline))
            assert found.scopes.flat() == captured.scopes.flat()
            assert [layer.names for layer in found.scopes.layers] == [
                layer.names for layer in captured.scopes.layers
            ]
            for key in found.scopes.flat():
                places = [hp.explain(key).origin[:2], found.scopes.origin_of(key)[:2]]  # type: ignore[index]
                assert places[0] == places[1], key
