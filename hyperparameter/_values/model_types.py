"""The types of fields of pydantic models that pydantic makes values of, and no rule here knows.

`HttpUrl`, `SecretStr`, `Json`, and whatever else says how pydantic validates it.
"""

from __future__ import annotations

import os
import typing
from collections.abc import Mapping
from types import GenericAlias, UnionType
from typing import Any

from .convert import is_enum
from .fields import mark_of
from .rules import rule_of

_TEXT_OF_ANOTHER = ("Json", "ImportString")
"""What pydantic makes of text is, in these, not what it takes for a value once more."""
OF_PYTHON = ("ipaddress", "re")
_COMMON = ("builtins", "typing", "collections", "collections.abc")
_WORDS = {
    "Json": "JSON", "ByteSize": "SIZE", "Pattern": "REGEX", "ImportString": "NAME", "Url": "URL",
    "Dsn": "URL", "Datetime": "DATETIME", "Date": "DATE", "Address": "ADDRESS", "Str": "TEXT",
}  # fmt: skip
"""How help calls a type whose name ends in this."""


class Validated:
    """A hint: the annotation of a field, or a part of it, that is for pydantic."""

    def __init__(self, hint: Any, config: Mapping[str, Any]) -> None:
        self.hint = hint
        self.config = config

    def __repr__(self) -> str:
        return self.name

    @property
    def kind(self) -> Any:
        """The class that the annotation names: its own, or that of its metadata."""
        for one in getattr(self.hint, "__metadata__", ()):
            if type(one).__name__ in _TEXT_OF_ANOTHER:
                return type(one)
        hint = self.hint
        while typing.get_origin(hint) is typing.Annotated:
            hint = typing.get_args(hint)[0]
        return typing.get_origin(hint) or hint

    @property
    def name(self) -> str:
        return str(self.kind.__name__)

    @property
    def short_name(self) -> str:
        """Return how help calls the type, empty where there is no common name."""
        if self.is_secret:
            return "SECRET"
        return next((word for end, word in _WORDS.items() if self.name.endswith(end)), "")

    @property
    def is_secret(self) -> bool:
        return hasattr(self.kind, "get_secret_value")

    @property
    def is_of_the_user(self) -> bool:
        """Tell what pydantic makes with code that is neither its own nor Python's."""
        known = self.kind.__module__.partition(".")[0]
        return self.name == "ImportString" or known not in ("pydantic", *OF_PYTHON)


def for_pydantic(hint: Any, config: Mapping[str, Any]) -> Any:
    """Return the annotation of a field with `Validated` for each part that is for pydantic."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        if any(type(one).__name__ in _TEXT_OF_ANOTHER for one in hint.__metadata__):
            return Validated(hint, config)
        inner = for_pydantic(args[0], config)
        if inner is args[0]:
            return hint
        return Validated(hint, config) if type(inner) is Validated else inner
    stands_for = _stands_for(hint)
    if stands_for is not hint:
        inner = for_pydantic(stands_for, config)
        return hint if inner is stands_for else inner
    is_union = origin in (typing.Union, UnionType)
    kind = hint if origin is None else origin
    if not is_union and not (isinstance(kind, type) and _is_known(kind)):
        return Validated(hint, config) if isinstance(kind, type) else hint
    parts = tuple(for_pydantic(one, config) for one in args)
    if all(one is part for one, part in zip(args, parts, strict=True)):
        return hint
    return typing.Union[parts] if is_union else GenericAlias(kind, parts)  # noqa: UP007  # a tuple


def _stands_for(hint: Any) -> Any:
    if isinstance(hint, typing.NewType):
        return hint.__supertype__
    return hint.__value__ if type(hint).__name__ == "TypeAliasType" else hint


def _is_known(kind: type) -> bool:
    """Tell a class that is not for pydantic: a rule knows it, or it has parts that one may know."""
    return (
        kind.__module__ in _COMMON
        or rule_of(kind) is not None
        or is_enum(kind)
        or issubclass(kind, (dict, os.PathLike))
        or mark_of(kind) is not None
    )


def is_made_of_text(hint: Any) -> bool:
    """Tell a hint with a type in it of whose values pydantic cannot make them once more."""
    if type(hint) is Validated:
        return hint.name in _TEXT_OF_ANOTHER
    return any(map(is_made_of_text, typing.get_args(hint)))
