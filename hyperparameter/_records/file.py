"""A record as a JSON file: written exactly, read with suspicion."""

import json
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from typing import Any, NamedTuple, TypeVar

from .._files.replacing import write_whole
from .._values.described_json import from_json, to_json
from .._values.keys import check
from .._values.origin import Origin, Process
from ..exceptions import ConfigurationError
from .read import Read
from .run import Run

T = TypeVar("T")
FORMAT = "hyperparameter-record"
VERSION = 4
"""Version 1 had no `run`, and may lack `losses`; before version 3, no read had `written`.

Before version 4, a key had the origin of its first override alone.
"""

_FIELDS = frozenset(Read._fields) - {"written"}
_NESTED = (list, dict)
_SCALARS = (int, bool, str, type(None))  # what is in JSON as it is; of str no subclass


class Saved(NamedTuple):
    """What a file has of a record; `carried` are the overrides that other processes may read."""

    overrides: Mapping[str, list[Origin]]
    carried: list[str]
    reads: list[Read]
    dropped: int
    losses: list[str]
    run: Run | None = None


def write(path: str | PathLike[str], saved: Saved) -> None:
    write_whole(path, lines(saved))


def lines(saved: Saved) -> Iterator[str]:
    """Yield the document with a line for each override and each read, so that tools can compare."""
    encoded = json.JSONEncoder(allow_nan=False).encode
    head = {
        "format": FORMAT,
        "version": VERSION,
        "run": saved.run and saved.run.pack(),
        "dropped": saved.dropped,
        "losses": saved.losses,
        "carried": saved.carried,
    }
    yield "{\n"
    for name, value in head.items():
        yield f'"{name}": {encoded(value)},\n'
    overrides = (
        f"{encoded(key)}: {encoded([one.pack() for one in each])}"
        for key, each in saved.overrides.items()
    )
    yield from _lines("overrides", "{", overrides, "},\n")
    yield from _lines("reads", "[", (encoded(_plain(read)) for read in saved.reads), "]\n}\n")


def _lines(name: str, opening: str, items: Iterable[str], closing: str) -> Iterator[str]:
    yield f'"{name}": {opening}'
    separator = "\n"
    for item in items:
        yield separator
        yield item
        separator = ",\n"
    yield closing if separator == "\n" else f"\n{closing}"


def _plain(read: Read) -> dict[str, object]:
    value, default, written = read.value, read.default, read.written
    more = {} if written is None else {"written": to_json(written)}
    return {
        "key": read.key,
        "value": value if type(value) in _SCALARS else to_json(value),
        "default": default if type(default) in _SCALARS else to_json(default),
        "origin": read.origin and read.origin.pack(),
        "default_used": read.default_used,
        "reader": read.reader,
        "process": read.process,
        "bulk": read.bulk,
        **more,
    }


def read(path: str | PathLike[str]) -> Saved:
    """Read what `write` wrote, now or in older versions; `ConfigurationError` for anything else."""
    with open(path, "rb") as file:
        return parse(path, file.read())


def parse(path: str | PathLike[str], data: bytes) -> Saved:
    """Return what is in a file of this name; `ConfigurationError` if that is not a record."""
    return _saved(path, _document(path, data))


def _document(path: str | PathLike[str], data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{path} is not a saved record, or only a part of one: {error}"
        ) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ConfigurationError(
            f"{path} is not a saved record. --record FILE and Record.save write one."
        )
    return document


def _saved(path: str | PathLike[str], document: dict[str, Any]) -> Saved:
    version = document.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        is_newer = type(version) is int and version > VERSION
        advice = "Upgrade hyperparameter-dist to read it." if is_newer else "The file is damaged."
        raise ConfigurationError(
            f"{path} is a record of version {version!r:.80}, and this library reads versions 1 to "
            f"{VERSION}. {advice}"
        )
    reader = _Reader()
    try:
        run = document["run"] if version > 1 else None
        losses = document["losses"] if version > 1 else document.get("losses", [])
        return Saved(
            {
                check(key): [reader.origin(one) for one in (packed if version > 3 else [packed])]
                for key, packed in document["overrides"].items()
            },
            [check(key) for key in document["carried"]],
            [reader.read(fields) for fields in document["reads"]],
            _is(document["dropped"], int),
            [_is(loss, str) for loss in _is(losses, list)],
            None if run is None else Run.unpack(run),
        )
    except (
        ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError
    ) as error:  # fmt: skip
        raise ConfigurationError(f"{path} is a damaged record: {error!r:.200}") from None


class _Reader:
    """Makes reads of their plain form; what many of them share, once."""

    def __init__(self) -> None:
        self._origins: dict[object, Origin] = {}
        self._processes: dict[object, Process] = {}

    def read(self, fields: dict[str, Any]) -> Read:
        written = fields.pop("written", None)
        if fields.keys() != _FIELDS:
            raise ValueError(f"a read has {', '.join(map(str, fields))}")
        value, default, origin = fields["value"], fields["default"], fields["origin"]
        return Read(
            check(fields["key"]),
            from_json(value) if type(value) in _NESTED else value,
            from_json(default) if type(default) in _NESTED else default,
            None if origin is None else self.origin(origin),
            _is(fields["default_used"], bool),
            _is(fields["reader"], str),
            self._process(fields["process"]),
            _is(fields["bulk"], bool),
            None if written is None else from_json(written),
        )

    def origin(self, packed: Any) -> Origin:
        kind, place, process = packed
        if process is not None:
            return Origin.unpack(packed)
        found = self._origins.get((kind, place))
        if found is None:
            found = self._origins[kind, place] = Origin.unpack(packed)
        return found

    def _process(self, packed: Any) -> Process:
        key = tuple(packed)
        found = self._processes.get(key)
        if found is None:
            found = self._processes[key] = Process.unpack(packed)
        return found


def _is(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:
        raise TypeError(f"{value!r:.80} is not {kind.__name__}")
    return value
