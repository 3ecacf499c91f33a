"""What a layer takes away of the layers below it, besides the values of its own keys.

Its markers go in front of its values: a layer that sets a key itself keeps that behind them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .._values.containers import names_written, takes_parts
from .._values.fields import is_structure
from .._values.keys import prefixes
from .._values.landing import Spelling, is_inside
from .._values.untyped import REMOVED, UntypedText, may_be_mapping
from .markers import DELETED

Names = tuple[str, ...]

if TYPE_CHECKING:
    from typing import Protocol
else:  # as in `_scopes.recorder`
    Protocol = object


class HasNames(Protocol):
    @property
    def names(self) -> Mapping[str, Names]: ...


class Below(Protocol):
    """The layers that something is taken away of."""

    def find(self, key: str) -> tuple[Any, object] | None: ...
    def has_below(self, key: str) -> bool: ...
    def keys_at(self, key: str) -> Iterator[tuple[HasNames, Collection[str]]]: ...


def replaced(
    values: Mapping[str, object], names: Mapping[str, Names], below: Below
) -> dict[str, object]:
    """Return the removal of what mappings and instances take the place of.

    A mapping takes the place of a value at its key, an instance of all that is below its key.
    """
    taken: dict[str, object] = {}
    for key in names:
        if key not in values:
            if (found := below.find(key)) is not None and not takes_parts(found[0]):
                taken[key] = REMOVED
        elif is_structure(values[key]) and below.has_below(key):
            taken.update(dict.fromkeys(_inside(below, key), DELETED))
    return taken


def in_words(values: Mapping[str, object]) -> dict[str, object]:
    """Return the deletion of each key that a mapping in one word sets, in front of that word.

    So a read of such a key never finds an older value: it is told that the word is in its way.
    """
    words = {k: v for k, v in values.items() if type(v) is UntypedText and may_be_mapping(v)}
    found = [flat for key, word in words.items() for flat in _set_by(key, word)]
    return {flat: DELETED for flat in found if flat not in values}


def _set_by(key: str, word: object) -> Iterator[str]:
    for name, part in (names_written(word) or {}).items():
        yield f"{key}.{name}"
        yield from _set_by(f"{key}.{name}", part)


def removed(values: Mapping[str, object], below: Below) -> dict[str, object]:
    """Return the deletion of each key that is below one whose value is `REMOVED`."""
    keys = [key for key, value in values.items() if value is REMOVED]
    return {flat: DELETED for key in keys for flat in _inside(below, key)}


def _inside(below: Below, key: str) -> Iterator[str]:
    """Yield the keys of all that has been written in the mapping at a key, mappings included."""
    start = f"{key}."
    known: set[str] = set()
    found: dict[str, Names | None] = {}
    spelling = Spelling(known.__contains__)
    for layer, keys in below.keys_at(key):
        mappings = [flat for flat in layer.names if flat.startswith(start)]
        for flat in dict.fromkeys([*(one for one in keys if one != key), *mappings]):
            names = spelling.landing(flat, layer.names.get(flat))
            spelling.add(flat, names)
            known.update((flat, *prefixes([flat])))
            found.setdefault(flat, names)
    return (flat for flat, names in found.items() if is_inside(flat, names, key))
