"""What annotations and classes say about parameters: for help, beside what docstrings say."""

from __future__ import annotations

import sys
import typing
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from .docstring import parse_docstring

if TYPE_CHECKING:
    import ast

_NAMES = ("documentation", "description", "help")  # PEP 727; pydantic, msgspec; typer, tyro


def text_of(said: object) -> str:
    """Return the help text in metadata: a text itself, or a text under one of the usual names."""
    try:
        if isinstance(said, str):
            return said
        if isinstance(said, Mapping):
            found = [said.get(name) for name in _NAMES]
        else:
            found = [getattr(said, name, None) for name in _NAMES]
    except Exception:  # noqa: BLE001  # whatever a user's object raises: help must not fail
        return ""
    return next((text for text in found if isinstance(text, str)), "")


def annotated_text(hint: object) -> str:
    """Return the help text in `Annotated[..., "text"]`, empty where there is none."""
    if typing.get_origin(hint) is not typing.Annotated:
        return ""
    return next(filter(None, map(text_of, typing.get_args(hint)[1:])), "")


def texts_of_fields(kind: type, names: Collection[str]) -> dict[str, str]:
    """Return what docstrings say about the fields of a class; its bases may have some of them.

    A field may be described in the docstring of its class, or in a text below the field.
    """
    texts: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        texts |= parse_docstring(written_docstring(base)).parameters
        if not set(names).isdisjoint(vars(base).get("__annotations__", ())):
            texts |= _texts_below(base)
    return texts


def written_docstring(kind: type) -> str:
    """Return the docstring of a class without those that dataclasses and named tuples make up."""
    docstring = vars(kind).get("__doc__")
    if not isinstance(docstring, str) or kind.__module__ == "builtins":
        return ""
    is_made = docstring.startswith(f"{kind.__name__}(") and "\n" not in docstring
    return "" if is_made else docstring


def _texts_below(kind: type) -> dict[str, str]:
    """Return the texts that follow fields in the source of a class, where it can be found."""
    import ast

    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    body = _classes(file).get(kind.__qualname__) if isinstance(file, str) else None
    texts: dict[str, str] = {}
    for field, below in zip(body or [], (body or [])[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            value = below.value if isinstance(below, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                texts[field.target.id] = " ".join(value.value.split())
    return texts


@lru_cache(maxsize=16)
def _classes(file: str) -> dict[str, list[ast.stmt]]:
    """Return the bodies of the classes in a file that have texts below fields, by their names."""
    import ast

    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return dict(_classes_in(tree, ""))


def _classes_in(node: ast.AST, prefix: str) -> Iterator[tuple[str, list[ast.stmt]]]:
    import ast

    for inner in (*getattr(node, "body", ()), *getattr(node, "orelse", ())):
        if isinstance(inner, ast.ClassDef):
            yield f"{prefix}{inner.name}", inner.body
            yield from _classes_in(inner, f"{prefix}{inner.name}.")
        elif isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _classes_in(inner, f"{prefix}{inner.name}.<locals>.")
        elif isinstance(inner, (ast.If, ast.With, ast.Try)):
            yield from _classes_in(inner, prefix)
