"""How a `Params` is written: in order, as JSON, and how its values appear in a log."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from .._values.describe import describe
from .._values.keys import check
from .._values.masking import masked_value
from .._values.secrets import is_secret
from ..exceptions import ConfigurationError, InvalidKey

PREFERENCES = [
    [
        "dataset_reader",
        "iterator",
        "model",
        "train_data_path",
        "validation_data_path",
        "test_data_path",
        "trainer",
        "vocabulary",
    ],
    ["type"],
]
"""The order of the reference."""

Rank = tuple[int | str, ...]


def log_text(path: str, value: object) -> str:
    """Return the value for a log line: text as it is, a secret masked."""
    if isinstance(value, str):
        return masked_value(path, value) if is_secret(path, value) else value
    return str(describe(path, value))


def record_key(path: str) -> str:
    """Return `path` as the key of a record, which has no empty segments: they become `""`."""
    try:
        return check(path)
    except InvalidKey:
        return ".".join(segment or '""' for segment in path.split("."))


def ordered(
    params: dict[str, Any], preference_orders: Iterable[list[str]] | None = None
) -> OrderedDict[str, Any]:
    """Return `params` sorted by the lists, the first one first, and then by key."""
    orders = [list(order) for order in preference_orders or PREFERENCES]

    def rank(key: str) -> Rank:
        return (*(order.index(key) if key in order else len(order) for order in orders), key)

    return _ordered(params, rank)


def _ordered(params: dict[str, Any], rank: Callable[[str], Rank]) -> OrderedDict[str, Any]:
    try:
        keys = sorted(params, key=rank)
    except TypeError:
        raise ConfigurationError(
            "The keys cannot be put in order, because not all of them are text. Use text as keys."
        ) from None
    values = ((key, params[key]) for key in keys)
    return OrderedDict((k, _ordered(v, rank) if isinstance(v, dict) else v) for k, v in values)


def dumps(params: dict[str, Any], *, indent: int | None = None, sort_keys: bool = False) -> str:
    """Return JSON; `ConfigurationError` names a value that JSON cannot hold."""
    try:
        return json.dumps(params, indent=indent, sort_keys=sort_keys)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"The parameters cannot be written as JSON: {error}. Keep such values out of Params, "
            "or convert them to plain data."
        ) from None
