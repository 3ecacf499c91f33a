"""What a stretch of program read: the operative configuration.

A `Record` collects `Read`s.  One for the whole process always exists; `record()` opens one
for a block.  A read goes to the innermost record of its context and from there to those
around it, so each holds all that happened inside.  Batches from elsewhere are simply added.
"""

from __future__ import annotations

from _thread import allocate_lock  # importing threading is a tenth of our import
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _state
from ._describe import describe, from_json, show, to_json
from ._keys import nearest, nest
from ._origin import Origin, Process, Site, Source, location, resolve, this_process
from ._snapshot import Layer, Snapshot
from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from os import PathLike

_FORMAT = "hyperparameter-record"
_VERSION = 1
_MOST_VALUES = 1_000
_MOST_KEYS = 100_000


class Read(NamedTuple):
    """One value as somebody used it; a second reader of the same value adds nothing.

    `origin` is None where the default was used.  A bulk read took all keys below `key`
    (`*` for every one) without looking at a particular value.
    """

    key: str
    value: Any
    default: Any
    origin: Origin | None
    default_used: bool
    reader: str
    process: Process
    bulk: bool = False


class Unused(NamedTuple):
    """An override that nobody read."""

    key: str
    origin: Origin
    suggestions: list[str]

    def __str__(self) -> str:
        hint = f", did you mean {' or '.join(map(repr, self.suggestions))}?"
        return f"{self.key} ({self.origin}) was never read" + (hint if self.suggestions else "")


