"""What a worker keeps of the reads that it has sent on: which there were, and none of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperparameter as hp
from hyperparameter._records import kept_reads
from hyperparameter._records.kept_reads import SentReads
from hyperparameter._records.packed import pack, unpack
from hyperparameter._records.read import RawRead

# Equal values of several types, and equal ones of one type, from several places.
VALUES = st.sampled_from([0, 0.0, False, 1, 1.0, True, "1", "", None])
READS = st.lists(st.tuples(st.sampled_from("ab"), VALUES, st.integers(0, 2)), max_size=40)


@given(READS)
def test_each_read_is_new_once(reads: list[tuple[str, Any, int]]) -> None:
    sent, seen = SentReads(), set()
    for key, value, place in reads:
        whole = key, type(value), value, place
        identity = value, type(value), int, place, None, False
        assert sent.has(key, identity) is (whole in seen)
        assert sent.note(key, identity) is (whole not in seen)
        seen.add(whole)
    assert sent.dropped == 0


def test_what_is_over_the_limits_is_counted_and_not_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_reads, "MOST_VALUES", 3)
    sent = SentReads()
    assert [sent.note("a", (n, "int")) for n in (1, 2, 3, 4, 1, 5)] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert sent.dropped == 2
    assert sent.note("b", (4, "int"))


def test_a_key_over_the_limit_takes_nothing_and_harms_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_reads, "MOST_KEYS", 2)
    sent = SentReads()
    assert [sent.note(key, (1, "int")) for key in "abcd"] == [True, True, False, False]
    assert sent.note("a", (2, "int"))
    assert sent.dropped == 2
    assert not sent.note("c", (1, "int"))
    assert len(sent._values) == 2


def told(record: hp.Record) -> list[tuple[object, ...]]:
    """Return all that a record has of its reads, with the places of their origins alone."""
    return sorted(
        (r.key, str(type(r.value)), repr(r.value), repr(r.default), repr(r.written), r.reader,
         r.default_used, r.bulk, r.process, r.origin and r.origin[:2])
        for r in record.reads
    )  # fmt: skip


def test_reads_of_all_kinds_arrive_as_they_were() -> None:
    with hp.record() as record:
        with hp.scope("t=007", d={"a": 1}, f=0.5, inf=float("inf"), text="x" * 300, b=True):
            for default in (0, 1, None, 0.25, "7", float("nan"), [1, 2], {"a": 3}):
                for key in ("f", "inf", "text", "b", "t", "missing"):
                    hp.scope[key] | default if _fits(key, default) else hp.scope[key] | None
            assert hp.scope.d | {} == {"a": 1}
            dict(hp.scope.storage().storage())
        with hp.scope(c=1, e=1, g=1):
            for key, default in {"c": 1, "e": 2, "g": 1}.items():  # defaults, of one place
                assert hp.scope[key] | default == 1
            assert hp.scope.password | "secret" == "secret"
    raw = [read for seen in record._kept.by_key.values() for read in seen.by_value.values()]
    assert {type(read) for read in raw} == {RawRead}
    assert len(raw) > 20
    for reads in (raw, record.reads):  # as they come, and as a worker passes on those of others
        sent = hp.Record()
        sent.add(unpack(json.loads(json.dumps(pack(reads)))))
        assert told(sent) == told(record)


def _fits(key: str, default: object) -> bool:
    try:
        hp.scope[key] | default
    except hp.ConversionError:
        return False
    return True


@pytest.mark.parametrize("change", ["one item less", "one item more", "no rows", "a number"])
def test_damaged_groups_are_errors(change: str) -> None:
    with hp.record() as record, hp.scope(a=1):
        assert hp.scope.a | 0 == 1
    ((*common, plain),) = json.loads(json.dumps(pack(record.reads)))
    damaged: dict[str, Any] = {
        "one item less": plain[:-1],
        "one item more": [*plain, "b"],
        "no rows": None,
        "a number": 7,
    }
    with pytest.raises((TypeError, ValueError, LookupError)):
        unpack([[*common, damaged[change]]])


def test_a_record_around_has_the_value_seen_last_that_only_the_inner_one_lacked() -> None:
    def read(value: int) -> None:
        with hp.scope(a=value):
            assert hp.scope.a | 0 == value

    with hp.record() as outer:
        read(1)
        read(2)
        assert outer.operative() == {"a": 2}
        with hp.record() as inner:
            read(1)
    assert inner.operative() == {"a": 1}
    assert outer.operative() == {"a": 1}
    assert len(outer.reads) == 2
