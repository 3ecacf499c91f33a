"""The names that are known before a variable is read, in the case in which they are written.

Keys are known, and so is what may lie below one: the names of its value or default, the fields of
its type, and of the items of a mapping, and the names below what it refers to.  All that is looked
into on the way of a variable alone.
"""

import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from .._values.annotations import members_of
from .._values.checking import is_unmade
from .._values.containers import is_mapping, parts_of
from .._values.fields import UNKNOWN, Constant, Structure
from .._values.keys import is_key
from .._values.origin import Origin
from .._values.scalars import SCALARS
from .._values.structures import structure_of
from .._values.untyped import UntypedText
from .._values.variable_names import DOT
from ..exceptions import ConfigurationError
from .bindings import Binding, Bindings
from .place import Place

Make = Callable[[], object]

_WITHOUT_NAMES = SCALARS | {list, tuple}
_SIGNS = frozenset("${}:")


class KnownPlace(NamedTuple):
    """A key that is declared: what may be there, and what makes its default, if it has one.

    `hint` may be a structure as well.
    """

    key: str
    hint: Any
    default: Make | None = None


def places_in(values: Mapping[str, object]) -> Iterator[KnownPlace]:
    """Yield the place of each value by flat key that may have names of its own."""
    for key, value in values.items():
        if _may_have_names(value):
            yield KnownPlace(key, UNKNOWN, Constant(value))


def _may_have_names(value: object) -> bool:
    text = value.text if isinstance(value, UntypedText) else value
    return text.lstrip()[:1] == "{" if isinstance(text, str) else type(value) not in _WITHOUT_NAMES


class KnownNames:
    """Known names by the keys that they make, to find one whose case is not known."""

    def __init__(self, keys: Iterable[str] = (), places: Iterable[KnownPlace] = ()) -> None:
        self._below: dict[str, KnownNames] = {}
        self._by_lower: dict[str, list[str]] = {}
        self._hints: list[Any] = []  # with the makers, what has not been looked into
        self._makers: list[Make] = []
        self._of_items: list[Any] = []  # the hints of what any name has
        self._referred: list[KnownNames] = []  # what references here bring
        for key in keys:
            self._at(key)
        for place in places:
            self._at(place.key)._add(place.hint, place.default)

    def add_files(self, files: Iterable[Bindings]) -> None:
        for file in files:
            for key, binding in file.items():
                node = self._at(key)
                if (target := _referred(key, binding)) is not None:
                    node._referred.append(self._at(target))
                elif _may_have_names(binding.value):
                    node._makers.append(Constant(binding.value))

    def key_of(self, variable: str, origin: Origin) -> str:
        """Return the key that a variable means, without its prefix.

        It is the one of which most is known; of several, that in the same case, then in lower case.
        """
        _, meant = self._meant(variable.split(DOT))
        keys = sorted(map(".".join, meant))
        if len(keys) > 1:
            raise ConfigurationError(
                f"{origin.location} may mean {' or '.join(keys)}. Write its name in the same case.",
                origin=origin,
            )
        return keys[0]

    def _meant(self, parts: list[str]) -> tuple[int, list[list[str]]]:
        """Return how many parts are not known at best, and the names of each key of this kind."""
        if not parts:
            return 0, [[]]
        best: tuple[int, list[list[str]]] | None = None
        for count in range(1, len(parts) + 1):  # a name may have two underscores itself
            for names in self._names(DOT.join(parts[:count])):
                found = [(name, *self._below[name]._meant(parts[count:])) for name in names]
                fewest = min(unknown for _, unknown, _ in found)
                if best is None or fewest < best[0]:
                    same = [(name, keys) for name, unknown, keys in found if unknown == fewest]
                    best = fewest, [[name, *key] for name, keys in same for key in keys]
        if best is None:
            unknown, keys = self._item()._meant(parts[1:])
            best = unknown + 1, [[parts[0].lower(), *key] for key in keys]
        return best

    def _at(self, key: str) -> "KnownNames":
        """Return what is known below a key; all for none."""
        if not key:
            return self
        name, _, rest = key.partition(".")
        if name not in self._below:
            self._below[name] = KnownNames()
            self._by_lower.setdefault(name.lower(), []).append(name)
        return self._below[name]._at(rest)

    def _add(self, hint: Any, make: Make | None = None) -> None:
        self._hints.append(hint)
        if make is not None:
            self._makers.append(make)

    def _item(self) -> "KnownNames":
        """Return what is known below a name that is not."""
        item = KnownNames()
        item._hints.extend(self._of_items)
        return item

    def _names(self, text: str) -> Iterator[list[str]]:
        """Yield the names that are written like this: in the same case, in lower case, others."""
        self._look()
        same = self._by_lower.get(text.lower(), [])
        first = [name for name in dict.fromkeys((text, text.lower())) if name in same]
        yield from ([name] for name in first)
        if others := [name for name in same if name not in first]:
            yield others

    def _look(self) -> None:
        """Find the names that values, defaults and types have here."""
        hints, makers, self._hints, self._makers = self._hints, self._makers, [], []
        values = [_made(make) for make in makers]
        for value in values:
            self._look_into(value)
        # Where an instance is set, the defaults of its class say nothing.
        has_instance = any(structure_of(type(one)) is not None for one in values)
        items: list[Any] = []
        others, self._referred = self._referred, []  # first: references may lead back here
        for other in others:
            other._look()
            for name, node in list(other._below.items()):
                self._at(name)._referred.append(node)
            items += other._of_items
        for one in (member for hint in hints for member in members_of(hint)):
            structure = one if isinstance(one, Structure) else structure_of(one)
            if structure is not None:
                for name, field in structure.fields.items():
                    self._at(name)._add(field.hint, None if has_instance else field.default)
            elif is_mapping(typing.get_origin(one)) and len(args := typing.get_args(one)) == 2:
                items.append(args[1])
        for node in self._below.values():
            node._hints.extend(items)
        self._of_items.extend(items)

    def _look_into(self, value: object) -> None:
        if is_unmade(value):
            return
        structure = structure_of(type(value))
        found = parts_of(value) if structure is None else structure.values_of(value)
        if isinstance(found, Mapping):
            for name, part in found.items():
                if is_key(name):
                    self._at(name)._makers.append(Constant(part))
        for name, field in structure.fields.items() if structure is not None else ():
            self._at(name)._hints.append(field.hint)


def _referred(key: str, binding: Binding) -> str | None:
    """Return the key that a value is a reference to, and nothing else."""
    value = binding.value.text if isinstance(binding.value, UntypedText) else binding.value
    if not isinstance(value, str) or value[:2] != "${" or value[-1] != "}":
        return None
    if not _SIGNS.isdisjoint(value[2:-1]):  # one in another, or of the environment
        return None
    with suppress(ConfigurationError):  # which resolving it will tell
        return ".".join(Place(key, binding.origin, binding.names).target(value[2:-1]))
    return None


def _made(make: Make) -> object:
    try:
        return make()
    except Exception:  # noqa: BLE001  # a user's factory, which fails again where it is needed
        return None
