"""Conversion toward an annotation: one converter per hint, made once.

Scalars follow the rules of `convert` wherever they stand, inside containers and fields too.
msgspec converts its own structs alone: it would leave a cache on dataclasses that keeps
cloudpickle from shipping them.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from os import PathLike
from typing import Any, Literal, Union

from . import convert as toward_default  # whose `convert` would hide those made here
from .convert import Unconvertible
from .keys import did_you_mean
from .secrets import is_secret
from .untyped import UntypedText, plain

Converter = Callable[[object], object]
"""Converts a value; raises `Unconvertible`."""


def converter(hint: object) -> Converter:
    """Return the function that converts toward `hint`; it raises `Unconvertible`."""
    try:
        return _converter(hint)
    except TypeError:  # a hint that cannot be hashed, such as Annotated with a list
        return _converter.__wrapped__(hint)


@lru_cache(maxsize=1024)
def _converter(hint: object) -> Converter:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return converter(args[0])
    if isinstance(hint, typing.NewType):
        return converter(hint.__supertype__)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if origin in (Union, types.UnionType):
        return _union([converter(arg) for arg in args], args)
    if origin is Literal:
        return _literal(args)
    if isinstance(hint, type) and origin is None:
        return _class(hint)
    if origin in _SCALARS and not args:  # List, Tuple or Dict without parameters
        return _SCALARS[origin]
    if origin in (list, tuple, set, frozenset, dict, Mapping, Sequence) and args:
        return _container(origin, args)
    return plain


def is_bool(hint: object) -> bool:
    """Tell `bool` and `bool | None`."""
    members = typing.get_args(hint)  # which need not be hashable
    return hint is bool or (len(members) == 2 and bool in members and type(None) in members)


def takes_mapping(hint: object) -> bool:
    """Tell whether a parameter of this type may be given as keys below its own."""
    if hint in (dict, Mapping) or typing.get_origin(hint) in (dict, Mapping):
        return True
    if typing.get_origin(hint) in (Union, types.UnionType):
        return any(takes_mapping(arg) for arg in typing.get_args(hint))
    return _is_structure(hint)


def _int(value: object) -> object:
    number = toward_default.to_int(value)
    if isinstance(number, float):
        if not number.is_integer():
            raise Unconvertible
        return int(number)
    return number


def _float(value: object) -> object:
    number = toward_default.to_float(value)
    if isinstance(number, int):  # one that no float holds exactly
        raise Unconvertible
    return number


def _none(value: object) -> None:
    if plain(value) is not None:
        raise Unconvertible


_SCALAR_HINTS = (int, float, str, bool)
_SCALARS: dict[Any, Converter] = {
    bool: toward_default.to_bool, int: _int, float: _float, str: toward_default.to_str,
    type(None): _none, None: _none, Any: plain, object: plain,
    list: lambda value: toward_default.convert(value, []),
    tuple: lambda value: toward_default.convert(value, ()),
    dict: lambda value: toward_default.convert(value, {}),
}  # fmt: skip


def _union(members: list[Converter], hints: tuple[Any, ...]) -> Converter:
    classes = tuple(hint for hint in hints if isinstance(hint, type))

    def convert(value: object) -> object:
        # Text without a type is first what it looks like, then what a member makes of it.
        seen = plain(value)
        if type(seen) in classes or (seen is None and type(None) in hints):
            return seen
        for candidate in (seen, value):
            for member in members:
                try:
                    return member(candidate)
                except Unconvertible:
                    continue
        raise Unconvertible

    return convert


def _literal(choices: tuple[Any, ...]) -> Converter:
    def convert(value: object) -> object:
        text = value.text if isinstance(value, UntypedText) else value
        for candidate in (text, plain(value)):
            for choice in choices:
                if type(choice) is type(candidate) and choice == candidate:
                    return choice
        raise Unconvertible

    return convert


def _class(hint: type[Any]) -> Converter:
    if toward_default.is_enum(hint):
        member = next(iter(hint.__members__.values()), None)
        return lambda value: toward_default.convert(value, member)
    if issubclass(hint, PathLike):
        return _path(hint)
    if _is_structure(hint):
        return _structure(hint)

    def convert(value: object) -> object:
        # Text can not become an arbitrary class; other objects may stand in for one another.
        if isinstance(value, UntypedText) and not isinstance(plain(value), hint):
            raise Unconvertible
        return plain(value)

    return convert


def _path(hint: type[Any]) -> Converter:
    from pathlib import Path

    kind: Callable[[str], object] = Path if hint is PathLike else hint
    return lambda value: (
        value if isinstance(value, PathLike) else kind(toward_default.to_str(value))
    )


def _is_structure(hint: object) -> bool:
    return isinstance(hint, type) and any(
        hasattr(hint, mark) for mark in ("__dataclass_fields__", "__struct_fields__", "__total__")
    )


def _structure(hint: type[Any]) -> Converter:
    if hasattr(hint, "__struct_fields__"):
        return _struct(hint)
    names, required = _fields(hint)
    is_class = not typing.is_typeddict(hint)

    def convert(value: object) -> object:
        if is_class and isinstance(value, hint):
            return value
        given = _mapping(value)
        unknown = [name for name in given if name not in names]
        if unknown:
            near = did_you_mean(str(unknown[0]), names)
            raise Unconvertible(f"no field {unknown[0]!r} in {hint.__name__}.{near}")
        missing = [name for name in required if name not in given]
        if missing:
            raise Unconvertible(f"field {missing[0]!r} of {hint.__name__} is missing")
        parts = {n: _part(converter(names[n]), v, n) for n, v in given.items()}
        try:
            return hint(**parts)
        except (TypeError, ValueError) as error:  # raised by the class's own checks
            reason = "" if any(is_secret(name) for name in names) else str(error)
            raise Unconvertible(reason) from error

    return convert


def _fields(hint: type[Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the types of the fields by name, and the names of those that must be given."""
    types_by_name = typing.get_type_hints(hint)
    if typing.is_typeddict(hint):
        return types_by_name, [n for n in types_by_name if n in hint.__required_keys__]
    from dataclasses import MISSING, fields

    own = [field for field in fields(hint) if field.init]
    return {f.name: types_by_name[f.name] for f in own}, [
        f.name for f in own if f.default is MISSING and f.default_factory is MISSING
    ]


