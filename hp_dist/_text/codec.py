"""Scopes and baseline as text: JSON, for carriers that nobody should unpickle.

    {"format":"hyperparameter-scope","version":1,"digest":"…","scope":{…}}

It is printable ASCII on one line, so an environment, a header or a file takes it.  It is data:
whatever stands in it, reading it gives plain values or a `CarrierError`.  The digest is BLAKE2b of
the last value as it is written; it tells damage, and says nothing about the sender.

Values are what they are in JSON, with marks for what JSON would lose: `{"$int": "0x1f"}` for ints
of more digits than Python reads, `{"$str": [...]}` for surrogates that JSON would join, `{"$items":
[[key, value], ...]}` for dicts with such keys or with keys that look like marks.
"""

from __future__ import annotations

import json
import math
import re
from hashlib import blake2b
from typing import Any

from hyperparameter._engine_interface import DELETED, Layer, Origin, Process, UntypedText
from hyperparameter.context import Captured, Snapshot

from ..exceptions import CarrierError

VERSION = 1
MOST_CHARACTERS = 2**24
_MOST_DEPTH = 100
_MOST_BITS = 2048  # 617 digits, which no interpreter refuses to convert
_MOST_DIGITS = 618
_START = '{"format":"hyperparameter-scope","version":'
_VERSIONED = re.compile(re.escape(_START) + "([0-9]{1,9})[,}]")
_SEALED = re.compile(
    re.escape(f"{_START}{VERSION}") + r',"digest":"([0-9a-f]{32})","(scope|file)":(.*)\}',
    re.DOTALL,
)
_JOINED = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LAYER = {
    "origin": list, "closed": bool, "values": dict, "untyped": list, "deleted": list,
    "origins": dict,
}  # fmt: skip


class _Unfit(Exception):
    """Raised for a value that this text cannot hold; says what it is."""


def encode_text(captured: Captured) -> str:
    """Return what is active as text; `CarrierError` names the first value that does not fit."""
    left = [MOST_CHARACTERS]
    return seal(
        "scope",
        {
            "closed": captured.scopes.closed,
            "scopes": [_pack(layer.portable(), left) for layer in captured.scopes.scopes()],
            "baseline": [_pack(layer.portable(), left) for layer in captured.baseline.layers],
        },
    )


def decode_text(text: str) -> Captured:
    """Return what `encode_text` was given; `CarrierError` for any other text."""
    member, document = unseal(text)
    if member != "scope":
        raise CarrierError("This text names the file of a scope, it does not hold one: extract it.")
    return captured_from(document)


def captured_from(document: Any) -> Captured:
    """Return the scopes and the baseline from the document of a `scope`."""
    try:
        fields = fields_of(document, {"closed": bool, "scopes": list, "baseline": list})
        scopes = tuple(map(_unpack, fields["scopes"]))
        baseline = tuple(map(_unpack, fields["baseline"]))
    except (TypeError, ValueError, RecursionError) as error:
        raise damaged(error) from None
    closed = fields["closed"]
    visible = scopes if closed else scopes + baseline
    return Captured(Snapshot(visible, len(scopes), closed), Snapshot(baseline))


def seal(member: str, document: dict[str, Any]) -> str:
    """Return the text of a document, with format, version and digest."""
    body = json.dumps(document, allow_nan=False, check_circular=False, separators=(",", ":"))
    text = f'{_START}{VERSION},"digest":"{digest_of(body)}","{member}":{body}}}'
    if len(text) > MOST_CHARACTERS:
        raise CarrierError(
            f"As text the scope would take {len(text)} characters, more than {MOST_CHARACTERS}. "
            "Put the data into a file and its path into the scope."
        )
    return text


