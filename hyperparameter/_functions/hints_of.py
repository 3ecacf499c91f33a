"""The plain function behind a decorated one, and what its annotations mean."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import FunctionType, SimpleNamespace
from typing import Any, get_type_hints


def innermost(function: object) -> FunctionType:
    """Return the plain function that decorators made with functools.wraps stand for."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    if not isinstance(function, FunctionType):
        raise TypeError(
            f"@hp.param takes functions and classes, not {type(function).__name__}: {function!r}"
        )
    return function


def resolve_hints(function: FunctionType, *, is_whole: bool = False) -> dict[str, Any]:
    """Return what the annotations mean; one that cannot be resolved here is left out.

    `is_whole` keeps what `Annotated` says beside the type.
    """
    hints: dict[str, Any] = {}
    for name, hint in function.__annotations__.items():
        alone = SimpleNamespace(__annotations__={name: hint})
        with suppress(Exception):  # text in an annotation may be any expression
            hints |= get_type_hints(alone, function.__globals__, include_extras=is_whole)
    return hints


def annotations_of(function: Callable[..., Any]) -> dict[str, object]:
    """Return the annotations of a function with what `Annotated` says."""
    return resolve_hints(innermost(function), is_whole=True)
