"""Toward types without parts: scalars, paths, and classes of which nothing is known."""

from __future__ import annotations

import typing
from os import PathLike

from .annotations import is_any, members_of, name_of
from .checking import StandIn, mode
from .convert import Converter, Unconvertible
from .rules import Rule, to_str, written
from .untyped import ScalarText, Untyped, UntypedText, is_null, plain


def scalar(rule: Rule, wanted: str) -> Converter:
    """Return the converter of a rule."""

    def convert(value: object, _: object) -> object:
        if value is None:
            raise Unconvertible(wanted=wanted, value=value)
        if type(value) is ScalarText and rule is not to_str:  # the spelling of an int is for text
            whole = value.whole()
            value = value if whole is None else whole
        try:
            return rule(value)
        except Unconvertible:
            raise Unconvertible(wanted=wanted, value=value) from None

    return convert


def none(value: object, _: object) -> None:
    """Convert toward None alone."""
    if value is not None and not is_null(value):
        raise Unconvertible(wanted="null", value=value)


def path(kind: type) -> Converter:
    """Return the converter toward a kind of path."""

    def convert(value: object, _: object) -> object:
        if isinstance(value, PathLike):
            return value
        try:
            text = written(value)
        except Unconvertible:
            raise Unconvertible(wanted="a path", value=value) from None
        from pathlib import Path

        if mode.is_on and kind.__module__.partition(".")[0] != "pathlib":
            return StandIn(kind, {"path": text})
        return Path(text) if kind is PathLike else kind(text)

    return convert


def opaque(hint: object, kind: object) -> Converter:
    """Return what a hint gets that is not understood: typed values pass, untyped text never does.

    A class takes its instances alone, and `type[...]` its subclasses.
    """
    bases = _bases(hint) if kind is type else ()

    def convert(value: object, _: object) -> object:
        wanted = f"of type {name_of(hint)}"
        value = plain(value) if type(value) is ScalarText else value
        if isinstance(value, Untyped):
            end = ", which cannot be made of text" if isinstance(value, UntypedText) else ""
            raise Unconvertible(wanted=f"{wanted}{end}", value=value)
        try:
            fits = not isinstance(kind, type) or isinstance(value, kind)
            fits = fits and (kind is not type or issubclass(value, bases))  # type: ignore[arg-type]  # a class
        except TypeError:  # a protocol that cannot be asked
            fits = True
        if not fits:
            raise Unconvertible(wanted=wanted, value=value)
        return value

    return convert


def _bases(hint: object) -> tuple[type, ...]:
    """Return the classes of which `type[...]` takes the subclasses."""
    args = [one for arg in typing.get_args(hint) for one in members_of(arg)]
    kinds = [typing.get_origin(one) or one for one in args]
    known = [one if isinstance(one, type) and not is_any(one) else object for one in kinds]
    return tuple(known) or (object,)