def unseal(text: str) -> tuple[str, Any]:
    """Return the name and the document that `seal` was given; `CarrierError` for other text."""
    if not isinstance(text, str):
        raise CarrierError(f"A carried scope is text, not {type(text).__name__}.")
    if len(text) > MOST_CHARACTERS or not text.isascii():
        raise CarrierError(f"This text of {len(text)} characters is not a carried scope.")
    versioned = _VERSIONED.match(text)
    if versioned is None:
        raise CarrierError(
            f"This text of {len(text)} characters is not a carried scope, or was cut short. "
            "Leave the variable unset where there is none."
        )
    if int(versioned[1]) != VERSION:
        raise CarrierError(
            f"The scope was written in text version {versioned[1]}, this side knows version "
            f"{VERSION}: install the same hyperparameter-dist on both sides."
        )
    sealed = _SEALED.fullmatch(text)
    if sealed is None or digest_of(sealed[3]) != sealed[1]:
        raise CarrierError("The carried scope was damaged on its way: its digest is wrong.")
    try:
        return sealed[2], json.loads(
            sealed[3],
            object_pairs_hook=_object,
            parse_int=_int,
            parse_float=_float,
            parse_constant=_float,
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise damaged(error) from None


def digest_of(text: str) -> str:
    return blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def damaged(error: Exception) -> CarrierError:
    return CarrierError(f"The carried scope is damaged: {type(error).__name__}: {error!s:.200}")


def fields_of(value: Any, kinds: dict[str, type]) -> dict[str, Any]:
    """Return `value` when it is a dict of exactly these names and types, else `ValueError`."""
    if type(value) is not dict or set(value) != set(kinds):
        raise ValueError(f"there is no {', '.join(kinds)} in {value!r:.80}")
    for name, kind in kinds.items():
        if type(value[name]) is not kind:
            raise ValueError(f"{name} is {value[name]!r:.80}")
    fields: dict[str, Any] = value
    return fields


def _pack(layer: Layer, left: list[int]) -> dict[str, Any]:
    """Return a portable layer as JSON; `left` counts the characters that there is room for."""
    values: dict[str, Any] = {}
    untyped, deleted = [], []
    for key, value in layer.values.items():
        try:
            if value is DELETED:
                deleted.append(_fit(key, left))
                values[key] = None
            elif type(value) is UntypedText:
                untyped.append(_fit(key, left))
                values[key] = _fit(value.text, left)
            else:
                left[0] -= len(key)
                values[key] = _fit(value, left)
        except _Unfit as problem:
            origin = layer.origin_of(key)
            raise CarrierError(
                f"Hyperparameter {key!r} ({origin}) cannot be carried as text: it {problem}. Text "
                "carries None, bool, int, finite float, str, and lists and dicts of them with text "
                "as keys: store it as one of them, or set it in the program that is started.",
                key=key,
                origin=origin,
            ) from None
    origins = {
        key: _origin(layer.origin_of(key)) for key in values if layer.origin_of(key) != layer.origin
    }
    return {
        "origin": _origin(layer.origin),
        "closed": layer.closed,
        "values": _mapping(values),
        "untyped": untyped,
        "deleted": deleted,
        "origins": _mapping(origins),
    }


def _origin(source: Any) -> Any:
    assert isinstance(source, Origin)  # a portable layer has looked up its places
    return _fit(source.pack(), [MOST_CHARACTERS])


def _fit(value: Any, left: list[int], depth: int = _MOST_DEPTH) -> Any:
    """Return `value` with marks in it, as `json` writes and reads it without a loss."""
    kind = type(value)
    left[0] -= 1 + (len(value) if kind in (str, list, dict) else 0)
    if left[0] < 0:
        raise _Unfit(f"takes the scope beyond {MOST_CHARACTERS} characters")
    if value is None or kind is bool or (kind is float and math.isfinite(value)):
        return value
    if kind is str:
        return _text(value)
    if kind is int:
        return value if value.bit_length() <= _MOST_BITS else {"$int": hex(value)}
    if kind is not list and kind is not dict:
        what = value if kind is float else f"of type {kind.__module__}.{kind.__qualname__}"
        raise _Unfit(f"{'is' if depth == _MOST_DEPTH else 'holds a value'} {what}")
    if not depth:
        raise _Unfit(f"is nested deeper than {_MOST_DEPTH} levels, or holds itself")
    if kind is list:
        return [_fit(item, left, depth - 1) for item in value]
    for key in value:
        if type(key) is not str:
            raise _Unfit(f"holds a dict with a key of type {type(key).__qualname__}")
        left[0] -= len(key)
    return _mapping({key: _fit(item, left, depth - 1) for key, item in value.items()})


def _text(text: str) -> Any:
    """JSON reads a high and a low surrogate side by side as one character; keep them apart."""
    if text.isascii() or not _JOINED.search(text):
        return text
    return {"$str": list(text)}


def _mapping(fitted: dict[str, Any]) -> dict[str, Any]:
    if all(key[:1] != "$" and _text(key) is key for key in fitted):
        return fitted
    return {"$items": [[_text(key), value] for key, value in fitted.items()]}


def _object(pairs: list[tuple[str, Any]]) -> Any:
    """Return what an object in the text stands for: a dict, or what its mark says."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    if not any(key[:1] == "$" for key in found):
        return found
    mark, inner = pairs[0]
    if len(pairs) == 1 and mark == "$int" and isinstance(inner, str):
        return int(inner, 16)
    if len(pairs) == 1 and mark == "$str" and isinstance(inner, list):
        return "".join(inner)
    if len(pairs) == 1 and mark == "$items" and isinstance(inner, list):
        return _items(inner)
    raise ValueError(f"{mark!r:.80} is no mark of a value")


def _items(pairs: list[Any]) -> dict[str, Any]:
    if not all(type(pair) is list and len(pair) == 2 and type(pair[0]) is str for pair in pairs):
        raise ValueError("an item is no pair of a text and a value")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice among items")
    return found


def _int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text:.80} is no number")
    return number


def _unpack(packed: Any) -> Layer:
    fields = fields_of(packed, _LAYER)
    values = fields["values"]
    for key in values:
        if "" in key.split("."):
            raise ValueError(f"{key!r:.80} is no key")
    _check_depth(values)
    for key in fields["untyped"]:
        if type(values.get(key)) is not str:
            raise ValueError(f"{key!r:.80} is no untyped text")
        values[key] = UntypedText(values[key])
    for key in fields["deleted"]:
        if values.get(key, "") is not None:
            raise ValueError(f"{key!r:.80} is not deleted")
        values[key] = DELETED
    if not fields["origins"].keys() <= values.keys():
        raise ValueError("there is an origin of nothing")
    origins = {key: _origin_of(packed) for key, packed in fields["origins"].items()}
    return Layer(values, _origin_of(fields["origin"]), origins, fields["closed"])


def _origin_of(packed: Any) -> Origin:
    origin = Origin.unpack(packed)
    if origin.process is not None:
        check_pid(origin.process)
    return origin


def check_pid(process: Process) -> None:
    """Raise `ValueError` for a pid that no system has: Python would refuse to print it."""
    if process.pid.bit_length() > 64:
        raise ValueError(f"a pid has {process.pid.bit_length()} bits")


def _check_depth(values: dict[str, Any]) -> None:
    level = list(values.values())
    for _ in range(_MOST_DEPTH + 1):
        boxes = [item for item in level if type(item) in (list, dict)]
        if not boxes:
            return
        level = [item for box in boxes for item in (box if type(box) is list else box.values())]
    raise ValueError(f"a value is nested deeper than {_MOST_DEPTH} levels")
