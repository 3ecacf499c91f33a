"""Which member of a union is the type of a list or mapping, by what it is and by its parts."""

from __future__ import annotations

import collections.abc
import typing
from collections import deque
from collections.abc import Collection
from typing import Any, Literal

from .annotations import is_any, members_of, tuple_items
from .containers import SEQUENCES, is_mapping, parts_of
from .scalars import SCALARS_AND_TEXT
from .untyped import Untyped, UntypedText, plain

_OWN, _SAME, _KIN, _OTHER = range(4)
_EXACT, _SPELLING, _CHANGED = range(3)
_SETS = (set, frozenset, collections.abc.Set, collections.abc.MutableSet)
PARTED = (list, tuple, set, frozenset, deque, dict)
"""The types of values with parts, for each of which a converter may take another one."""


def nearest(value: object, members: list[Any]) -> list[Any]:
    """Return the members in the order in which a list, set or mapping is theirs.

    First those of its own type, then those of a type that it has as well, such as `Sequence`, then
    those that lose neither its order nor what it has twice; of several alike, first those whose
    parts are exactly of their types.  All else stays in order.
    """
    if len(members) < 2:
        return members
    by_rank: dict[int, list[Any]] = {}
    for hint in members:
        by_rank.setdefault(_rank(value, hint), []).append(hint)
    ordered: list[Any] = []
    for _, alike in sorted(by_rank.items()):
        if len(alike) > 1:  # only then: it looks at each part
            alike.sort(key=lambda hint: _distance_of_parts(value, hint))
        ordered += alike
    return ordered


def _rank(value: object, hint: Any) -> int:
    kind = typing.get_origin(hint) or hint
    if type(value) is kind:
        return _OWN
    try:
        if is_any(hint) or isinstance(value, kind):
            return _SAME
    except TypeError:  # most protocols cannot be asked
        return _OTHER
    is_list = kind is tuple or kind in SEQUENCES
    return _KIN if is_list and isinstance(value, _SETS) == (kind in _SETS) else _OTHER


def _distance(value: object, hint: Any) -> int:
    """Return how far a value, or what text means, is from having this type, and its parts theirs.

    Text without a type keeps its spelling where it becomes text, whatever else it means.
    """
    members = members_of(hint)
    if len(members) > 1:
        return min(_distance(value, one) for one in members)
    hint = members[0]
    if is_any(hint):
        return _EXACT
    found = value if isinstance(value, str) else parts_of(value)
    if found is None:
        found = plain(value)
    kind, args = typing.get_origin(hint) or hint, typing.get_args(hint)
    if kind is Literal:
        return min(_CHANGED * (type(one) is not type(found) or one != found) for one in args)
    if isinstance(found, PARTED):
        return _distance_of_parts(found, hint) if _rank(found, hint) < _KIN else _CHANGED
    if type(found) is kind:
        return _EXACT
    return _SPELLING if kind is str and type(value) is UntypedText else _CHANGED


def _distance_of_parts(parts: Any, hint: Any) -> int:
    kind, args = typing.get_origin(hint) or hint, typing.get_args(hint)
    is_list = kind in SEQUENCES or kind is tuple
    if not (is_mapping(kind) if isinstance(parts, dict) else is_list):
        return _CHANGED
    if not args:
        return _EXACT
    if isinstance(parts, dict):
        each = [(parts, args[0]), (parts.values(), args[-1])]
    elif kind is tuple:
        first, others, last = tuple_items(hint)
        between = len(parts) - len(first) - len(last)
        if between < 0 or (between and not others):
            return _CHANGED
        wanted = [*first, *others * between, *last]
        each = [((one,), hint) for one, hint in zip(parts, wanted, strict=True)]
    else:
        each = [(parts, args[0])]
    return max(_distance_of_all(items, item_hint) for items, item_hint in each)


def _distance_of_all(items: Collection[Any], hint: Any) -> int:
    kinds = set(map(type, items))
    if (
        isinstance(hint, type)
        and hint in SCALARS_AND_TEXT
        and not any(issubclass(kind, Untyped) for kind in kinds)
    ):
        return _EXACT if kinds <= {hint} else _CHANGED  # a long list of numbers, as most are
    found = _EXACT
    for one in items:
        found = max(found, _distance(one, hint))
        if found == _CHANGED:
            break
    return found
