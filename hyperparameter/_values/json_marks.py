"""JSON with marks for what JSON would lose: `{"$float": "inf"}`, `{"$tuple": [1, 2]}`.

A mapping whose keys JSON cannot hold, or whose keys look like marks, is `{"$items": [...]}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")

Readers = Mapping[str, Callable[[object], object]]
"""What each mark means; `ValueError` or `TypeError` for an inner value that it never has."""


def needs_items(keys: Iterable[object]) -> bool:
    """Tell whether a mapping with these keys has to be written as a list of items."""
    return not all(type(key) is str and not key.startswith("$") for key in keys)


def unmarked(found: dict[str, object], readers: Readers) -> object:
    """Return an object of JSON as it is, or what its mark says; `ValueError` for other marks."""
    mark = next((key for key in found if key.startswith("$")), None)
    if mark is None:
        return found
    if len(found) > 1 or mark not in readers:
        raise ValueError(f"{mark!r:.80} is not a mark of a value")
    return readers[mark](found[mark])


def pairs_of(inner: object) -> list[tuple[object, object]]:
    """Return the pairs that `$items` has; `ValueError` for anything else."""
    return [(key, value) for key, value in checked(inner, list)]


def checked(inner: object, kind: type[T]) -> T:
    """Return `inner` if it has the type that its mark requires; `ValueError` otherwise."""
    if type(inner) is not kind:
        raise ValueError(f"{inner!r:.80} is not a {kind.__name__}")
    return inner
