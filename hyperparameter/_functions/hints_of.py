"""The plain function behind a decorated one, and what its annotations mean."""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FunctionType, SimpleNamespace
from typing import Any, Final, get_type_hints

from .._values.fields import UNKNOWN, Variables, bound_variables, is_free, substituted
from .._values.secrets import add_secret_keys
from .._values.structures import structure_of


def innermost(function: object) -> FunctionType:
    """Return the plain function that decorators made with functools.wraps stand for."""
    found = unwrapped(function)
    if not isinstance(found, FunctionType):
        raise TypeError(
            f"@hp.param takes functions and classes, not {type(found).__name__}: {found!r}"
        )
    return found


def unwrapped(function: object) -> object:
    """Return what decorators made with functools.wraps stand for, which may be written in C."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


class OfClass:
    """What a class says about the annotations of its initializer, which may be that of a base.

    `fields` has the hints of its fields, `variables` what the type variables stand for.
    """

    __slots__ = ("fields", "variables")

    def __init__(self, fields: Mapping[str, Any], variables: Variables) -> None:
        self.fields = fields
        self.variables = variables


def hints_of_class(cls: type, function: FunctionType) -> OfClass:
    """Return what is known of a class whose instances `function` initializes."""
    structure, bound = structure_of(cls), bound_variables(cls)
    fields = {} if structure is None else structure.fields
    owner = function.__qualname__.rpartition(".")[0]
    variables = next((bound[base] for base in bound if base.__qualname__ == owner), {})
    return OfClass({n: f.hint for n, f in fields.items() if f.hint is not UNKNOWN}, variables)


def resolve_hints(
    function: FunctionType, of_class: OfClass | None = None, *, is_whole: bool = False
) -> dict[str, Any]:
    """Return what the annotations mean; one that cannot be resolved here is left out.

    `is_whole` keeps what `Annotated` says beside the type.
    """
    hints: dict[str, Any] = {}
    for name, hint in function.__annotations__.items():
        alone = SimpleNamespace(__annotations__={name: hint})
        with suppress(Exception):  # text in an annotation may be any expression
            hints |= get_type_hints(alone, function.__globals__, include_extras=is_whole)
        if hints.get(name) is Final:  # as without annotation: the type of the default
            del hints[name]
        # What a library has written for a class may name what the modules of its bases have.
        if of_class is not None and (name not in hints or is_free(hints[name])):
            if name in of_class.fields:
                hints[name] = of_class.fields[name]
            elif name in hints:
                hints[name] = substituted(hints[name], of_class.variables)
    return hints


def note_secrets(namespace: str, hints: Mapping[str, Any]) -> None:
    """Note which keys are secrets because of the types that pydantic has for these."""
    if "pydantic" in sys.modules:
        from .._values.validated import secret_keys  # most programs have none

        for name, hint in hints.items():
            add_secret_keys(secret_keys(f"{namespace}.{name}", hint))


def annotations_of(function: Callable[..., Any]) -> dict[str, object]:
    """Return the annotations of a function with what `Annotated` says."""
    return resolve_hints(innermost(function), is_whole=True)
