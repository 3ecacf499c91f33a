"""The parameters of a class: those of its initializer, or its fields where that hides them."""

from types import FunctionType
from typing import Any, NamedTuple

from .._values.fields import UNKNOWN, Field, Structure
from .._values.origin import location, outside_site
from .._values.structures import structure_of
from .hints_of import hints_of_class, innermost
from .signature import Signature

_VARARGS, _VARKEYWORDS = 0x04, 0x08  # flags of code objects
_STAND_INS = frozenset(
    {"_HAS_DEFAULT_FACTORY_CLASS", "_Nothing", "Factory", "PydanticUndefinedType"}
)
"""The classes of what dataclasses, attrs, msgspec and pydantic show for a default to be made."""


class _MadeByClass:
    """Shown for a default that depends on the other values of an instance."""

    def __repr__(self) -> str:
        return "<made by the class>"


class Parameters(NamedTuple):
    """The parameters of a class under a namespace.

    `made_inside` maps those whose default the class makes in the course of a call to the attributes
    that have it; `spellings` maps further names that a call may use to those of the parameters.
    """

    signature: Signature
    made_inside: dict[str, str]
    spellings: dict[str, str]


def parameters_of(cls: type, namespace: str, function: Any) -> Parameters:
    """Return the parameters of a class that `function`, if there is one, initializes."""
    structure = structure_of(cls)
    if structure is not None and takes_unnamed(function, _VARKEYWORDS):
        return _fields(cls, namespace, structure)
    signature = _signature(cls, namespace, function)
    signature.doc = function.__doc__ or cls.__doc__
    signature.of_class = hints_of_class(cls, innermost(function))
    made_inside = {}
    for name in [n for n, default in signature.defaults.items() if _is_stand_in(default)]:
        field = structure.fields.get(name) if structure is not None else None
        if field is not None and field.default is not None:
            del signature.defaults[name]
            if field.is_made_inside:
                made_inside[name] = field.attribute or name
                signature.made_inside[name] = _MadeByClass
            else:
                signature.factories[name] = field.default
    return Parameters(signature, made_inside, {})


def _signature(cls: type, namespace: str, function: Any) -> Signature:
    signature = Signature(function, namespace, skip=1)
    signature.module, signature.qualname, signature.doc = (
        cls.__module__, cls.__qualname__, cls.__doc__,
    )  # fmt: skip
    return signature


def takes_unnamed(function: Any, flags: int = _VARARGS | _VARKEYWORDS) -> bool:
    """Tell whether calls may pass what shows no name: as `*`, as `**`, or to what is not Python."""
    return function is None or bool(innermost(function).__code__.co_flags & flags)


def _is_stand_in(default: object) -> bool:
    return type(default).__name__ in _STAND_INS


def _fields(cls: type, namespace: str, structure: Structure) -> Parameters:
    """Return the fields of a class as parameters, by the names that its constructor takes."""
    import inspect  # which whatever library made the class has imported

    by_attribute = {one.attribute: one for one in structure.fields.values() if one.attribute}
    shown = [one for one in inspect.signature(cls).parameters.values() if one.kind not in (2, 4)]
    fields = {
        one.name: structure.fields.get(one.name) or by_attribute.get(one.name) for one in shown
    }
    positional = [one.name for one in shown if one.kind != inspect.Parameter.KEYWORD_ONLY]
    hints = {name: field.hint for name, field in fields.items() if field}
    signature = _signature(cls, namespace, _description(cls, list(fields), len(positional), hints))
    signature.defaults = {
        one.name: one.default
        for one in shown
        if one.default is not one.empty and not _is_stand_in(one.default)
    }
    made_inside = {}
    for name, field in fields.items():
        if field and field.default and name not in signature.defaults:
            made_inside[name] = field.attribute or name
            signature.made_inside[name] = _MadeByClass if field.is_made_inside else field.default
    return Parameters(signature, made_inside, _spellings(structure, fields))


def _description(
    cls: type, names: list[str], positional: int, hints: dict[str, Any]
) -> FunctionType:
    """Return a function that is never called; it has the parameters and the place of `cls`."""
    site = outside_site()
    code = (lambda: None).__code__.replace(
        co_name=cls.__name__,
        co_argcount=positional + 1,
        co_kwonlyargcount=len(names) - positional,
        co_nlocals=len(names) + 1,
        co_varnames=("self", *names),
        co_filename=site[0].co_filename,
        co_firstlineno=int(location(site).rpartition(":")[2]),
    )
    function = FunctionType(code, {})
    function.__annotations__ = {name: hint for name, hint in hints.items() if hint is not UNKNOWN}
    return function


def _spellings(structure: Structure, fields: dict[str, Field | None]) -> dict[str, str]:
    names = {field.attribute: name for name, field in fields.items() if field}
    return {
        spelling: names[field.attribute]
        for spelling, field in structure.fields.items()
        if field.attribute in names and spelling != names[field.attribute]
    }
