"""What a reference finds where no source sets its key, such as the default that is declared."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .._values.checking import is_unmade
from .._values.convert import is_enum
from .._values.declared import REQUIRED, Declarations, Declared
from .._values.describe import show
from .._values.keys import did_you_mean
from .._values.scalars import SCALARS_AND_TEXT
from .._values.spelling import Unwritable, names_in, spelled
from .._values.untyped import UntypedText
from .bindings import Binding, Bindings
from .place import Place

NOT_KNOWN = "hyperparameter-value-not-known"
"""The text that stands for what only a run makes, or what a wrong reference leaves open."""

_MOST_PLACES = 3


class Elsewhere(NamedTuple):
    """What a reference may mean where no source has its key.

    `full` has the full keys of names at the top of flat files, `bindings` what sets nothing else;
    what nobody sets has the default that is in `declarations`.
    """

    full: Mapping[str, str]
    bindings: Bindings
    declarations: Declarations


class Default(NamedTuple):
    """The default of a key, and the key of the parameter that it is a part of."""

    parameter: str
    binding: Binding


def default_of(key: str, declarations: Declarations, place: Place) -> Default | None:
    """Return the default that all declarations of a key agree on; None where there is none.

    `ConfigurationError` names the declarations if they differ, and a default that is an object.
    """
    found = declarations.defaults_of(key)
    if all(one.default is REQUIRED for one in found):
        return None
    if any(is_unmade(one.default) for one in found):
        return Default(found[0].parameter, Binding(UntypedText(NOT_KNOWN), found[0].origin))
    values = [_plain(key, one, place) for one in found]
    if not all(_are_same(values[0], one) for one in values):
        raise place.error(
            f"the value refers to {key!r}, which nothing sets, and whose declarations differ: "
            f"{_named(key, found)}. Set it"
        )
    again = declarations.defaults_of(key)  # factories make another value, or the same again
    if not all(_are_same(values[0], _plain(key, one, place)) for one in again):
        raise place.error(
            f"the value refers to {key!r}, which nothing sets, and whose default is another one "
            f"each time that it is made ({found[0].origin.location}). Set it"
        )
    return Default(found[0].parameter, Binding(values[0], found[0].origin))


def not_set(key: str, declarations: Declarations, others: Iterable[str]) -> str:
    """Say what to do about a key that nothing sets and that has no default.

    `others` are the keys that are set.
    """
    found = declarations.defaults_of(key)
    if found and all(one.default is REQUIRED for one in found):
        return f"which is not set, and has no default ({found[0].origin.location}). Set it"
    known = {*others, *declarations.keys()}
    if any(one.startswith(f"{key}.") for one in known):
        return "which is a group of parameters, and nothing sets any of them. Refer to one of them"
    near = did_you_mean(key, known)
    namespace, dot, _ = key.partition(".")
    if found or not dot or any(one.startswith(f"{namespace}.") for one in known):
        return f"which is not set.{near}".rstrip(".")
    advice = "If not, set it" if near else "Set it"
    return f"which is not set.{near} {advice}, or import the module that declares it first"


def _plain(key: str, one: Declared, place: Place) -> object:
    """Return a default as plain data; what a file can only have as text is text."""
    try:
        return _data(one.default)
    except Unwritable:
        advice = "Set it" if names_in(one.default) is None else "Set it, or refer to a part of it"
        raise place.error(
            f"the value refers to {key!r}, which nothing sets, and whose default is an object: "
            f"{show(key, one.default)} ({one.origin.location}). {advice}"
        ) from None


def _data(value: object) -> object:
    kind = type(value)
    if kind in SCALARS_AND_TEXT or value is REQUIRED:
        return value
    if isinstance(value, (list, tuple)) and kind in (list, tuple):
        return kind(map(_data, value))
    if type(value) is dict and SCALARS_AND_TEXT.issuperset(map(type, value)):
        return {name: _data(inner) for name, inner in value.items()}
    is_text = not is_enum(kind) and names_in(value) is None
    if is_text and isinstance(text := spelled(value), str):
        return text
    raise Unwritable("it is an object")


def _are_same(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_are_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_are_same(one[n], other[n]) for n in one)
    return one is other or one == other


def _named(key: str, found: list[Declared]) -> str:
    texts = [
        f"{'none' if one.default is REQUIRED else show(key, one.default)} ({one.origin.location})"
        for one in found[:_MOST_PLACES]
    ]
    more = len(found) - len(texts)
    return ", ".join([*texts, f"{more} more"] if more > 0 else texts)
