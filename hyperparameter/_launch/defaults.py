"""Defaults in help: as one would type them."""

from __future__ import annotations

import json
from collections import deque
from itertools import islice

from .._values.describe import describe, has_secrets, show
from .._values.masking import masked_text
from .._values.secrets import is_taken_out
from .._values.spelling import Unwritable, spelled

_LISTS = (list, tuple, set, frozenset, deque)
_MOST_ITEMS = 20
_MOST_TEXT = 120


def typed(key: str, default: object, *, as_words: bool) -> str:
    """Return what one would type for a default, masked: `cpu`, `0.1`, `a b`, `{"a": 1}`.

    `as_words` tells that a list is typed word by word.  What nobody can type is described.
    """
    try:
        if has_secrets(describe(key, default)):
            return show(key, default)
        text = _typed(default, as_words)
    except Unwritable:
        return show(key, default)
    except Exception:  # noqa: BLE001  # whatever a user's object raises: help must not fail
        return show(key, default)
    text = text if is_taken_out(key) else masked_text(text)
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 3]}..."


def _typed(default: object, as_words: bool) -> str:
    if isinstance(default, _LISTS) and len(default) > _MOST_ITEMS:
        items = [] if isinstance(default, (set, frozenset)) else islice(default, 10)
        return " ".join([*map(_word, map(spelled, items)), f"... ({len(default)} items)"])
    plain = spelled(default)
    if isinstance(plain, list) and plain and as_words:
        return " ".join(map(_word, plain))
    if isinstance(plain, str):
        return _text(plain)
    return _json(plain) if isinstance(plain, (list, dict)) else str(plain)


def _text(text: str) -> str:
    """Return text as it is, in quotes where one could not see it."""
    return text if text.isprintable() and text == text.strip() != "" else _json(text)


def _word(item: object) -> str:
    if isinstance(item, str):
        return _text(item) if len(item.split()) == 1 else _json(item)
    return _json(item) if isinstance(item, (list, dict)) else str(item)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
