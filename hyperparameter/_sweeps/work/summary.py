"""What a table shows of a result: numbers and short texts by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..._values.describe import show
from ..._values.masking import MASK
from ..._values.secrets import is_number, is_secret
from ..objective import WHOLE

_MOST_NAMES, _MOST_TEXT = 100, 200
_MOST_BITS = 1990  # 600 digits, which every interpreter converts, whatever its limit is set to


def summary_of(value: object) -> str:
    """Return as JSON what a table shows of a result.

    Names inside of others are joined by dots.  A value that is not a mapping is called `result`.
    """
    found: dict[str, object] = {}
    _add(found, "", value)
    return json.dumps(found, separators=(",", ":"))


def _add(found: dict[str, object], name: str, value: object) -> None:
    if isinstance(value, Mapping) and name.count(".") < 8:
        for inner, one in list(value.items())[:_MOST_NAMES]:
            _add(found, f"{name}.{inner}" if name else str(inner), one)
    elif len(found) < _MOST_NAMES:
        found[name or WHOLE] = _shown(name, value)


def _shown(name: str, value: object) -> object:
    """Return a scalar of any library as JSON has it, other values in short words."""
    if name and is_secret(name, value):
        return MASK
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if len(value) <= _MOST_TEXT else f"{value[:_MOST_TEXT]}…"
    if is_number(value):
        return _number(value)
    # What is `__main__` for the user has another name in a worker that imports it.
    return show(name, value).replace("__mp_main__.", "__main__.")


def _number(value: Any) -> object:
    try:
        item = getattr(value, "item", None)  # of the scalars of numpy, torch and others
        value = item() if callable(item) else value
        if isinstance(value, (bool, float)):
            return bool(value) if isinstance(value, bool) else float(value)
        if not hasattr(type(value), "__index__"):
            return float(value)
        whole = int(value)
        return whole if whole.bit_length() <= _MOST_BITS else show("", whole)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # complex ones, or a tensor
        return show("", value)