class Record:
    """Reads and overrides of a stretch of program; also the context manager that collects them.

    At most 1 000 different values of a key and 100 000 keys are kept; `dropped` counts the rest.
    """

    def __init__(self) -> None:
        self.overrides: dict[str, Source] = {}
        self.dropped = 0
        self._reads: dict[str, dict[Any, Read | _Raw]] = {}
        self._carried: set[str] = set()
        self._carried_layers: set[tuple[int, int]] = set()
        self._outer: Record | None = None
        self._lock = allocate_lock()

    def __enter__(self) -> Record:
        outer = _state.current().record
        if self not in outer.and_around():
            self._outer = outer
        _state.push_record(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        _state.remove(self)

    def __repr__(self) -> str:
        return f"<Record: {len(self._reads)} keys read, {len(self.overrides)} overridden>"

    @property
    def reads(self) -> list[Read]:
        """All reads, by key in the order of their first read."""
        with self._lock:
            found = [read for by_value in self._reads.values() for read in by_value.values()]
        return [read if isinstance(read, Read) else read.resolved() for read in found]

    def operative(self, nested: bool = False) -> dict[str, Any]:
        """Return each key with the value last seen for it, defaults included."""
        flat = {read.key: read.value for read in self.reads if not read.bulk}
        return nest(flat) if nested else flat

    def unused(self) -> list[Unused]:
        """Return the overrides that nobody read; a bulk read is not a use.

        Those that were carried to another process are left out: what it read is not known here.
        """
        used = {read.key for read in self.reads if not read.bulk}
        with self._lock:
            overrides = list(self.overrides.items())
        return [
            Unused(key, resolve(source), nearest(key, used))
            for key, source in overrides
            if key not in used and key not in self._carried
        ]

    def divergent(self) -> dict[str, list[Read]]:
        """Return the keys that different readers saw with different values."""
        by_key: dict[str, dict[str, Read]] = {}
        for read in self.reads:
            if not read.bulk:
                values = by_key.setdefault(read.key, {})
                values.setdefault(f"{type(read.value).__name__} {read.value!r}", read)
        return {key: list(values.values()) for key, values in by_key.items() if len(values) > 1}

    def and_around(self) -> list[Record]:
        """Return this record and those that also get what it gets, innermost first."""
        records = [self]
        while (outer := records[-1]._outer) is not None:
            records.append(outer)
        return records

    def add(self, reads: Iterable[Read]) -> None:
        """Add reads collected elsewhere, in another process or from a file."""
        for read in reads:
            self._keep(read.key, (repr(read[1:5]), read.process), read)

    def override(self, layer: Layer | Snapshot) -> None:
        """Take note of bindings that are in force during this record."""
        for key in layer.values:
            if key not in self.overrides and len(self.overrides) < _MOST_KEYS:
                self.overrides[key] = layer.origin_of(key)
        if self._outer is not None:
            self._outer.override(layer)

    def carry(self, layers: Iterable[Layer]) -> None:
        """Take note that these bindings may be read in another process."""
        for layer in layers:
            mark = id(layer.values), len(layer.values)
            if mark not in self._carried_layers and len(self._carried) < _MOST_KEYS:
                self._carried_layers.add(mark)
                self._carried.update(layer.values)
        if self._outer is not None:
            self._outer.carry(layers)

    def note(self, key: str, value: Any, default: Any, origin: Source | None, site: Site) -> None:
        """Take note of one read; `origin` is None when the default was used."""
        kind, wanted = type(value), type(default)
        if kind not in _SCALARS or (kind is str and len(value) > 200):
            value_id: Any = show("", value)
        else:
            value_id = value
        default_id = default if wanted in _SCALARS and origin is None else wanted
        place = (id(origin[0]), origin[1]) if type(origin) is tuple else origin
        identity = (kind, value_id, default_id, place)
        by_value = self._reads.get(key)
        if by_value is not None and identity in by_value:
            return
        shown = describe(key, value)
        default = shown if origin is None else describe(key, default)
        self._keep(key, identity, _Raw(key, shown, default, origin, site, this_process()))

    def note_bulk(self, prefix: str, site: Site) -> None:
        """Take note that everything below `prefix` was taken at once."""
        raw = _Raw(f"{prefix}.*" if prefix else "*", None, None, None, site, this_process(), True)
        self._keep(raw.key, (id(site[0]), site[1]), raw)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the record as JSON; secrets have been masked when they were read."""
        document = {
            "format": _FORMAT,
            "version": _VERSION,
            "dropped": self.dropped,
            "overrides": {key: resolve(source).pack() for key, source in self.overrides.items()},
            "reads": [
                {**read._asdict(), "value": to_json(read.value), "default": to_json(read.default),
                 "origin": read.origin and read.origin.pack(), "process": list(read.process)}
                for read in self.reads
            ],
        }  # fmt: skip
        import json

        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1, allow_nan=False)
            file.write("\n")

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Record:
        """Read what `save` wrote; `ConfigurationError` for anything else, `OSError` as usual."""
        import json

        try:
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(f"{path} is not a saved record: {error}") from None
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            raise ConfigurationError(f"{path} is not a saved record.")
        if document.get("version") != _VERSION:
            raise ConfigurationError(
                f"{path} is a record of version {document.get('version')!r}, "
                f"this library reads version {_VERSION}."
            )
        record = cls()
        try:
            record.dropped = int(document["dropped"])
            record.overrides = {k: Origin.unpack(v) for k, v in document["overrides"].items()}
            record.add(_read_from(fields) for fields in document["reads"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigurationError(f"{path} is a damaged record: {error!r}") from None
        return record

    def _keep(self, key: str, identity: Any, read: Read | _Raw) -> None:
        with self._lock:
            by_value = self._reads.get(key)
            if by_value is None and len(self._reads) < _MOST_KEYS:
                by_value = self._reads[key] = {}
            if by_value is None or len(by_value) >= _MOST_VALUES:
                self.dropped += 1
            else:
                by_value.setdefault(identity, read)
        if self._outer is not None:
            self._outer._keep(key, identity, read)


class _Raw(NamedTuple):
    """A read whose places have not been looked up yet."""

    key: str
    value: Any
    default: Any
    origin: Source | None
    site: Site
    process: Process
    bulk: bool = False

    def resolved(self) -> Read:
        origin = resolve(self.origin) if self.origin is not None else None
        used = self.origin is None and not self.bulk
        place = location(self.site)
        return Read(
            self.key, self.value, self.default, origin, used, place, self.process, self.bulk
        )


def _read_from(fields: dict[str, Any]) -> Read:
    return Read(**{
        **fields,
        "value": from_json(fields["value"]),
        "default": from_json(fields["default"]),
        "origin": fields["origin"] and Origin.unpack(fields["origin"]),
        "process": Process(*fields["process"]),
    })  # fmt: skip


_SCALARS = frozenset([int, float, bool, str, type(None)])

process_record = Record()
"""The record that always exists."""
_state.ground.record = process_record


def record() -> Record:
    """Return a record to collect reads in: `with hp.record() as rec: ...`."""
    return Record()
