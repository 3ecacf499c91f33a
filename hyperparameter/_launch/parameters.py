"""The options that the parameters of a function become."""

import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

from .._functions.signature import Signature
from .._values import annotations as annotation
from .._values.annotations import takes_any_text
from .._values.checking import UNSEEN, made
from .._values.containers import SEQUENCES, is_mapping
from .._values.convert import is_enum
from .._values.fields import UNKNOWN
from .._values.keys import is_key
from .._values.structures import of_instance, structure_of
from .options import COMMON_FLAGS, HELP, HELP_ALL, REQUIRED, Kind, Option


def options_of(signature: Signature) -> list[Option]:
    """Return the options of a function's parameters, positional arguments first."""
    made = [option for name in signature.names for option in _of_parameter(signature, name)]
    for name, (one,) in _fields(_kinds_of_keywords(signature), REQUIRED).items():
        made += _options(f"{signature.namespace}.{name}", name, one.hint, one.default, _Place())
    return sorted(_with_negations(_told_apart(made)), key=lambda option: bool(option.flags))


def takes_any_keyword(signature: Signature) -> bool:
    """Tell a function whose `**kwargs` are of any name."""
    return bool(signature.varkw_name) and not _kinds_of_keywords(signature)


def _kinds_of_keywords(signature: Signature) -> list[object]:
    hint = signature.hint(signature.varkw_name) if signature.varkw_name else None
    return [*typing.get_args(hint)] if annotation.keywords_of(hint) else []


def _told_apart(made: list[Option]) -> list[Option]:
    """Return the options without the short spellings that are others': of `x` and `_x`, --x."""
    taken = {option.flags[-1] for option in made if option.flags}  # as they are written in Python
    found = []
    for option in made:
        flags = tuple(one for one in option.flags if one not in taken or one == option.flags[-1])
        taken.update(flags)
        found.append(option._replace(flags=flags))
    return found


def _of_parameter(signature: Signature, name: str) -> list[Option]:
    key = f"{signature.namespace}.{name}"
    default = _made(lambda: signature.default(name, REQUIRED))
    by_position = name in signature.positional
    try:
        place = _Place(by_position=by_position)
        return list(_options(key, name, signature.hint(name), default, place))
    except Exception:  # noqa: BLE001  # of annotations and defaults that nobody can ask anything
        flags = _flags(name) if default is not REQUIRED or not by_position else ()
        return [Option(key, flags, default=default, metavar=_metavar(name, None, "value"))]


def _made(make: Callable[[], object]) -> object:
    """Return a default; a factory that fails will tell so when the function is called."""
    try:
        default = make()
    except Exception:  # noqa: BLE001  # whatever a user's factory raises: help must not fail
        return UNKNOWN
    return UNKNOWN if default is UNSEEN else default


class _Place:
    """Where a field is.

    `owners` are the structures that have it, `around` all those outside of it: one inside itself
    has no end.  `may_lack` tells that there may be no instance of its owner, `by_position` that it
    is a parameter, no field, and not keyword-only.
    """

    __slots__ = ("around", "by_position", "may_lack", "owners")

    def __init__(
        self,
        owners: tuple[object, ...] = (),
        around: tuple[object, ...] = (),
        may_lack: bool = False,
        by_position: bool = False,
    ) -> None:
        self.owners = owners
        self.around = around
        self.may_lack = may_lack
        self.by_position = by_position


def _options(key: str, path: str, hint: object, default: object, place: _Place) -> Iterator[Option]:
    """Yield the option of a parameter or of a field, then those of its own fields."""
    wanted = bare(type(default) if hint is None and is_given(default) else hint)
    kind = _kind(wanted)
    has_words = kind not in ("fields", "pairs") or (is_union(wanted) and _is_text(wanted))
    is_positional = default is REQUIRED and place.by_position and has_words
    flags = () if is_positional else _flags(path)
    if flags or is_positional:
        yield Option(
            key, flags, "value" if is_positional and kind == "switch" else kind,
            _size(wanted, default), hint, default, _choices(wanted), _metavar(path, wanted, kind),
            owners=place.owners, takes_names=_takes_names(wanted, default),
            is_required=default is REQUIRED and not place.may_lack,
        )  # fmt: skip
    structures = [one for one in structures_in(wanted) if one not in place.around]
    may_lack = place.may_lack or default is not REQUIRED or len(structures) > 1
    for name, found in _fields(structures, default).items():
        owners = tuple(one.owner for one in found)
        inner = _Place(owners, (*place.around, *structures), may_lack)
        united = _united([one.hint for one in found])
        yield from _options(f"{key}.{name}", f"{path}.{name}", united, found[0].default, inner)


def option_below(option: Option, names: Sequence[str]) -> Option:
    """Return the option of what these names lead to below a parameter that takes names.

    Fields may be spelt with dashes, as in flags.  Where no annotation tells, it takes one word.
    """
    key, path = option.key, (option.flags or (f"--{option.key}",))[0][2:]
    hints = [option.hint]
    for word in names:
        found = [one for hint in hints for one in annotation.hints_below(hint, word)]
        name = found[0][0] if found else word
        key, path, hints = f"{key}.{name}", f"{path}.{name}", [hint for _, hint in found]
    if hints:
        made = _options(key, path, _united(hints), REQUIRED, _Place(may_lack=True))
        return next(made)._replace(flags=(f"--{path}",))
    return Option(key, (f"--{path}",))


def structures_in(hint: object) -> list[object]:
    """Return the structures among the members of a hint, which is one of them itself as a rule."""
    return [one for one in annotation.members_of(hint) if structure_of(one) is not None]


def is_given(default: object) -> bool:
    """Tell whether a default has a type to go by."""
    return default is not REQUIRED and default is not None  # by identity: == of arrays is an array


