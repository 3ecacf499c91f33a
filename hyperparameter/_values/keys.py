"""Dotted names: checking them, and getting from nested mappings to flat ones and back."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from ..exceptions import InvalidKey
from .fields import is_structure
from .own_class import emptied
from .scalars import SCALARS_AND_TEXT

PUBLIC_NAMES = frozenset(
    ["keys", "storage", "update", "clear", "empty", "current", "frozen", "init"]
)
"""The public names on scopes.  As a first segment of a key these need `scope["keys"]`."""

MAX_DEPTH = 200
"""How deep a nested mapping may be: far beyond any real configuration, far below the C stack."""

_MAX_KNOWN = 16_384
_NEAR = 0.7  # the similarity from which a person may have meant the other key
_MOST_TYPED = 200  # characters; nobody types longer keys, and comparing them takes minutes
KNOWN: set[str] = set()
"""Keys that have passed `check` before: most are checked again and again."""


def check(key: object) -> str:
    """Return `key` if it is a dotted name, otherwise raise `InvalidKey`."""
    if type(key) is str and key in KNOWN:
        return key
    if not isinstance(key, str):
        raise InvalidKey(
            f"A key must be text, not {type(key).__name__}: {key!r:.80}. "
            "Write the key as a string, or keep the mapping out of the scope.",
        )
    if not is_key(key):
        raise InvalidKey(
            f"Key {key!r:.200} has an empty segment. Write it as names joined by single dots.",
            key=key,
        )
    key = str.__str__(key)  # of a subclass of str, the plain text: its methods may be the user's
    if not key.isascii():
        from unicodedata import normalize

        key = normalize("NFC", key)  # as Python does with identifiers
    if len(KNOWN) >= _MAX_KNOWN:
        KNOWN.clear()
    KNOWN.add(key)
    return key


Flat = tuple[dict[str, Any], dict[str, tuple[str, ...]], dict[str, dict[Any, Any]]]
"""The values of a mapping by flat keys, with names and kinds.

