"""Classes with fields, of whatever kind: what their fields are, and how they are made and changed.

This is the one module that knows what a dataclass is, an attrs class, a NamedTuple, a TypedDict, a
msgspec struct or a pydantic model.  None of their libraries is imported: who has such a class has
imported its library.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

UNKNOWN: Any = object()
"""The hint of a field whose annotation is missing or cannot be resolved."""


class Field(NamedTuple):
    """A field, by the name that a mapping has for it.

    `default` makes its default, and is None where it has to be given.  `attribute` is where an
    instance has it, None where an instance does not keep it.
    """

    hint: Any
    default: Callable[[], object] | None
    attribute: str | None

    @property
    def is_made_inside(self) -> bool:
        """Tell whether only the class itself can make the default, out of other fields."""
        return self.default is _no_value

    @property
    def required(self) -> bool:
        return self.default is None

    @property
    def is_none(self) -> bool:
        """Tell whether the default is None, which allows None whatever the hint is."""
        return self.default is _none


class Structure(NamedTuple):
    """A class with fields.

    `make` takes all values that are given, by name; `replace` an instance and those that change.
    With `extra`, names that no field has are passed on.
    """

    name: str
    kind: type
    fields: Mapping[str, Field]
    make: Callable[[dict[str, object]], object]
    replace: Callable[[Any, dict[str, object]], object]
    extra: bool = False

    def is_instance(self, value: object) -> bool:
        return isinstance(value, self.kind) and self.kind is not dict

    def values_of(self, instance: object) -> dict[str, object]:
        """Return the values of the fields that an instance keeps."""
        return {
            name: getattr(instance, field.attribute)
            for name, field in self.fields.items()
            if field.attribute is not None and hasattr(instance, field.attribute)
        }


_MOST_KEPT = 1024
_kept: dict[int, tuple[object, Structure | None]] = {}


def structure_of(hint: object) -> Structure | None:
    """Return what is known of a class with fields, generic ones with their parameters bound."""
    known = _kept.get(id(hint))  # by identity, with the hint kept beside it: some have no hash
    if known is not None and known[0] is hint:
        return known[1]
    found = _described(hint)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[id(hint)] = hint, found
    return found


def _described(hint: object) -> Structure | None:
    origin = typing.get_origin(hint)
    kind = hint if origin is None else origin
    if not isinstance(kind, type):
        return None
    for mark, describe in _KINDS.items():
        if hasattr(kind, mark):
            return describe(kind, _bound_variables(kind, hint))
    return None


def annotated_class(kind: type) -> Structure | None:
    """Return a plain class with annotations as a structure: its attributes are the fields."""
    hints = field_hints(kind, {})
    fields = {
        name: Field(hint, _constant(getattr(kind, name)) if hasattr(kind, name) else None, name)
        for name, hint in hints.items()
        if typing.get_origin(hint) is not typing.ClassVar and hint is not typing.ClassVar
    }

    def change(instance: object, values: dict[str, object]) -> object:
        for name, value in values.items():
            setattr(instance, name, value)
        return instance

    def make(values: dict[str, object]) -> object:
        return kind(**values) if _takes_keywords(kind) else change(kind(), values)

    return Structure(kind.__name__, kind, fields, make, change) if fields else None


def _takes_keywords(kind: type) -> bool:
    return vars(object)["__init__"] is not getattr(kind, "__init__")  # noqa: B009  # mypy


def field_hints(kind: type, bound: Mapping[object, object]) -> dict[str, Any]:
    """Return the annotations of a class by name, each resolved by itself, else `UNKNOWN`."""
    hints: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        names = vars(sys.modules.get(base.__module__)) if base.__module__ in sys.modules else {}
        own = vars(base).get("__annotations__", {})
        if not own and hasattr(base, "__annotate__"):  # Python 3.14 makes them when asked
            own = getattr(base, "__annotations__", {})
        for name, hint in own.items():
            hints[name] = _resolved(hint, names, dict(vars(base)))
    return {name: _substituted(hint, bound) for name, hint in hints.items()}


def _resolved(hint: Any, names: dict[str, Any], inner: dict[str, Any]) -> Any:
    holder = types.SimpleNamespace(__annotations__={"it": hint})
    try:
        return typing.get_type_hints(holder, names, inner, include_extras=True)["it"]
    except (NameError, AttributeError, SyntaxError, TypeError):
        return hint if not isinstance(hint, str) and _is_whole(hint) else UNKNOWN


def _is_whole(hint: Any) -> bool:
    """Tell a hint without text in it that still waits for its meaning."""
    if isinstance(hint, (str, typing.ForwardRef)):
        return False
    return all(map(_is_whole, typing.get_args(hint)))


def _bound_variables(kind: type, hint: object) -> dict[object, object]:
    """Return what the type variables of a generic class stand for here, those of its bases too."""
    parameters = getattr(kind, "__parameters__", ())
    bound: dict[object, object] = dict(zip(parameters, typing.get_args(hint), strict=False))
    for base in getattr(kind, "__orig_bases__", ()):
        origin = typing.get_origin(base)
        if isinstance(origin, type):
            inner = zip(getattr(origin, "__parameters__", ()), typing.get_args(base), strict=False)
            bound.update({variable: bound.get(arg, arg) for variable, arg in inner})
    return bound


def _substituted(hint: Any, bound: Mapping[object, object]) -> Any:
    """Return a hint with the type variables in it replaced by what they stand for."""
    if not bound:
        return hint
    if isinstance(hint, typing.TypeVar):
        return bound.get(hint, hint)
    free = getattr(hint, "__parameters__", ())
    if not free or isinstance(hint, type):
        return hint
    try:
        return hint[tuple(bound.get(variable, variable) for variable in free)]
    except TypeError:
        return hint


def _none() -> None:
    """Make the default None."""


def _constant(value: object) -> Callable[[], object]:
    return _none if value is None else lambda: value


def _dataclass(kind: type, bound: Mapping[object, object]) -> Structure:
    from dataclasses import MISSING, InitVar, replace

    hints = field_hints(kind, bound)
    fields: dict[str, Field] = {}
    for name, one in kind.__dataclass_fields__.items():  # type: ignore[attr-defined]  # a dataclass
        role = one._field_type.name  # which dataclasses.fields() leaves out for InitVar
        if role == "_FIELD_CLASSVAR" or not one.init:
            continue
        hint = hints.get(name, UNKNOWN)
        if isinstance(hint, InitVar):
            hint = hint.type
        default = None
        if not isinstance(one.default_factory, type(MISSING)):
            default = one.default_factory
        elif not isinstance(one.default, type(MISSING)):
            default = _constant(one.default)
        fields[name] = Field(hint, default, None if role == "_FIELD_INITVAR" else name)

    def change(instance: Any, values: dict[str, object]) -> object:
        new = replace(instance, **values)
        _put_back(new, instance, values, fields)
        return new

    return Structure(kind.__name__, kind, fields, lambda values: kind(**values), change)


def _put_back(
    new: object, old: object, given: Mapping[str, object], fields: Mapping[str, Field]
) -> None:
    """Undo what `__post_init__` has changed again in fields that nobody has touched."""
    for name, field in fields.items():
        if name in given or field.attribute is None:
            continue
        before = getattr(old, field.attribute)
        if getattr(new, field.attribute) is not before:
            object.__setattr__(new, field.attribute, before)


def _attrs(kind: type, bound: Mapping[object, object]) -> Structure:
    import attrs

    hints = field_hints(kind, bound)
    fields: dict[str, Field] = {}
    attributes: dict[str, str] = {}
    for one in attrs.fields(kind):
        if not one.init:
            continue
        default: Callable[[], object] | None = None
        if isinstance(one.default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
            default = _no_value if one.default.takes_self else one.default.factory
        elif one.default is not attrs.NOTHING:
            default = _constant(one.default)
        given = one.alias or one.name
        hint = hints.get(one.name, UNKNOWN if one.type is None else one.type)
        fields[given] = Field(hint, default, one.name)
        attributes[given] = one.name

    def change(instance: Any, values: dict[str, object]) -> object:
        new = attrs.evolve(instance, **values)
        _put_back(new, instance, values, fields)
        return new

    return Structure(kind.__name__, kind, fields, lambda values: kind(**values), change)


def _no_value() -> object:
    """Stand for a default that only an instance could make."""
    return UNKNOWN


def _named_tuple(kind: Any, bound: Mapping[object, object]) -> Structure:
    hints = field_hints(kind, bound)
    defaults = kind._field_defaults
    fields = {
        name: Field(
            hints.get(name, UNKNOWN),
            _constant(defaults[name]) if name in defaults else None,
            name,
        )
        for name in kind._fields
    }
    return Structure(
        kind.__name__, kind, fields,
        lambda values: kind(**values), lambda instance, values: instance._replace(**values),
    )  # fmt: skip


def _typed_dict(kind: Any, bound: Mapping[object, object]) -> Structure:
    hints = field_hints(kind, bound)
    fields = {}
    for name, hint in hints.items():
        bare, required = _required(hint, name in kind.__required_keys__)
        fields[name] = Field(bare, None if required else _no_value, None)
    # Required and NotRequired are looked for in the hints: `__required_keys__` is wrong where
    # annotations are text.
    return Structure(
        kind.__name__, dict, fields, lambda values: values, lambda old, values: {**old, **values}
    )


def _required(hint: Any, required: bool) -> tuple[Any, bool]:
    origin = typing.get_origin(hint)
    if origin is typing.Required:
        return typing.get_args(hint)[0], True
    if origin is typing.NotRequired:
        return typing.get_args(hint)[0], False
    return hint, required


def _struct(kind: Any, bound: Mapping[object, object]) -> Structure:
    import msgspec

    hints = field_hints(kind, bound)
    fields = {}
    for one in msgspec.structs.fields(kind):
        default = None
        if one.default_factory is not msgspec.NODEFAULT:
            default = one.default_factory
        elif one.default is not msgspec.NODEFAULT:
            default = _constant(one.default)
        fields[one.encode_name] = Field(hints.get(one.name, one.type), default, one.name)
    own = {name: field.attribute or name for name, field in fields.items()}

    def make(values: dict[str, object]) -> object:
        made = kind(**{own[name]: value for name, value in values.items()})
        return msgspec.convert(made, kind, from_attributes=True)  # its own constraints

    def change(instance: Any, values: dict[str, object]) -> object:
        new = msgspec.structs.replace(instance, **{own[n]: v for n, v in values.items()})
        return msgspec.convert(new, kind, from_attributes=True)

    return Structure(kind.__name__, kind, fields, make, change)


def _model(kind: Any, _: Mapping[object, object]) -> Structure:
    fields = {}
    for name, one in kind.model_fields.items():
        hint = one.annotation
        if one.metadata:
            hint = typing.Annotated[(hint, *one.metadata)]
        default = None if one.is_required() else _model_default(one)
        spellings = _spellings(kind, name, one)
        if len(spellings) > 1 and default is None:
            default = _no_value  # the model itself tells that none of them is given
        for spelling in spellings:
            fields[spelling] = Field(hint, default, name)

    def make(values: dict[str, object]) -> Any:
        try:
            return kind.model_validate(values)
        except ValueError as error:  # whose text has several lines, and the values
            problem = error.errors(include_url=False, include_input=False)[0]  # type: ignore[attr-defined]  # pydantic's
            place = ".".join(map(str, problem["loc"]))
            raise ValueError(f"{place}: {problem['msg']}" if place else problem["msg"]) from None

    def change(instance: Any, values: dict[str, object]) -> object:
        # `model_copy` validates nothing, so old and new are validated together first.
        whole = {**{n: getattr(instance, n) for n in kind.model_fields}, **values}
        valid = make(whole)
        names = {fields[n].attribute or n if n in fields else n for n in values}
        return instance.model_copy(update={n: getattr(valid, n) for n in names})

    extra = kind.model_config.get("extra") == "allow"
    return Structure(kind.__name__, kind, fields, make, change, extra)


def _spellings(kind: Any, name: str, field: Any) -> list[str]:
    """Return the names by which a model takes a field: its aliases, and its own where allowed."""
    aliases = field.validation_alias or field.alias or name
    listed = [str(one) for one in getattr(aliases, "choices", [aliases]) if isinstance(one, str)]
    by_name = kind.model_config.get("populate_by_name") or kind.model_config.get("validate_by_name")
    return list(dict.fromkeys([*listed, name] if by_name else listed))


def _model_default(field: Any) -> Callable[[], object]:
    if field.default_factory is None:
        return _constant(field.default)
    return _no_value if field.default_factory_takes_validated_data else field.default_factory


_KINDS: dict[str, Callable[[Any, Mapping[object, object]], Structure]] = {
    "__dataclass_fields__": _dataclass,
    "__attrs_attrs__": _attrs,
    "__struct_fields__": _struct,
    "__pydantic_decorators__": _model,
    "__required_keys__": _typed_dict,
    "_field_defaults": _named_tuple,
}
"""How to describe a class, by the attribute that its kind has and no other."""
