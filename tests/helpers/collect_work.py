"""What programs of the collection tests read, and the oracle that knows what a record must hold.

A function that reads tells what it has read: whoever submitted it compares that with the record.
"""

import os
import socket
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from patience import PATIENCE

import hyperparameter as hp


class Told(NamedTuple):
    """One read, as the process that made it tells of it."""

    key: str
    value: Any
    default: Any
    reader: str
    pid: int


class Bound(NamedTuple):
    """One override, and the place that set it."""

    key: str
    value: Any
    place: str


def place(text: str) -> str:
    """Return `file:line` without the folders of the file."""
    file, _, line = text.rpartition(":")
    return f"{Path(file).name}:{line}"


def here(ahead: int = 0) -> str:
    """Return `file:line` of the caller, `ahead` lines further down."""
    frame = sys._getframe(1)
    return f"{_file_of(frame.f_code)}:{frame.f_lineno + ahead}"


def _file_of(code: CodeType) -> str:
    """Return the file's name; cloudpickle leaves that of a program out, which `Run` has named."""
    name = Path(code.co_filename).name
    return "program.py" if name == "<dynamic-code>" else name


def read(key: str, default: Any = None) -> list[Told]:
    reader = here(1)
    value = hp.scope[key] | default
    return [Told(key, value, default, reader, os.getpid())]


def read_all(*keys: str) -> list[Told]:
    """Read each key with -1 as default."""
    return flat(read(key, -1) for key in keys)


def told(key: str, value: Any, default: Any, reader: str) -> list[Told]:
    """Tell of a read that the caller has made itself."""
    return [Told(key, value, default, reader, os.getpid())]


def filled(function: Callable[..., Any], key: str, value: Any, default: Any) -> list[Told]:
    """Tell what a call of a decorated function has read: such a reader is the function."""
    code = function.__wrapped__.__code__  # type: ignore[attr-defined]
    reader = f"{_file_of(code)}:{code.co_firstlineno}"
    return told(key, value, default, reader)


def flat(lists: Iterable[Iterable[Told]]) -> list[Told]:
    return list(chain.from_iterable(lists))


def bindings(values: Mapping[str, Any], where: str) -> list[Bound]:
    return [Bound(key, value, where) for key, value in values.items()]


def _alike(value: Any) -> str:
    """Return what is the same for the same value of the same type."""
    return f"{type(value).__name__} {value!r}"


def holds(rec: hp.Record, reads: Iterable[Told], bound: Iterable[Bound] = ()) -> None:
    """Fail unless the record has every value that was told, and nothing that was not.

    Of several readers of one value any may be the one that the record names, but no other place
    and no other process.
    """
    reads, bound = list(reads), list(bound)
    lacks(rec, reads)
    tellers = {(one.key, _alike(one.value), one.reader, one.pid) for one in reads}
    for one in rec.reads:
        shown = one.key, _alike(one.value), place(one.reader), one.process.pid
        assert shown in tellers, f"nobody read {shown}"
        assert one.process.host == socket.gethostname(), one
        if one.origin is None:
            assert one.default_used, one
            assert _alike(one.value) == _alike(one.default), one
        else:
            assert not one.default_used, one
            assert one.origin.kind == "code", one
            setter = Bound(one.key, one.value, place(one.origin.location))
            assert setter in bound, one
    with_origin = {(one.key, _alike(one.value)) for one in rec.reads if one.origin}
    for key, value in {(one.key, _alike(one.value)) for one in bound} & {
        (one.key, _alike(one.value)) for one in reads
    }:
        assert (key, value) in with_origin, f"no origin of {key}={value}"


def lacks(rec: hp.Record, reads: Iterable[Told], expected: Iterable[str] = ()) -> None:
    """Fail unless the record has every value that was told, but for the keys named."""
    held = {(one.key, _alike(one.value)) for one in rec.reads}
    missing = {one for one in reads if (one.key, _alike(one.value)) not in held}
    assert {one.key for one in missing} == set(expected), f"missing: {sorted(missing)[:10]}"


def whole(
    rec: hp.Record,
    reads: Iterable[Told],
    bound: Iterable[Bound] = (),
    unused: Mapping[str, list[str] | None] | None = None,
) -> None:
    """Fail unless the record is complete and right, in the process record too.

    `unused` has the overrides that nobody has read, each with its suggestions, or None for any.
    """
    reads = list(reads)
    assert rec.wait(PATIENCE) is True
    assert rec.incomplete == []
    holds(rec, reads, bound)
    found, expected = {one.key: one.suggestions for one in rec.unused()}, unused or {}
    assert found.keys() == expected.keys(), f"called unused: {sorted(found)}"
    for key, suggestions in expected.items():
        assert suggestions in (None, found[key]), f"suggested for {key}: {found[key]}"
    everything = hp.process_record()
    assert everything.wait(PATIENCE) is True
    lacks(everything, reads)


def unused_keys(rec: hp.Record) -> set[str]:
    """Return the overrides called unused; that a record is incomplete may be a warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*incomplete", RuntimeWarning)
        return {one.key for one in rec.unused()}


def not_wrong(rec: hp.Record, reads: Iterable[Told], unused: Iterable[str] = ()) -> bool:
    """Return whether the record has it all; fail if it lacks something and does not say so."""
    reads = list(reads)
    held = {(one.key, _alike(one.value)) for one in rec.reads}
    has_all = all((one.key, _alike(one.value)) in held for one in reads)
    assert has_all or rec.incomplete, "it lacks reads and says that it is complete"
    assert unused_keys(rec) <= set(unused)
    return has_all


def files(folder: str | None = None) -> list[Path]:
    """Return what is in the folder for temporary files, at any depth."""
    found = Path(folder or os.environ["TMPDIR"]).rglob("*")
    return [path for path in found if path.is_file()]


def contents() -> bytes:
    """Return what is written in all temporary files."""
    together = b""
    for path in files():
        try:
            together += path.read_bytes()
        except FileNotFoundError:  # it was collected meanwhile
            continue
    return together
