"""What a program declares: the defaults of keys, for who asks about a key that nothing sets."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from .annotations import members_of
from .checking import is_unmade, made
from .fields import Structure
from .origin import Origin
from .structures import structure_of

REQUIRED: Final[Any] = object()
"""Stands for the default of what has to be given."""

ABSENT: Final[Any] = object()
"""Stands for the default of what does not exist: no such field, name or item."""


class Declared(NamedTuple):
    """The default of a key, and the place of the declaration.

    `parameter` is the key that is declared: the key itself, or one that it is a part of.
    """

    parameter: str
    default: object
    origin: Origin


class Declarations(Protocol):
    """What knows the keys that are declared, and all defaults of one."""

    def keys(self) -> Iterable[str]: ...

    def defaults_of(self, key: str, /) -> list[Declared]: ...


def default_below(hint: object, default: object, names: Sequence[str]) -> object:
    """Return what these names lead to in a default, or else in the fields of its type.

    A field has no default of its own where the default of the whole is None.
    """
    if not names or is_unmade(default) or default is ABSENT:
        return default
    if default is REQUIRED:
        structures = [one for one in map(structure_of, members_of(hint)) if one is not None]
        return default_of_field(structures[0], names) if len(structures) == 1 else ABSENT
    structure = structure_of(type(default))
    parts: object = default if structure is None else structure.values_of(default)
    if isinstance(parts, Mapping):
        for count in range(len(names), 0, -1):  # a name may have dots
            if (name := ".".join(names[:count])) in parts:
                return default_below(None, parts[name], names[count:])
    elif isinstance(parts, (list, tuple)) and names[0].isdecimal() and int(names[0]) < len(parts):
        return default_below(None, parts[int(names[0])], names[1:])
    return ABSENT


def default_of_field(structure: Structure, names: Sequence[str]) -> object:
    """Return the default that a class has for one of its fields, or for a part of it."""
    field = structure.fields.get(names[0])
    if field is None:
        return ABSENT
    default = REQUIRED if field.default is None else made(field.default)
    return default_below(field.hint, default, names[1:])
