"""The values of a cell as the store keeps them: as a user would type them, and by value.

A text stands for the value that is inferred from it, as `0.1` does for a number.  Where the value
is another one, as for a version `3.10` that is text, both are kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from typing import Any

from ..._values.describe import Description, describe, has_secrets
from ..._values.masking import MASK
from ..._values.untyped import Untyped, infer, plain
from ..shown import typed_text

_SCALARS = (str, int, float, bool, type(None))


def packed_cell(values: Mapping[str, object], converted: Mapping[str, object]) -> str:
    """Return a cell as JSON; `converted` has the values whose types are known by now."""
    kept: dict[str, object] = {}
    for key, value in values.items():
        if has_secrets(describe(key, value)):
            kept[key] = MASK
            continue
        typed = typed_text(key, value)
        whole = converted.get(key, value)
        if isinstance(whole, Description):  # as long lists are, too
            whole = value
        whole = plain(whole) if isinstance(whole, Untyped) else whole
        meant = whole if type(whole) in _SCALARS else typed_text(key, whole)
        kept[key] = typed if _is_same(infer(typed), whole, meant) else [typed, meant]
    return json.dumps(kept, separators=(",", ":"))


def unpacked_cell(text: str) -> tuple[dict[str, str], dict[str, object]]:
    """Return what was typed by key, and the values of those that mean something else."""
    typed: dict[str, Any] = json.loads(text)
    meant: dict[str, object] = {}
    for key, kept in typed.items():
        if not isinstance(kept, str):
            typed[key], meant[key] = kept
    return typed, meant


def _is_same(one: object, value: object, other: object) -> bool:
    if not isinstance(one, _SCALARS):
        # Not a text or a path that looks like one.
        return isinstance(value, (list, tuple, Set, Mapping))
    return type(one) is type(other) and (one == other or repr(one) == repr(other))
