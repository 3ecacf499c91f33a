"""The values of a cell as the store keeps them: as a user would type them, and by value.

A text stands for the value that is inferred from it, as `0.1` does for a number.  Where the value
is another one, as for a version `3.10` that is text, both are kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..._values.describe import describe, has_secrets, show
from ..._values.masking import MASK
from ..._values.spelling import Unwritable, spelled
from ..._values.untyped import Untyped, UntypedText, infer, plain

_SCALARS = (str, int, float, bool, type(None))


def packed_cell(values: Mapping[str, object], converted: Mapping[str, object]) -> str:
    """Return a cell as JSON; `converted` has the values whose types are known by now."""
    kept: dict[str, object] = {}
    for key, value in values.items():
        if has_secrets(describe(key, value)):
            kept[key] = MASK
            continue
        typed = typed_text(key, value)
        meant = _plain_value(key, converted.get(key, value))
        kept[key] = typed if _is_same(infer(typed), meant) else [typed, meant]
    return json.dumps(kept, separators=(",", ":"))


def unpacked_cell(text: str) -> tuple[dict[str, str], dict[str, object]]:
    """Return what was typed by key, and the values of those that mean something else."""
    typed: dict[str, Any] = json.loads(text)
    meant: dict[str, object] = {}
    for key, kept in typed.items():
        if not isinstance(kept, str):
            typed[key], meant[key] = kept
    return typed, meant


def typed_text(key: str, value: object) -> str:
    """Return how a user would type a value; words that describe it, where nobody could."""
    if isinstance(value, UntypedText):
        return value.text
    try:
        found = spelled(plain(value) if isinstance(value, Untyped) else value)
    except Unwritable:
        return show(key, value)
    if isinstance(found, str):
        return found
    if isinstance(found, float):
        return repr(found)
    try:
        return json.dumps(found, ensure_ascii=False)
    except (TypeError, ValueError):  # dates, which files have and JSON has not
        return str(found)


def _plain_value(key: str, value: object) -> object:
    """Return a scalar as it is, and anything else as its text."""
    value = plain(value) if isinstance(value, Untyped) else value
    return value if type(value) in _SCALARS else typed_text(key, value)


def _is_same(one: object, other: object) -> bool:
    if not isinstance(one, _SCALARS):
        return isinstance(other, str)  # a list or mapping means its text
    return type(one) is type(other) and (one == other or repr(one) == repr(other))
