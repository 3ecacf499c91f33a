"""What one source writes: flat keys, each with its value, its place and its names as written.

At the top of a source a dotted name means the same as nesting.  Further down it is one name of its
mapping: flat keys find it nevertheless, and whoever asks for the mapping gets the name.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias, TypeGuard

from .._files.document import Document
from .._files.line_numbers import LineNumbers
from .._files.problems import not_text
from .._values import keys
from .._values.containers import parts_of
from .._values.landing import is_inside
from .._values.named_twice import NamedTwice, check_names
from .._values.origin import RawOrigin, resolve
from .._values.own_class import emptied
from .._values.scalars import SCALARS_AND_TEXT
from .._values.untyped import ScalarText, Untyped, UntypedText, UntypedTree
from ..exceptions import ConfigurationError, InvalidKey

# Takes half the time of Binding(...), and a file makes one for every key.
_new = tuple.__new__


Kinds: TypeAlias = Mapping[str, dict[Any, Any]]
"""An empty mapping of each one that has a class of its own, by key."""


class Binding(NamedTuple):
    """A value, where it was set, and the names that its key was written as if one has a dot.

    `kinds` has an empty mapping of each one around it that has a class of its own, by key;
    `sections` the keys of all mappings around it, the outermost first.
    """

    value: object
    origin: RawOrigin
    names: tuple[str, ...] | None = None
    kinds: Kinds | None = None
    sections: tuple[str, ...] = ()


Bindings: TypeAlias = dict[str, Binding]
"""What one source writes, by flat key and in order."""

# The types of most values: knowing them saves the slow check whether a value is a Mapping.
LEAVES = SCALARS_AND_TEXT | {list, UntypedText, ScalarText}
_TYPED = SCALARS_AND_TEXT
_COLLECTIONS = (list, dict)
_NO_LINES = LineNumbers()


def of_document(
    document: Document,
    key: str = "",
    names: tuple[str, ...] | None = None,
    *,
    has_names: bool = False,
) -> Bindings:
    """Return the values of a file below a key, each with its line or that of the value around it.

    The names of the key are given if one has a dot.  With `has_names`, a mapping is there, so that
    what is at the top of the file are its names, as they are written.
    """
    values, lines, name, _ = document
    filling = _Filling(lambda line: (name, line), is_file=True)
    return filling.put(values, lines, key, names, has_names)


def of_mapping(
    values: Mapping[str, object],
    origin: RawOrigin,
    key: str = "",
    *,
    has_names: bool = False,
    is_file: bool = False,
) -> Bindings:
    """Return the values of a mapping that was written in one place, or in a file, below a key."""
    filling = _Filling(lambda _: origin, is_file=is_file)
    return filling.put(values, _NO_LINES, key, None, has_names)


def mounted(bindings: Bindings, key: str, names: tuple[str, ...] | None = None) -> Bindings:
    """Return a mapping put at a key, whose names are given if one has a dot."""
    if not key:
        return bindings
    longer = with_prefix(bindings, key, names)
    return {flat: one._replace(sections=(key, *one.sections)) for flat, one in longer.items()}


def with_prefix(bindings: Bindings, key: str, names: tuple[str, ...] | None = None) -> Bindings:
    """Return bindings with longer keys, which begin with one that nobody has written."""
    found: Bindings = {}
    for flat, one in bindings.items():
        path = one.names
        if path is not None or names is not None:
            path = (*(names or key.split(".")), *(path or flat.split(".")))
        kinds = one.kinds and {f"{key}.{inner}": kind for inner, kind in one.kinds.items()}
        sections = tuple(f"{key}.{inner}" for inner in one.sections)
        found[f"{key}.{flat}"] = Binding(one.value, one.origin, path, kinds, sections)
    return found


def section_of(bindings: Bindings, key: str) -> Bindings:
    """Return the bindings below a key, by what follows it; `mounted` undoes it."""
    found: Bindings = {}
    for flat, one in bindings.items():
        if flat == key and isinstance(parts := parts_of(one.value), dict):  # in one, as JSON
            found |= {name: Binding(part, one.origin) for name, part in parts.items()}
        start = f"{key}."
        if flat.startswith(start) and is_inside(flat, one.names, key):
            names = one.names
            if names is not None:
                count = next(n for n in range(len(names)) if ".".join(names[:n]) == key)
                names = names[count:]
            kinds = {
                k[len(start) :]: v for k, v in (one.kinds or {}).items() if k.startswith(start)
            }
            sections = tuple(k[len(start) :] for k in one.sections if k.startswith(start))
            part = Binding(one.value, one.origin, names, kinds or None, sections)
            found[flat[len(start) :]] = part
    return found


def below(key: str, binding: Binding, value: object) -> Bindings:
    """Return what a binding sets whose value this is: the values of a mapping, else the value.

    A mapping that no reference brings stays one value, over what is written before it alone.
    """
    inner = value.value if isinstance(value, UntypedTree) else value
    if not isinstance(binding.value, (str, UntypedText)) or not is_section(inner):
        return {key: binding._replace(value=value)}
    filling = _Filling(lambda _: binding.origin, is_file=True)
    kinds = _kinds_with(binding.kinds, key, value)
    sections = (*binding.sections, key)
    filling.fill(inner, _NO_LINES, _Around(key, binding.names, 0, 1, kinds, sections))
    return filling.bindings


def _kinds_with(around: Kinds | None, key: str, value: object) -> Kinds | None:
    """Return the kinds of mappings with that of the one at a key, if it has one of its own."""
    kind = value.kind if isinstance(value, UntypedTree) else emptied(value)
    return around if kind is None else {**(around or {}), key: kind}


def is_section(value: object) -> TypeGuard[Mapping[Any, object]]:
    """Tell a mapping that flattens into keys: with names, all of which can be keys."""
    if not isinstance(value, Mapping) or not value:
        return False
    return keys.KNOWN.issuperset(value) or all(map(_can_be_key, value))


def _can_be_key(name: object) -> bool:
    try:
        keys.check(name)
    except InvalidKey:
        return False
    return True


def has_untyped(value: object) -> bool:
    """Tell whether a value has a part without a type, at any depth."""
    if isinstance(value, Untyped):
        return True
    if type(value) is list:
        return not _TYPED.issuperset(map(type, value)) and any(map(has_untyped, value))
    if type(value) is dict:
        return any(map(has_untyped, value)) or any(map(has_untyped, value.values()))
    return False


def in_one(value: Any) -> object:
    """Return a list or a mapping as one value, which its reader knows to have untyped parts."""
    return UntypedTree(value) if type(value) in (list, dict) and has_untyped(value) else value


class _Around(NamedTuple):
    """The mapping that a name is in: its key, its names if one has a dot, its line and depth."""

    key: str
    names: tuple[str, ...] | None
    line: int
    depth: int
    kinds: Kinds | None = None
    sections: tuple[str, ...] = ()


_TOP = _Around("", None, 0, 0)


class _Filling:
    """Collects the bindings of one source.

    `origin_at` turns a line into an origin.
    """

    def __init__(self, origin_at: Callable[[int], RawOrigin], *, is_file: bool = False) -> None:
        self.bindings: Bindings = {}
        self._origin_at = origin_at
        self._is_file = is_file

    def put(
        self,
        values: Mapping[str, object],
        lines: LineNumbers,
        key: str,
        names: tuple[str, ...] | None,
        has_names: bool,
    ) -> Bindings:
        """Add what is written below a key, and return it."""
        if has_names and values and not is_section(values):
            line = min(lines.at.values(), default=0)
            _check_names(values, key, self._origin_at(line))
            self.bindings[key] = Binding(in_one(values), self._origin_at(line), names)
        elif has_names:
            self.fill(values, lines, _Around(key, names, 0, 0, None, (key,)))
        else:
            self.fill(values, lines, _TOP)
            return mounted(self.bindings, key, names)
        return self.bindings

    def fill(self, values: Mapping[Any, object], lines: LineNumbers, around: _Around) -> None:
        """Add a mapping."""
        if around.depth > keys.MAX_DEPTH:
            problem = (
                f"the mapping is nested more than {keys.MAX_DEPTH} levels deep, or contains itself."
            )
            raise _error(self._origin_at(around.line), problem)
        known, line_of = keys.KNOWN, lines.at.get
        prefix, written = f"{around.key}." if around.key else "", around.names
        for name, given in values.items():
            line = line_of(name, around.line)
            here = self._origin_at(line)
            segment = name if type(name) is str and name in known else _checked(name, here)
            key, names = prefix + segment, written
            if prefix and (written is not None or "." in segment):
                names = (*(written or around.key.split(".")), segment)
            value = given.value if type(given) is UntypedTree else given  # of a reference
            if type(value) not in LEAVES and is_section(value):
                inside = lines.inside.get(name, _NO_LINES)
                kinds = _kinds_with(around.kinds, key, given)
                sections = (*around.sections, key)
                within = _Around(key, names, line, around.depth + 1, kinds, sections)
                self.fill(value, inside, within)
                continue
            if self._is_file and type(value) in _COLLECTIONS and value:
                _check_names(value, key, here)
                value = in_one(value)
            if key in self.bindings:
                if not self._is_file and keys.is_same(self.bindings[key].value, value):
                    continue  # a scope gives out a mapping beside its parts
                raise set_twice(key, here, self.bindings[key].origin)
            self.bindings[key] = _new(Binding, (value, here, names, around.kinds, around.sections))


def _check_names(value: object, key: str, origin: RawOrigin) -> None:
    """Refuse one value in which a mapping names a key twice."""
    try:
        check_names(value)
    except NamedTwice as error:
        raise _error(
            origin, f"{key} has a mapping, and {error}. Remove one of them.", key
        ) from None


def _checked(name: object, origin: RawOrigin) -> str:
    if isinstance(name, UntypedText):
        place = resolve(origin)
        raise ConfigurationError(not_text(place.location, name), origin=place)
    try:
        return keys.check(name)
    except InvalidKey as error:
        raise _error(origin, str(error)) from None


def set_twice(key: str, origin: RawOrigin, first: RawOrigin) -> ConfigurationError:
    place = resolve(first).location
    return _error(
        origin, f"the key {key!r} is set twice, first at {place}. Remove one of them.", key
    )


def _error(origin: RawOrigin, problem: str, key: str | None = None) -> ConfigurationError:
    place = resolve(origin)  # an error must pickle, which code objects do not
    return ConfigurationError(f"{place.location}: {problem}", key=key, origin=place)
