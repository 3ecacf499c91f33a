"""What help says about a parameter, from whichever place its author has written it."""

from __future__ import annotations

import sys
from functools import cached_property, lru_cache

from .._functions.docstring import ParsedDocstring, parse_docstring
from .._functions.field_texts import (
    annotated_text,
    text_of,
    texts_of_fields,
    written_docstring,
)
from .._functions.signature import Signature, annotations_of
from .._values.structures import structure_of
from .options import Option


class Texts:
    """The texts of one function, or of a class, which `owner` is then.

    What its docstring says comes first, then annotations, then the class that a field is of.
    A class is found by its name unless it is inside of a function.
    """

    def __init__(self, signature: Signature, owner: type | None = None) -> None:
        self._signature = signature
        self._owner = owner or _class_named(signature.module, signature.qualname)

    @cached_property
    def docstring(self) -> ParsedDocstring:
        """The docstring of the function, or that of a class with what its initializer has."""
        doc = self._signature.doc
        if self._owner is None:
            return parse_docstring(doc)
        made = parse_docstring(doc if doc != self._owner.__doc__ else None)
        own = parse_docstring(written_docstring(self._owner))
        return ParsedDocstring(
            own.summary or made.summary,
            {**own.parameters, **made.parameters},
            own.details or made.details,
        )

    @cached_property
    def _annotations(self) -> dict[str, object]:
        return annotations_of(self._signature.function)

    def of(self, option: Option) -> str:
        """Return the text of an option, empty where nobody has written one."""
        try:
            return self._found(option)
        except Exception:  # noqa: BLE001  # metadata may be anything: help must not fail
            return ""

    def _found(self, option: Option) -> str:
        path = option.key.removeprefix(f"{self._signature.namespace}.")
        if text := self.docstring.parameters.get(path):
            return text
        name = path.rpartition(".")[2]
        if path == name and (text := annotated_text(self._annotations.get(name))):
            return text
        owners = option.owners if option.owners or path != name else (self._owner,)
        return next(filter(None, (_of_field(owner, name) for owner in owners if owner)), "")


def _class_named(module: str, qualname: str) -> type | None:
    found: object = sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found if isinstance(found, type) else None


def summary_of(structure: object) -> str:
    """Return the first paragraph of the docstring of a structure, if somebody has written one."""
    return (
        parse_docstring(written_docstring(kind)).summary if (kind := _class_of(structure)) else ""
    )


def _class_of(structure: object) -> type | None:
    described = structure_of(structure)
    # Of a TypedDict, which makes plain dicts, the class is the hint itself.
    kind = structure if described is None or described.kind is dict else described.kind
    return kind if isinstance(kind, type) else None


def _of_field(owner: object, name: str) -> str:
    structure, kind = structure_of(owner), _class_of(owner)
    field = None if structure is None else structure.fields.get(name)
    if field is not None and (text := text_of(field.metadata) or annotated_text(field.hint)):
        return text
    attribute = (field.attribute if field is not None else None) or name
    return "" if kind is None else _docstrings(kind).get(attribute, "")


@lru_cache(maxsize=256)
def _docstrings(kind: type) -> dict[str, str]:
    structure = structure_of(kind)
    return texts_of_fields(kind, structure.fields if structure is not None else ())