class _Field:
    __slots__ = ("default", "hint", "owner")

    def __init__(self, owner: object, hint: object, default: object) -> None:
        self.owner = owner
        self.hint = hint
        self.default = default


def _fields(structures: Sequence[object], default: object) -> dict[str, list[_Field]]:
    """Return the fields of all structures by name, those of an instance as `default` first."""
    found: dict[str, list[_Field]] = {}
    for one in sorted(structures, key=lambda one: not is_instance(one, default)):
        for name, (hint, value) in fields_of(one, default).items():
            found.setdefault(name, []).append(_Field(one, hint, value))
    return found


def is_instance(hint: object, value: object) -> bool:
    """Tell whether a value is an instance of a structure."""
    structure = structure_of(hint)
    return structure is not None and isinstance(value, structure.kind)


def fields_of(wanted: object, default: object) -> dict[str, tuple[object, object]]:
    """Return the type and default of each field; an instance as `default` supplies its values."""
    structure = structure_of(wanted)
    assert structure is not None  # the caller has asked
    known: Mapping[str, object] = {}
    if isinstance(default, structure.kind):
        structure = of_instance(structure, type(default))
        # A TypedDict makes plain dicts, which have no attributes.
        known = default if isinstance(default, dict) else structure.values_of(default)
    found = {}
    for name, field in structure.fields.items():
        value = REQUIRED if field.default is None else _made(partial(made, field.default))
        found[name] = (field.hint, known.get(name, value))
    return found


def _united(hints: list[object]) -> object:
    """Return what a field may be that several structures have."""
    first, *others = hints
    if all(other is first for other in others) or any(one is UNKNOWN for one in hints):
        return first
    try:
        return typing.Union[tuple(hints)]  # noqa: UP007  # a tuple of them
    except TypeError:  # an annotation that means nothing
        return first


def bare(hint: object) -> object:
    """Return a type without `Annotated`, `NewType` and the None of `Optional`."""
    hint = annotation.bare(hint)
    if is_union(hint):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        if len(members) == 1:
            return bare(members[0])
    return hint


def _kind(wanted: object) -> Kind:
    if wanted is bool:
        return "switch"
    if is_union(wanted):
        kinds = set(map(_kind, typing.get_args(wanted)))
        if "items" in kinds:
            return "items"
        return "pairs" if {"pairs", "fields"} & kinds else "value"
    if structure_of(wanted) is not None:
        return "fields"
    kind = typing.get_origin(wanted) or wanted
    if is_mapping(kind):
        return "pairs"
    if isinstance(kind, type) and kind in SEQUENCES:
        return "value" if _size(wanted) != 1 else "items"
    return "value"


def is_union(wanted: object) -> bool:
    return typing.get_origin(wanted) in (typing.Union, types.UnionType)


def _is_text(wanted: object) -> bool:
    """Tell a union with text, for which any word is a value."""
    return any(map(takes_any_text, typing.get_args(wanted)))


def _takes_names(wanted: object, default: object) -> bool:
    if wanted is None or wanted is type(None):
        return default is None
    members = [one for one in annotation.members_of(wanted) if one is not type(None)]
    # What names structures have is known: their options say so.
    return len(structures_in(wanted)) < len(members) and annotation.takes_names(wanted)


def _size(wanted: object, default: object = None) -> int:
    """Return how many words a tuple of fixed length takes, or one like it; else 1."""
    if typing.get_origin(wanted) is tuple:
        first, others, _ = annotation.tuple_items(wanted)
        return 1 if others else len(first) or 1  # a word even for a tuple that has to be empty
    return len(default) if wanted is tuple and isinstance(default, tuple) and default else 1


def _choices(wanted: object) -> tuple[str, ...]:
    if typing.get_origin(wanted) is Literal:
        return tuple(
            one.name if is_enum(type(one)) else str(one) for one in typing.get_args(wanted)
        )
    if isinstance(wanted, type) and is_enum(wanted):
        return tuple(wanted.__members__)  # type: ignore[attr-defined]  # an enumeration
    items = typing.get_args(wanted)
    return _choices(items[0]) if _kind(wanted) == "items" and items else ()


def _metavar(path: str, wanted: object, kind: Kind) -> str:
    is_pairs = kind == "pairs" and not is_union(wanted)
    return "KEY=VALUE" if is_pairs else path.rpartition(".")[2].strip("_").upper()


def _flags(path: str) -> tuple[str, ...]:
    """Return the spellings: with dashes, as in Python, and without the `_` of `class_`, `_x`."""
    bare = ".".join(name.lstrip("_") for name in path.split(".")).rstrip("_")
    spellings = (bare.replace("_", "-"), bare, path) if is_key(bare) else (path,)
    flags = dict.fromkeys(f"--{spelling}" for spelling in spellings if spelling)
    return tuple(flag for flag in flags if flag not in (*HELP.flags, *HELP_ALL.flags))


def _with_negations(made: list[Option]) -> Iterator[Option]:
    """Yield the options, switches with the flags that say no, as far as nothing else has them.

    The opposite of `--no-cuda` is `--cuda`.
    """
    taken = {*COMMON_FLAGS, *(flag for option in made for flag in option.flags)}
    for option in made:
        opposites = map(_opposites, option.flags) if option.kind == "switch" else ()
        flags = dict.fromkeys(flag for each in opposites for flag in each if flag not in taken)
        taken.update(flags)
        yield option._replace(negations=tuple(flags)) if flags else option


def _opposites(flag: str) -> tuple[str, ...]:
    owner, dot, name = flag[2:].rpartition(".")
    if name.startswith(("no-", "no_")) and name[3:]:
        return (f"--{owner}{dot}{name[3:]}",)
    return f"--{owner}{dot}no-{name}", f"--no-{owner}{dot}{name}"