def _struct(hint: type[Any]) -> Converter:
    def convert(value: object) -> object:
        import msgspec

        if isinstance(value, hint):
            return value
        try:
            return msgspec.convert(
                _texts(_mapping(value)), hint, strict=False, from_attributes=True, dec_hook=_foreign
            )
        except RecursionError:
            raise Unconvertible("nested too deep") from None
        except msgspec.ValidationError as error:
            raise _invalid(str(error)) from None

    return convert


def _texts(value: object) -> object:
    """Return text without a type as text, which msgspec converts, unless it is a collection."""
    if isinstance(value, UntypedText):
        seen = plain(value)
        return seen if isinstance(seen, (list, dict)) else value.text
    if type(value) is list:
        return [_texts(item) for item in value]
    if type(value) is tuple:
        return tuple(_texts(item) for item in value)
    if isinstance(value, Mapping):
        return {name: _texts(item) for name, item in value.items()}
    return value


def _invalid(message: str) -> Unconvertible:
    """Return msgspec's error with its place alone: the text may have a value, which is a secret."""
    problem, _, place = message.partition(" - at `$")
    path = []
    for name in place.rstrip("`").lstrip(".").replace("[", ".[").split("."):
        if name.startswith("[") or not name:  # an item, but not which one
            break
        path.append(name)
    missing = problem.removeprefix("Object missing required field `").rstrip("`")
    return Unconvertible(f"field {missing!r} is missing" if missing != problem else "", tuple(path))


def _foreign(hint: type, value: object) -> object:
    """Convert what msgspec does not know itself: paths, and objects that are there already."""
    return value if isinstance(value, hint) else converter(hint)(value)


def _container(origin: Any, args: tuple[Any, ...]) -> Converter:
    if origin in (dict, Mapping):
        to_key, to_value = (converter(arg) for arg in args)
        return lambda value: {
            _part(to_key, k, k): _part(to_value, v, k) for k, v in _mapping(value).items()
        }
    if origin is tuple and (len(args) != 2 or args[1] is not Ellipsis):
        return _fixed_tuple([converter(arg) for arg in args])
    to_item, kind = converter(args[0]), args[0]
    build = list if origin is Sequence else origin
    if kind in _SCALAR_HINTS:  # most items are what they should be, and need no conversion
        return lambda value: build(
            [v if type(v) is kind else _part(to_item, v, i) for i, v in enumerate(_items(value))]
        )
    return lambda value: build([_part(to_item, v, i) for i, v in enumerate(_items(value))])


def _fixed_tuple(to_items: list[Converter]) -> Converter:
    def convert(value: object) -> object:
        items = _items(value)
        if len(items) != len(to_items):
            raise Unconvertible(f"{len(to_items)} items are wanted, {len(items)} given")
        return tuple(
            _part(to_item, item, index)
            for index, (to_item, item) in enumerate(zip(to_items, items, strict=True))
        )

    return convert


def _part(convert: Converter, value: object, where: object) -> object:
    """Convert a part of a value; an error says which part."""
    try:
        return convert(value)
    except Unconvertible as error:
        raise Unconvertible(error.reason, (where, *error.path)) from None


def _mapping(value: object) -> Mapping[str, Any]:
    found: Any = toward_default.convert(value, {})
    if isinstance(found, Mapping):
        return found
    return {name: found[name] for name in found.keys()}  # noqa: SIM118  # keys, but no Mapping


def _items(value: object) -> list[object]:
    if isinstance(value, (set, frozenset)):
        return list(value)
    return toward_default.to_list(value)
