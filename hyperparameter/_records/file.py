"""A record as a JSON file: written exactly, read with suspicion."""

import json
from os import PathLike
from typing import Any, NamedTuple, TypeVar

from .._values.describe import from_json, to_json
from .._values.keys import check
from .._values.origin import Origin, Process
from ..exceptions import ConfigurationError
from .read import Read

T = TypeVar("T")
FORMAT = "hyperparameter-record"
_VERSION = 1
_TYPES = {"reader": str, "default_used": bool, "bulk": bool}


class Saved(NamedTuple):
    """What a file has of a record; `carried` are the overrides that other processes may read."""

    overrides: dict[str, Origin]
    carried: list[str]
    reads: list[Read]
    dropped: int
    losses: list[str]


def write(path: str | PathLike[str], saved: Saved) -> None:
    document = {
        "format": FORMAT,
        "version": _VERSION,
        "dropped": saved.dropped,
        "losses": saved.losses,
        "overrides": {key: origin.pack() for key, origin in saved.overrides.items()},
        "carried": saved.carried,
        "reads": [
            {**read._asdict(), "value": to_json(read.value), "default": to_json(read.default),
             "origin": read.origin and read.origin.pack(), "process": list(read.process)}
            for read in saved.reads
        ],
    }  # fmt: skip
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1, allow_nan=False)
        file.write("\n")


def read(path: str | PathLike[str]) -> Saved:
    """Read what `write` wrote; `ConfigurationError` for anything else."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not a saved record: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ConfigurationError(f"{path} is not a saved record.")
    if document.get("version") != _VERSION:
        raise ConfigurationError(
            f"{path} is a record of version {document.get('version')!r}, "
            f"this library reads version {_VERSION}."
        )
    try:
        overrides = {check(k): Origin.unpack(v) for k, v in document["overrides"].items()}
        carried = [check(key) for key in document["carried"]]
        reads = [_read(fields) for fields in document["reads"]]
        losses = [_is(loss, str) for loss in document.get("losses", [])]
        return Saved(overrides, carried, reads, _is(document["dropped"], int), losses)
    except (
        ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError
    ) as error:  # fmt: skip
        raise ConfigurationError(f"{path} is a damaged record: {error!r:.200}") from None


def _read(fields: dict[str, Any]) -> Read:
    if set(fields) != set(Read._fields):
        raise ValueError(f"a read has {', '.join(map(str, fields))}")
    origin, process = fields["origin"], fields["process"]
    checked: dict[str, Any] = {name: _is(fields[name], kind) for name, kind in _TYPES.items()}
    return Read(
        key=check(fields["key"]),
        value=from_json(fields["value"]),
        default=from_json(fields["default"]),
        origin=None if origin is None else Origin.unpack(origin),
        process=Process.unpack(process),
        **checked,
    )


def _is(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:
        raise TypeError(f"{value!r:.80} is not {kind.__name__}")
    return value
