"""Values as a record keeps them: in words, and, where they have one, in a spelling that is read.

`Color.RED` and `Opt(lr=0.1)` are words.  Beside them stands plain data with which the same program
gets the same value, for `operative` and for `-C RECORD`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from .._values.convert import NOTHING, Converter
from .._values.describe import (
    Description,
    Masked,
    Spelled,
    Unrestored,
    below,
    describe,
    has_secrets,
    has_spelled,
)
from .._values.scalars import SCALARS_AND_TEXT

_LARGE = (str, int, list, tuple, dict)
"""The types of plain data, which is described in words only where it is too large or secret."""
_MOST_BYTES = 1 << 16
_MOST_ITEMS = 1 << 13
"""Of one value that is kept as data, although only its words are shown."""
NO_DATA: Any = object()
HIDDEN = "it is a secret"
"""The reason for which a secret is left out."""
ONLY_WORDS = "a record has only its words: "
UNTYPED = "its reader names no type, and a record cannot hold "


def kept(
    key: str, value: object, convert: Converter | None = None, default: object = NOTHING
) -> Any:
    """Return a value as `describe` does, with the data of what is described in words.

    Where the converter of the reader is given, only data of which it makes the value again.
    """
    described = _with_data(key, describe(key, value), value)
    if convert is None or not has_spelled(described):
        return described
    from .restoring import only_restored

    return only_restored(described, _whole_data(key, described, value), value, convert, default)


def _whole_data(key: str, described: object, value: object) -> object:
    """Return the data of a value with its secrets, which its class may need."""
    if has_secrets(described):
        from .._values.spelling import spelled

        with suppress(Exception):  # as in `_spelled`
            return spelled(value, keeps_tuples=True)
    return data_of(key, described, {})


def _with_data(key: str, described: Any, value: Any) -> Any:
    if type(described) is Masked and type(value) not in _LARGE:
        return _spelled(key, described, value)  # of an instance, the fields that may be shown
    if type(described) is Description:
        if type(value) not in _LARGE:
            return _spelled(key, described, value)
        data = value if type(value) is str else describe(key, value, _MOST_ITEMS)
        words = _told_apart(described, value)
        return Spelled(words, data) if _may_be_kept(data) else words
    if type(described) is dict and type(value) is dict:
        return {
            kept_name(name, shown): _with_data(below(key, name), one, value[name])
            for (shown, one), name in zip(described.items(), value, strict=False)
        }
    if type(described) in (list, tuple):
        parts = [_with_data(key, one, item) for one, item in zip(described, value, strict=True)]
        return parts if type(described) is list else tuple(parts)
    return described


def kept_name(name: object, shown: Any = None) -> Any:
    """Return a name of a mapping in words, with its spelling in a file where that is another."""
    shown = describe("", name) if shown is None else shown
    if type(shown) is not Description:
        return shown
    from .._values.spelling import Unwritable, spelled_name

    try:
        return Spelled(shown, spelled_name(name))
    except Unwritable:
        return shown


def _spelled(key: str, words: Description, value: object) -> Description:
    from .._values.spelling import spelled  # most values are plain data

    try:
        data = describe(key, spelled(value, keeps_tuples=True))
    except Exception:  # noqa: BLE001  # it has no spelling, or its own code fails
        return _told_apart(words, value)
    words = _told_apart(words, value)
    return words if type(data) is Masked or _has_words(data) else Spelled(words, data)


def _told_apart(words: Description, value: object) -> Description:
    from .fingerprint import told_apart_words  # most values need no more than their words

    return told_apart_words(words, value)


def _may_be_kept(data: Any) -> bool:
    """Tell plain data of a size that a record may hold."""
    if _has_words(data) or has_secrets(data):
        return False
    import marshal

    return len(marshal.dumps(data)) <= _MOST_BYTES


def _has_words(data: object) -> bool:
    """Tell whether something in data has words alone, secrets aside."""
    if isinstance(data, dict):
        return any(map(_has_words, data)) or any(map(_has_words, data.values()))
    if isinstance(data, (list, tuple)):
        return any(map(_has_words, data))
    return isinstance(data, Description) and not isinstance(data, Masked)


def data_of(
    key: str, value: object, left_out: dict[str, str], *, is_for_people: bool = False
) -> Any:
    """Return the plain data of what a record keeps; `left_out` gets what has none, and why.

    A list is left out as a whole: without one item, it would be another list.  People are shown
    data that does not bring the value back, too.
    """
    if type(value) in SCALARS_AND_TEXT:  # which most are
        return value
    if isinstance(value, Spelled):
        if isinstance(value, Unrestored) and not is_for_people:
            left_out[key] = f"{UNTYPED}{value}"
            return NO_DATA
        return data_of(key, value.data, left_out) if has_secrets(value) else value.data
    if isinstance(value, (list, tuple)):
        items: list[Any] = []
        reasons: set[str] = set()
        for item in value:
            missing: dict[str, str] = {}
            items.append(data_of(key, item, missing, is_for_people=is_for_people))
            reasons.update(missing.values())
        if reasons:
            left_out[key] = HIDDEN if HIDDEN in reasons else min(reasons)
            return NO_DATA
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        parts = {
            data_of(key, name, left_out, is_for_people=is_for_people): data_of(
                below(key, name), one, left_out, is_for_people=is_for_people
            )
            for name, one in value.items()
        }
        found = {n: one for n, one in parts.items() if n is not NO_DATA and one is not NO_DATA}
        return found if found or not value else NO_DATA
    if isinstance(value, Description):
        left_out[key] = HIDDEN if isinstance(value, Masked) else f"{ONLY_WORDS}{value}"
        return NO_DATA
    return value
