"""Scopes and baseline as text: JSON, for carriers that nobody should unpickle.

    {"format":"hyperparameter-scope","version":3,"digest":"…","scope":{…}}

It is printable ASCII on one line, so that an environment, a header or a file can hold it.  It is
data: whatever the text says, reading it gives plain values or raises `CarrierError`.  The digest
is BLAKE2b of the last value as it is written; it detects damage, and says nothing about the sender.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from hyperparameter._engine_interface import (
    DELETED,
    REMOVED,
    SHADOWED,
    Layer,
    Origin,
    Process,
    is_needless,
    is_shadowed,
)
from hyperparameter.context import Captured, Snapshot

from ..exceptions import CarrierError
from .json_values import Json, JsonWriter, Unfit, check_values, dumps, loads, mapping

VERSION = 3
MOST_CHARACTERS = 2**24
_START = '{"format":"hyperparameter-scope","version":'
# Expressions, not a parser: a text is judged by its digest before anything in it is parsed.
_VERSIONED = re.compile(re.escape(_START) + "([0-9]{1,9})[,}]")
_SEALED = re.compile(
    re.escape(f"{_START}{VERSION}") + r',"digest":"([0-9a-f]{32})","(scope|file)":(.*)\}',
    re.DOTALL,
)
_LAYER = {
    "origin": list, "closed": bool, "values": dict, "deleted": list, "removed": list,
    "shadowed": list, "origins": dict, "names": dict,
}  # fmt: skip


def encode_text(captured: Captured) -> str:
    """Return what is active as text; `CarrierError` names the first value that does not fit."""
    writer = JsonWriter(MOST_CHARACTERS)
    scopes, baseline = captured.scopes.scopes(), captured.baseline.layers
    return seal(
        "scope",
        {
            "closed": captured.scopes.closed,
            "scopes": _pack(scopes, writer),
            "baseline": _pack(baseline, writer),
        },
    )


def decode_text(text: str) -> Captured:
    """Return what `encode_text` was given; `CarrierError` for any other text."""
    member, document = unseal(text)
    if member != "scope":
        raise CarrierError(
            "This text does not hold a scope, it names the file of one: pass it to hp_dist.extract."
        )
    return captured_from(document)


def captured_from(document: object) -> Captured:
    """Return the scopes and the baseline from the document of a `scope`."""
    try:
        fields = fields_of(document, {"closed": bool, "scopes": list, "baseline": list})
        scopes, baseline = _unpack(fields["scopes"]), _unpack(fields["baseline"])
    except (TypeError, ValueError, RecursionError) as error:
        raise damaged(error) from None
    closed = fields["closed"]
    visible = scopes if closed else scopes + baseline
    return Captured(Snapshot(visible, len(scopes), closed), Snapshot(baseline))


def seal(member: str, document: dict[str, Json]) -> str:
    """Return the text of a document, with format, version and digest."""
    # Not one `$`: Ray expands variables in the environment that it sets, as shells do.
    body = dumps(document).replace("$", "\\u0024")
    text = f'{_START}{VERSION},"digest":"{digest_of(body)}","{member}":{body}}}'
    if len(text) > MOST_CHARACTERS:
        raise CarrierError(
            f"As text the scope would take {len(text)} characters, more than {MOST_CHARACTERS}. "
            "Put the data into a file and its path into the scope."
        )
    return text


def unseal(text: object) -> tuple[str, object]:
    """Return the name and the document that `seal` was given; `CarrierError` for other text."""
    if not isinstance(text, str):
        raise CarrierError(f"A carried scope is text, not {type(text).__name__}.")
    if len(text) > MOST_CHARACTERS or not text.isascii():
        raise CarrierError(f"This text of {len(text)} characters is not a carried scope.")
    versioned = _VERSIONED.match(text)
    if versioned is None:
        raise CarrierError(
            f"This text of {len(text)} characters is not a carried scope, or was cut short. "
            "Leave the variable unset where no scope is to be carried."
        )
    if int(versioned[1]) != VERSION:
        raise CarrierError(
            f"The scope was written in text version {versioned[1]}, this side knows version "
            f"{VERSION}: install the same hyperparameter-dist on both sides."
        )
    sealed = _SEALED.fullmatch(text)
    if sealed is None or digest_of(sealed[3]) != sealed[1]:
        raise CarrierError(
            "The carried scope was damaged on its way: its digest does not match. Inject it again."
        )
    try:
        return sealed[2], loads(sealed[3])
    except (TypeError, ValueError, RecursionError) as error:
        raise damaged(error) from None


def digest_of(text: str) -> str:
    return blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def damaged(error: Exception) -> CarrierError:
    return CarrierError(f"The carried scope is damaged: {type(error).__name__}: {error!s:.200}")


def fields_of(value: object, kinds: dict[str, type]) -> dict[str, Any]:
    """Return `value` when it is a dict of exactly these names and types, else `ValueError`."""
    if type(value) is not dict or set(value) != set(kinds):
        raise ValueError(f"expected an object with {', '.join(kinds)}, not {value!r:.80}")
    for name, kind in kinds.items():
        if type(value[name]) is not kind:
            raise ValueError(f"{name} is {value[name]!r:.80}")
    return value


def _pack(layers: Sequence[Layer], writer: JsonWriter) -> list[Json]:
    """Return layers as JSON, innermost first."""
    return [
        _pack_layer(layer.portable(), layers[:index], writer) for index, layer in enumerate(layers)
    ]


def _pack_layer(layer: Layer, above: Sequence[Layer], writer: JsonWriter) -> Json:
    """Return a portable layer as JSON, without the values that those above hide."""
    values: dict[str, Json] = {}
    markers: dict[object, list[Json]] = {DELETED: [], REMOVED: [], SHADOWED: []}
    names: dict[str, Json] = {}
    key = ""
    try:
        for key, value in layer.values.items():
            marker = SHADOWED if is_needless(key, value, above) else value
            if marker is DELETED or marker is REMOVED or marker is SHADOWED:
                markers[marker].append(writer.write(key))
                values[key] = None
            else:
                writer.take(len(key))
                values[key] = writer.write(value)
        for key, kind in layer.kinds.items():
            if not is_shadowed(key, above):
                raise Unfit.of_type(kind, "is")
        for key, written in layer.names.items():
            names[key] = writer.write([*written])
    except Unfit as problem:
        raise _cannot_be_text(key, layer.origin_of(key), problem) from None
    origins = {
        key: _origin(layer.origin_of(key)) for key in values if layer.origin_of(key) != layer.origin
    }
    return {
        "origin": _origin(layer.origin),
        "closed": layer.closed,
        "values": mapping(values),
        "deleted": markers[DELETED],
        "removed": markers[REMOVED],
        "shadowed": markers[SHADOWED],
        "origins": mapping(origins),
        "names": mapping(names),
    }


def _cannot_be_text(key: str, origin: object, problem: Unfit) -> CarrierError:
    return CarrierError(
        f"Hyperparameter {key!r} ({origin}) cannot be carried as text: it {problem}. Text holds "
        "None, bool, int, finite float, str, and lists and dicts of these with str as keys: store "
        "it as one of these, or set it in the program that is started.",
        key=key,
        origin=origin,
    )


def _origin(source: object) -> Json:
    assert isinstance(source, Origin)  # a portable layer has looked up its places
    return JsonWriter(MOST_CHARACTERS).write(source.pack())


def _unpack(packed: list[object]) -> tuple[Layer, ...]:
    layers = tuple(map(_unpack_layer, packed))
    for index, layer in enumerate(layers):
        for key, value in layer.values.items():
            if value is SHADOWED and not is_shadowed(key, layers[:index]):
                raise ValueError(f"{key!r:.80} is not shadowed")
    return layers


def _unpack_layer(packed: object) -> Layer:
    fields = fields_of(packed, _LAYER)
    values = fields["values"]
    for key in values:
        if "" in key.split("."):
            raise ValueError(f"{key!r:.80} is not a key")
    check_values(values)
    for marker, name in ((DELETED, "deleted"), (REMOVED, "removed"), (SHADOWED, "shadowed")):
        for key in fields[name]:
            if values.get(key, "") is not None:
                raise ValueError(f"{key!r:.80} is not {name}")
            values[key] = marker
    names = {key: _names(key, given) for key, given in fields["names"].items()}
    _check_are_mappings(names.keys() - values.keys(), values)
    if not fields["origins"].keys() <= values.keys():
        raise ValueError("an origin belongs to no value")
    origins = {key: _origin_of(packed) for key, packed in fields["origins"].items()}
    return Layer(values, _origin_of(fields["origin"]), origins, fields["closed"], names)


def _check_are_mappings(keys: Iterable[str], values: Iterable[str]) -> None:
    """Raise `ValueError` for a key that has a name and no value, unless values are below it."""
    ordered = sorted(values)
    for key in keys:
        first = bisect_left(ordered, f"{key}.")
        if not any(one.startswith(f"{key}.") for one in ordered[first : first + 1]):
            raise ValueError("names belong to no value")


def _names(key: str, given: object) -> tuple[str, ...]:
    # Not only what joins to the key: text is a sequence of names too.
    if type(given) is not list or ".".join(given) != key:
        raise ValueError(f"{given!r:.80} are not the names in {key!r:.80}")
    return tuple(given)


def _origin_of(packed: object) -> Origin:
    origin = Origin.unpack(packed)
    if origin.process is not None:
        check_pid(origin.process)
    return origin


def check_pid(process: Process) -> None:
    """Raise `ValueError` for a pid that no system has: Python would refuse to print it."""
    if process.pid.bit_length() > 64:
        raise ValueError(f"a pid has {process.pid.bit_length()} bits")
