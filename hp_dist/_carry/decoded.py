"""What a message holds, decoded; the parts that were used last are kept for the next one."""

import functools
import pickle
from collections.abc import Sequence
from typing import Any, NamedTuple

from hyperparameter.context import Captured, Snapshot

from .._collect.address import Address
from .attachments import IS_ATTACHED, Attachment, Fetch
from .encoded import OriginProcess, unseal
from .recent import Recent
from .values import OpenValue
from .wire import DecodedSnapshot, encode, value_reader, weight_of


class Decoded(NamedTuple):
    """The contents of a message, and about how many bytes they take."""

    captured: Captured
    engines: tuple[str, ...]
    process: OriginProcess
    address: Address
    attachments: list[Attachment]
    weight: int


def decode(payload: bytes, fetch: Fetch, engine_values: Sequence[object]) -> Decoded:
    """Return the contents of a message; `CarrierError` when it is damaged."""
    whole = fetch(payload[1:]) if payload[:1] == IS_ATTACHED else None
    body = unseal(whole.stream if whole is not None else payload)
    above, below, submitter, groups = pickle.loads(body)
    baseline: Snapshot | None = _received.get(below)
    before = encode(baseline).opened if baseline is not None else []
    bottom = DecodedSnapshot(pickle.loads(below), fetch) if baseline is None or before else None
    top = DecodedSnapshot(above, fetch) if above is not None else None
    count = len(bottom.open_keys) if bottom is not None else 0
    attachments: list[Attachment] = []
    opened: Sequence[object] = ()
    if groups:
        keys = [key for each in (bottom, top) if each is not None for key in each.open_keys]
        reader = value_reader(fetch, engine_values)
        opened, attachments = reader.read(groups, keys), reader.attachments
    if baseline is None or (before and not _are_same(before, opened[:count])):
        assert bottom is not None  # or there would have been nothing to compare
        baseline = bottom.filled(opened[:count], fetch)
        # Kept, because the identity of the object tells whether a task brings another baseline.
        _received.put(below, baseline, weight_of(baseline))
    scopes = top.filled(opened[count:], fetch) if top is not None else baseline
    weight = sum(each.size for each in attachments) + len(payload)
    weight += weight_of(scopes) + weight_of(baseline)
    attachments += [*encode(scopes).attachments, *encode(baseline).attachments]
    if whole is not None:
        attachments.append(whole)
    return Decoded(Captured(scopes, baseline), *_unpacked(submitter), attachments, weight)


@functools.lru_cache(maxsize=64)
def _unpacked(submitter: bytes) -> tuple[tuple[str, ...], OriginProcess, Address]:
    """Return what all submissions of a process have in common: one object for all."""
    engines, process, address = pickle.loads(submitter)
    return engines, process, address


def known(payload: bytes) -> Any:
    """Return what was made of the same payload before, None when that is too long ago."""
    return _received.get(payload) if hash(payload) in _came else None


def keep(payload: bytes, made: object, weight: int) -> None:
    """Keep what was made of a payload; of a small one not at first sight, as most come once."""
    number = hash(payload)
    if weight > _SMALL or number in _came:
        _received.put(payload, made, weight)
    if len(_came) >= _MOST_CAME:
        _came.clear()
    _came.add(number)


_SMALL = 16 * 1024  # bytes: decoded again in less time than it takes to keep many of them
_MOST_CAME = 1024
_came: set[int] = set()  # hashes of payloads
_received = Recent(256, 32 * 1024 * 1024)  # and the baselines, by the bytes that they came in


def _are_same(before: Sequence[OpenValue], now: Sequence[object]) -> bool:
    return len(before) == len(now) and all(a.value is b for a, b in zip(before, now, strict=True))
