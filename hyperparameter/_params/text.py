"""How a `Params` is written: ordered, as JSON, and how its values are shown."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from .._values.describe import describe
from .._values.keys import check
from .._values.secrets import MASK, is_secret
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


def shown(path: str, value: Any) -> str:
    """Return the value for a log line: text as it is, a secret masked."""
    if value is not None and is_secret(path):
        return MASK
    return value if isinstance(value, str) else str(describe(path, value))


def recordable(path: str) -> str:
    """Return `path` with its empty segments written as `""`: names in a record have none."""
    try:
        return check(path)
    except InvalidKey:
        return ".".join(segment or '""' for segment in path.split("."))


def ordered(
    params: dict[str, Any], preference_orders: Iterable[list[str]] | None = None
) -> OrderedDict[str, Any]:
    """Return `params` sorted by the lists, the first one first, and then by key."""
    orders = [list(order) for order in preference_orders or PREFERENCES]

    def rank(key: str) -> tuple[Any, ...]:
        return (*(order.index(key) if key in order else len(order) for order in orders), key)

    return _ordered(params, rank)


def _ordered(params: dict[str, Any], rank: Callable[[str], Any]) -> OrderedDict[str, Any]:
    try:
        keys = sorted(params, key=rank)
    except TypeError:
        raise ConfigurationError("Keys that are not all text cannot be put in order.") from None
    values = ((key, params[key]) for key in keys)
    return OrderedDict((k, _ordered(v, rank) if isinstance(v, dict) else v) for k, v in values)


def dumps(params: dict[str, Any], **options: Any) -> str:
    """Return JSON; `ConfigurationError` names what it cannot hold."""
    try:
        return json.dumps(params, **options)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"Not everything here can be written as JSON: {error}. Keep such values out of Params, "
            "or make plain data of them."
        ) from None
