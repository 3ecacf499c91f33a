"""Toward lists, tuples, sets and mappings, whose items have converters of their own."""

from __future__ import annotations

import collections
import collections.abc
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from .checking import UNSEEN, mode
from .convert import NOTHING, Converter, Unconvertible, Unset, part
from .keys import is_key
from .landing import landed
from .own_class import emptied, filled
from .structures import structure_of
from .untyped import REMOVED, EmptyVariable, UntypedText, UntypedTree, as_untyped, is_null, plain

SEQUENCES: dict[object, Callable[[list[object]], object]] = {
    list: list, tuple: tuple, set: set, frozenset: frozenset, collections.deque: collections.deque,
    collections.abc.Sequence: list, collections.abc.MutableSequence: list,
    collections.abc.Iterable: list, collections.abc.Collection: list,
    collections.abc.Set: set, collections.abc.MutableSet: set,
}  # fmt: skip
"""What builds a sequence of each kind."""

MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_GIVEN = (list, tuple, set, frozenset, collections.deque)


def is_mapping(kind: object) -> bool:
    return kind in MAPPINGS or (isinstance(kind, type) and issubclass(kind, dict))


def sequence(kind: Any, to_item: Converter) -> Converter:
    """Return the converter toward a sequence of any length."""
    build = SEQUENCES[kind]

    def convert(value: object, _: object) -> object:
        items = _items(value)
        made = [part(to_item, item, index) for index, item in enumerate(items)]
        if isinstance(value, kind) and all(map(_same, made, items)):
            return value  # the very one that was given
        try:
            return build(made)
        except TypeError as error:  # an item of a set without a hash
            raise Unconvertible(str(error), value=value) from None

    return convert


def tuple_of(first: list[Converter], others: list[Converter], last: list[Converter]) -> Converter:
    """Return the converter toward a tuple; see `annotations.tuple_items`."""
    size = len(first) + len(last)
    wanted = "a list" if others else "a list of 1 item" if size == 1 else f"a list of {size} items"

    def convert(value: object, _: object) -> object:
        items = _items(value, wanted)
        count = len(items) - size
        if count < 0 or (count and not others):
            least = f"at least {size}" if others else size
            reason = f"{least} items are wanted, {len(items)} were given"
            raise Unconvertible(reason, value=value)
        to_items = [*first, *others * count, *last]
        made = tuple(
            part(to_item, item, index)
            for index, (to_item, item) in enumerate(zip(to_items, items, strict=True))
        )
        return value if type(value) is tuple and all(map(_same, made, items)) else made

    return convert


def mapping(kind: Any, to_key: Converter | None, to_item: Converter) -> Converter:
    """Return the converter toward a mapping, which joins what is below it name by name.

    Without a type for its names they stay as they are.
    """

    def convert(value: object, below: object) -> object:
        given = names_of(value)
        made: dict[object, object] = {}
        if isinstance(below, Mapping) and all(map(is_key, given)):
            made = dict(below)
        new: set[object] = set()
        own = value.kind if type(value) is UntypedTree else emptied(value)
        is_set = not given or own is not None
        for name, written in landed(given, made, parts_of).items():
            typed = plain(name)
            if to_key is not None:
                typed = part(to_key, UntypedText(name) if isinstance(name, str) else name, name)
            if typed in new and typed is not UNSEEN:
                raise Unconvertible(f"two of its names are {typed!r:.80}", value=value)
            new.add(typed)
            for one in written:
                with suppress(Unset):
                    if one is REMOVED:
                        made.pop(typed, None)
                    else:
                        made[typed] = part(to_item, one, name, made.get(typed, NOTHING))
                    is_set = is_set or one is not REMOVED or isinstance(below, Mapping)
        if not is_set:  # by variables that are empty, or names that are taken away
            raise Unset
        return _built(kind, made, own if own is not None else emptied(below))

    return convert


def _built(kind: Any, made: dict[object, object], like: dict[Any, Any] | None) -> object:
    if mode.is_on:
        return made
    if like is not None and isinstance(like, kind):  # a defaultdict has more than its items
        return filled(like, made)
    if kind in MAPPINGS:
        return made
    if issubclass(kind, collections.defaultdict):
        return kind(None, made)
    return kind(made)


def _same(one: object, other: object) -> bool:
    return one is other


def _items(value: object, wanted: str = "a list") -> list[object]:
    found = parts_of(value)
    if isinstance(found, _GIVEN):
        return list(found)
    check_named_once(value)
    raise Unconvertible(wanted=wanted, value=value)


def parts_of(value: object) -> object:
    """Return the list or mapping that a value is, or that text is as JSON; else the value."""
    if isinstance(value, UntypedTree):
        return _untyped_parts(value.value)
    if isinstance(value, (str, UntypedText)):
        text = (value.text if isinstance(value, UntypedText) else value).strip()
        if text[:1] not in ("[", "{"):
            return None
        from .json_text import loads  # most text is a word

        try:
            return _untyped_parts(loads(text, is_word=True))
        except (ValueError, RecursionError):
            return None
    return value


def check_named_once(value: object) -> None:
    """Raise `Unconvertible` for text that would be a list or mapping, if it named no key twice."""
    text = value.text if isinstance(value, UntypedText) else value
    if isinstance(text, str) and text.lstrip()[:1] in ("{", "["):
        from .json_text import loads
        from .named_twice import NamedTwice

        try:
            loads(text, is_word=True)
        except NamedTwice as error:
            raise Unconvertible(str(error), value=value) from None
        except (ValueError, RecursionError):
            return


def names_written(value: object) -> Mapping[str, object] | None:
    """Return the names that a mapping writes; None for other values, and for one that is whole."""
    if isinstance(value, (dict, UntypedTree)) or (
        type(value) is UntypedText and value.text.lstrip()[:1] == "{"
    ):
        found = parts_of(value)
        if isinstance(found, dict) and issubclass(type(found), dict) and all(map(is_key, found)):
            return found
    return None


def takes_place(value: object) -> bool:
    """Tell a value that takes the place of all below it: a mapping may join what is there."""
    return type(value) is not EmptyVariable and names_written(value) is None


def takes_parts(value: object) -> bool:
    """Tell whether a mapping joins a value; it takes the place of a number, a text or a list."""
    if value is None or value is REMOVED or is_null(value) or names_written(value) is not None:
        return True
    return structure_of(type(value)) is not None


def _untyped_parts(value: object) -> object:
    """Return a list or mapping whose own lists and mappings may have untyped parts as well."""
    if isinstance(value, dict):
        return {name: as_untyped(one) for name, one in value.items()}
    return [as_untyped(one) for one in value] if isinstance(value, list) else value


def names_of(value: object) -> Mapping[Any, object]:
    """Return the mapping that a value is; `Unconvertible` for anything else."""
    found: Any = parts_of(value)
    if isinstance(found, Mapping):
        return found
    if found is not None and hasattr(type(found), "keys") and not isinstance(found, type):
        return {name: found[name] for name in found.keys()}  # noqa: SIM118  # keys, but no Mapping
    check_named_once(value)
    raise Unconvertible(wanted="a mapping", value=value)
