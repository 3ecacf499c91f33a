"""Classes with fields: what is known of one, and what its annotations mean."""

import sys
import types
import typing
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any

UNKNOWN: Any = object()
"""The hint of a field whose annotation is missing or cannot be resolved."""
Variables = Mapping[object, object]
"""What each type variable stands for."""
Bound = Mapping[type, Variables]
"""The same for each class: two may have one variable and mean different types."""

STRUCTURE_MARKS = (
    "__dataclass_fields__",
    "__attrs_attrs__",
    "__struct_fields__",
    "__pydantic_decorators__",
    "__required_keys__",
    "_field_defaults",
)
"""The attribute that a class of each kind has and no other."""


def is_structure(value: object) -> bool:
    """Tell an instance of a class with fields, without looking at those."""
    return mark_of(type(value)) is not None


def mark_of(kind: type) -> str | None:
    """Return the mark that a class with fields has, None for other classes."""
    for mark in STRUCTURE_MARKS:
        # A metaclass may have whatever it is asked for, as that of `hp.scope`.
        if hasattr(kind, mark) and any(mark in vars(base) for base in kind.__mro__):
            return mark
    return None


class Field:
    """A field, by the name that a mapping has for it.

    `default` makes its default, and is None where it has to be given.  `attribute` is where an
    instance has it, None where an instance does not keep it.  `metadata` is what the class says
    about it, where its kind has that.
    """

    __slots__ = ("attribute", "default", "hint", "metadata")

    def __init__(
        self,
        hint: Any,
        default: Callable[[], object] | None,
        attribute: str | None,
        metadata: object = None,
    ) -> None:
        self.hint = hint
        self.default = default
        self.attribute = attribute
        self.metadata = metadata

    @property
    def is_made_inside(self) -> bool:
        """Tell whether only the class itself can make the default, out of other fields."""
        return self.default is no_value

    @property
    def required(self) -> bool:
        return self.default is None

    @property
    def is_none(self) -> bool:
        """Tell whether the default is None, which allows None whatever the hint is."""
        return self.default is none_made


class Structure:
    """A class with fields.

    `make` takes all values that are given, by name; `replace` an instance and those that change.
    With `extra`, names that no field has are passed on.  `raw` gives the values of an instance that
    are not what it was made of, such as those of `Json`, as they were given.
    """

    __slots__ = ("extra", "fields", "kind", "make", "name", "raw", "replace")

    def __init__(
        self,
        name: str,
        kind: type,
        fields: Mapping[str, Field],
        make: Callable[[dict[str, object]], object],
        replace: Callable[[Any, dict[str, object]], object],
        *,
        extra: bool = False,
        raw: Callable[[Any], dict[str, object]] | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.fields = fields
        self.make = make
        self.replace = replace
        self.extra = extra
        self.raw = raw

    def is_instance(self, value: object) -> bool:
        return isinstance(value, self.kind) and self.kind is not dict

    def values_of(self, instance: object) -> dict[str, object]:
        """Return the values of the fields that an instance keeps."""
        return {
            name: getattr(instance, field.attribute)
            for name, field in self.fields.items()
            if field.attribute is not None and hasattr(instance, field.attribute)
        }

    def given_values_of(self, instance: object) -> dict[str, object]:
        """Return values with which an equal instance can be made, each under one name alone."""
        names: dict[str | None, str] = {}
        for name, field in self.fields.items():
            names.setdefault(field.attribute, name)
        values = self.values_of(instance)
        raw = self.raw(instance) if self.raw is not None else {}
        values |= {n: raw[one] for one, n in names.items() if one in raw}
        more = (getattr(instance, "model_extra", None) or {}) if self.extra else {}
        return {**{n: one for n, one in values.items() if n in names.values()}, **more}


def field_hints(kind: type, bound: Bound) -> dict[str, Any]:
    """Return the annotations of a class by name, each resolved by itself, else `UNKNOWN`."""
    hints: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        # The bases of a TypedDict are not among these: its own annotations have theirs.
        variables = ChainMap(*map(dict, (bound.get(base, {}), *bound.values())))
        names = vars(sys.modules.get(base.__module__)) if base.__module__ in sys.modules else {}
        own = vars(base).get("__annotations__", {})
        if not own and hasattr(base, "__annotate__"):  # Python 3.14 makes them when asked
            own = getattr(base, "__annotations__", {})
        for name, hint in own.items():
            hints[name] = substituted(_resolved(hint, names, dict(vars(base))), variables)
    return hints


def _resolved(hint: Any, names: dict[str, Any], inner: dict[str, Any]) -> Any:
    holder = types.SimpleNamespace(__annotations__={"it": hint})
    try:
        found = typing.get_type_hints(holder, names, inner, include_extras=True)["it"]
        return UNKNOWN if found is typing.Final else found
    except Exception:  # noqa: BLE001  # text in an annotation may be any expression
        return hint if not isinstance(hint, str) and _is_whole(hint) else UNKNOWN


def _is_whole(hint: Any) -> bool:
    """Tell a hint without text in it that still waits for its meaning."""
    if isinstance(hint, (str, typing.ForwardRef)):
        return False
    return all(map(_is_whole, typing.get_args(hint)))


def bound_variables(hint: object) -> Bound:
    """Return what type variables stand for in a generic class and in each of its bases."""
    bound: dict[type, Variables] = {}

    def visit(one: object, outside: Variables) -> None:
        kind = typing.get_origin(one) or one
        if not isinstance(kind, type) or kind in bound:
            return
        args = [substituted(arg, outside) for arg in typing.get_args(one)]
        bound[kind] = dict(zip(getattr(kind, "__parameters__", ()), args, strict=False))
        for base in vars(kind).get("__orig_bases__", kind.__bases__):
            visit(base, bound[kind])

    visit(hint, {})
    return bound


def is_free(hint: object) -> bool:
    """Tell a hint with type variables in it."""
    is_generic = bool(getattr(hint, "__parameters__", ())) and not isinstance(hint, type)
    return is_generic or isinstance(hint, typing.TypeVar)


def substituted(hint: Any, bound: Variables) -> Any:
    """Return a hint with the type variables in it replaced by what they stand for."""
    if not is_free(hint):
        return hint
    if isinstance(hint, typing.TypeVar):
        return bound.get(hint, hint)
    try:
        return hint[tuple(bound.get(variable, variable) for variable in hint.__parameters__)]
    except TypeError:
        return hint


def none_made() -> None:
    """Make the default None."""


class Constant:
    """Makes a default that is at hand."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __call__(self) -> object:
        return self.value


def constant(value: object) -> Callable[[], object]:
    if value is None:
        return none_made
    return Constant(value)


def no_value() -> object:
    """Stand for a default that only an instance could make."""
    return UNKNOWN
