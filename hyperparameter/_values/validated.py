"""Toward the types of `model_types`, of which pydantic makes values, and back to plain data.

pydantic is not imported: who has such a type has imported it.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from typing import Any

from .annotations import members_of
from .by_identity import by_identity
from .checking import UNSEEN, mode
from .convert import Converter, Unconvertible
from .leaves import opaque
from .masking import MASK
from .model_types import OF_PYTHON, Validated
from .structure_kinds import said_by
from .structures import structure_of
from .untyped import ScalarText, Untyped, UntypedText, plain


@by_identity
def _adapter(hint: Validated) -> Any:
    """Return pydantic's own validation, None for a class of which it knows nothing either."""
    from pydantic import TypeAdapter  # loaded already
    from pydantic.errors import PydanticUserError

    try:
        config = {**hint.config, "arbitrary_types_allowed": False}
        return TypeAdapter(hint.hint, config=config)  # type: ignore[arg-type]  # a mapping
    except PydanticUserError:
        return None


def validated(hint: Validated) -> Converter:
    """Return the converter toward what pydantic validates: it gives what the model will take.

    That is the value as it was given, of which the model makes its own; while checking, which makes
    no model, it is what pydantic makes of it.
    """

    def convert(value: object, _: object) -> object:
        if mode.is_on and hint.is_of_the_user:
            return UNSEEN
        said = ""
        for one in _readings(value, hint):
            try:
                made = adapter.validate_python(one)
            except ValueError as error:
                said = said or _said(error)
                continue
            return made if mode.is_on else one
        shown, end = (MASK, "") if hint.is_secret else (value, f": {said}" if said else "")
        raise Unconvertible(wanted=f"of type {hint.name}{end}", value=shown)

    adapter = _adapter(hint)
    if adapter is None:
        return opaque(hint.hint, hint.kind)
    return convert


def _readings(value: object, hint: Validated) -> Iterator[object]:
    """Yield what is given to pydantic: text that has no type, first of all as text."""
    if isinstance(value, UntypedText) and type(value) is not ScalarText:
        yield value.text
    read = plain(value)
    yield read
    if type(value) is ScalarText:
        yield value.text
    elif type(read) in (int, float):
        yield str(read)
    elif hint.name == "Json" and isinstance(value, (Untyped, list, dict)):
        import json

        yield json.dumps(read)


def _said(error: ValueError) -> str:
    return said_by(error)[1]


def secret_keys(key: str, hint: Any, around: tuple[Any, ...] = ()) -> Iterator[str]:
    """Yield the keys at and below `key` that have a type of secrets; `around` is what it is in."""
    for one in members_of(hint):
        structure = structure_of(one)
        if type(one) is Validated and one.is_secret:
            yield key
        elif structure is None:
            for inner in typing.get_args(one):
                if structure_of(inner) is None:
                    yield from secret_keys(key, inner, around)
        elif one not in around:
            for name, field in structure.fields.items():
                yield from secret_keys(f"{key}.{name}", field.hint, (*around, one))


def spelled_by_pydantic(value: object) -> object:
    """Return plain data of which pydantic makes the value; `ValueError` where there is none."""
    kind = type(value)
    if not hasattr(kind, "__get_pydantic_core_schema__") and kind.__module__ not in OF_PYTHON:
        raise ValueError
    if "pydantic" not in sys.modules or (adapter := _adapter_of_class(kind)) is None:
        raise ValueError
    return adapter.dump_python(value, mode="json")


@by_identity
def _adapter_of_class(kind: type) -> Any:
    return _adapter(Validated(kind, {}))