Names are, for each key that holds a written name with a dot in it, all its names, those of each
instance of a class with fields, and those of each key whose value was a mapping, and which
therefore is not among the values; kinds, for each nested mapping of a class of its own, an empty
one.
"""


def flatten(params: Mapping[Any, Any]) -> Flat:
    """Return `params` by flat keys, in order.

    An empty mapping stays a value, and so does a nested mapping with a name that cannot be a key.
    `InvalidKey` for such names at the top, for two names with the same flat key and different
    values, for mappings that contain themselves or that are nested deeper than `MAX_DEPTH`.
    """
    values: dict[str, Any] = {}
    names: dict[str, tuple[str, ...]] = {}
    kinds: dict[str, dict[Any, Any]] = {}
    # An explicit stack: the depth of user data must not reach the interpreter's.
    stack: list[tuple[str, tuple[str, ...], bool, Iterator[Any]]] = []
    stack.append(("", (), True, _items(params)))
    open_ids = [id(params)]
    while stack:
        base, path, splits, items = stack[-1]
        for name, value in items:
            key = check(name)
            # What is written with dots at the top, or in a scope, is a path; further down, a name.
            steps = (*path, *key.split(".")) if splits else (*path, key)
            key = check(f"{base}.{key}") if base else key
            if is_nested(value):
                _check_depth(key, id(value) in open_ids, len(stack))
                names[key] = steps
                stack.append((key, steps, hasattr(type(value), "__hp_flat__"), _items(value)))
                open_ids.append(id(value))
                if (kind := emptied(value)) is not None:
                    kinds[key] = kind
                break
            _check_value(key, value, values)
            values.setdefault(key, value)
            is_whole = type(value) not in SCALARS_AND_TEXT and is_structure(value)
            if is_whole or (not splits and len(steps) <= key.count(".")):
                names[key] = steps
        else:
            stack.pop()
            open_ids.pop()
    return values, names, kinds


def _check_depth(key: str, is_open: bool, depth: int) -> None:
    if is_open:
        raise InvalidKey(f"The mapping at {key!r:.200} contains itself.", key=key)
    if depth >= MAX_DEPTH:
        problem = f"The mapping at {key[:60]!r}... is nested deeper than {MAX_DEPTH} levels."
        raise InvalidKey(problem, key=key)


def _check_value(key: str, value: Any, values: Mapping[str, object]) -> None:
    if hasattr(type(value), "__hp_key__"):
        raise TypeError(
            f"The value for {key!r:.200} is a parameter that has not been read: {value!r}. "
            "Read it: call it, or give it a default with |."
        )
    if key in values and not is_same(values[key], value):
        raise InvalidKey(f"The mapping has two names for {key!r:.200}.", key=key)


def is_same(one: Any, other: Any) -> bool:
    """Tell values that need not be told apart: a scope gives out a mapping beside its parts."""
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[name], other[name]) for name in one)
    return type(one) in SCALARS_AND_TEXT and one == other  # other values may have any ==


def is_nested(value: Any) -> bool:
    """Tell whether `value` flattens into keys: a scope, or a mapping all of whose names are keys.

    An empty one is a value.
    """
    kinds = (dict, Mapping)
    # `isinstance` believes a mock's `__class__`; a value whose class fails to answer fails here.
    if isinstance(value, kinds) and issubclass(type(value), kinds):
        return len(value) > 0 and all(map(is_key, value))
    return hasattr(type(value), "__hp_flat__") and len(value) > 0


def is_key(name: object) -> bool:
    """Tell whether `check` accepts a name."""
    if not isinstance(name, str):
        return False
    return bool(name) and name[0] != "." and name[-1] != "." and ".." not in name


def _items(value: Any) -> Iterator[tuple[object, object]]:
    flat = getattr(type(value), "__hp_flat__", None)
    return iter((flat(value) if flat else value).items())


def prefixes(keys: Iterable[str]) -> set[str]:
    """Return the keys that have one of `keys` below them."""
    found: set[str] = set()
    for key in keys:
        end = key.rfind(".")
        while end > 0 and (prefix := key[:end]) not in found:
            found.add(prefix)
            end = key.rfind(".", 0, end)
    return found


def set_by_both(some: Iterable[str], others: Collection[str]) -> str | None:
    """Return a key that is among both, or among one and above a key of the other."""
    for key in some:
        for other in others:
            if f"{other}.".startswith(f"{key}."):
                return other
            if key.startswith(f"{other}."):
                return key
    return None


def by_prefix(keys: Mapping[str, object]) -> dict[str, list[str]]:
    """Return, of each key with others below it, those, and itself where it is one, in order."""
    found: dict[str, list[str]] = {}
    for key in keys:
        end = key.rfind(".")
        while end > 0:
            if (below := found.get(prefix := key[:end])) is None:
                found[prefix] = [key]
            else:
                below.append(key)
            end = key.rfind(".", 0, end)
    if both := [key for key in keys if key in found]:
        place = {key: number for number, key in enumerate(keys)}
        for key in both:
            found[key] = sorted([*found[key], key], key=place.__getitem__)
    return found


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nested form of `flat`; `flatten` undoes it.

    Below a key that is a leaf as well, dotted keys stay dotted.
    """
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        node = nested
        *parents, name = key.split(".")
        path = ""
        for index, parent in enumerate(parents):
            path = f"{path}.{parent}" if path else parent
            if path in flat:
                name = ".".join([*parents[index:], name])
                break
            node = node.setdefault(parent, {})
        node[name] = value
    return nested


def first_segments(keys: Iterable[str]) -> list[str]:
    """Return the first names of the keys, each once."""
    return list(dict.fromkeys(key.partition(".")[0] for key in keys))


def nearest(key: str, candidates: Iterable[str]) -> list[str]:
    """Return up to three of `candidates` that a person may have meant by `key`, best first.

    Those that end in the same name are what was meant, if there are any.  Keys that nobody types,
    of more than 200 characters, are not compared: it would take minutes.
    """
    if len(key) > _MOST_TYPED:
        return []
    name = key.rpartition(".")[2]
    whole, last = _similarity(key), _similarity(name)
    scored = []
    possible = {c for c in candidates if len(c) <= _MOST_TYPED} - {key}
    for candidate in {c for c in possible if c.rpartition(".")[2] == name} or possible:
        score = max(whole(candidate), 0.95 * last(candidate.rpartition(".")[2]))
        if score >= _NEAR:
            scored.append((-score, candidate))
    best = min(scored, default=(0.0, ""))[0]
    return [candidate for score, candidate in sorted(scored)[:3] if score <= best + 0.1]


def _similarity(wanted: str) -> Callable[[str], float]:
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted.lower())

    def ratio(text: str) -> float:
        matcher.set_seq1(text.lower())
        if matcher.real_quick_ratio() < _NEAR or matcher.quick_ratio() < _NEAR:
            return 0.0
        return matcher.ratio()

    return ratio


def did_you_mean(key: str, candidates: Iterable[str]) -> str:
    """Return `" Did you mean 'x'?"`, or nothing when no candidate is near."""
    near = nearest(key, candidates)
    return f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
