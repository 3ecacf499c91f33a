"""How to describe, make and change a class with fields of each kind.

None of their libraries is imported: who has such a class has imported its library.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from .fields import UNKNOWN, Bound, Field, Structure, constant, field_hints, no_value


def _dataclass(kind: type, bound: Bound) -> Structure:
    from dataclasses import InitVar, replace

    hints = field_hints(kind, bound)
    fields: dict[str, Field] = {}
    for name, one in kind.__dataclass_fields__.items():  # type: ignore[attr-defined]  # a dataclass
        role = one._field_type.name  # which dataclasses.fields() leaves out for InitVar
        if role == "_FIELD_CLASSVAR" or not one.init:
            continue
        hint = hints.get(name, UNKNOWN)
        if isinstance(hint, InitVar):
            hint = hint.type
        default = _dataclass_default(one)
        attribute = None if role == "_FIELD_INITVAR" else name
        spellings = _spellings_in_dataclass(kind, name)
        if len(spellings) > 1 and default is None:
            default = no_value  # the class itself tells that none of them is given
        fields |= dict.fromkeys(spellings, Field(hint, default, attribute, one.metadata))
    names = {field.attribute: name for name, field in reversed(fields.items()) if field.attribute}
    is_plain = all(name == attribute for attribute, name in names.items())

    def make(values: dict[str, object]) -> object:
        if not is_plain:
            _attributes(values, fields)
        return kind(**values)

    def change(instance: Any, values: dict[str, object]) -> object:
        if is_plain:
            new = replace(instance, **values)
        else:  # `replace` would give the others by names that the class does not take
            changed = _attributes(values, fields)
            kept = {n: getattr(instance, one) for one, n in names.items() if one not in changed}
            new = kind(**{**kept, **values})
        _put_back(new, instance, values, fields)
        return new

    return Structure(kind.__name__, kind, fields, make, change)


def _dataclass_default(field: Any) -> Callable[[], object] | None:
    from dataclasses import MISSING

    if not isinstance(field.default_factory, type(MISSING)):
        return field.default_factory  # type: ignore[no-any-return]  # a function
    return None if isinstance(field.default, type(MISSING)) else constant(field.default)


def _spellings_in_dataclass(kind: Any, name: str) -> list[str]:
    """Return the names by which a dataclass takes a field: those of pydantic may have aliases."""
    if name not in getattr(kind, "__pydantic_fields__", ()):
        return [name]
    return _spellings(name, kind.__pydantic_fields__[name], kind.__pydantic_config__)


def _attributes(values: Mapping[str, object], fields: Mapping[str, Field]) -> set[str]:
    """Return which attributes values are for; `ValueError` where two are for the same one."""
    found: dict[str, str] = {}
    for name in values:
        if name in fields:
            attribute = fields[name].attribute or name
            if attribute in found:
                raise ValueError(f"{found[attribute]!r} and {name!r} name one field. Set one.")
            found[attribute] = name
    return set(found)


def _put_back(
    new: object, old: object, given: Mapping[str, object], fields: Mapping[str, Field]
) -> None:
    """Undo what `__post_init__` has changed again in fields that nobody has touched."""
    changed = _attributes(given, fields)
    for field in fields.values():
        if field.attribute in changed or field.attribute is None:
            continue
        before = getattr(old, field.attribute)
        if getattr(new, field.attribute) is not before:
            object.__setattr__(new, field.attribute, before)


def _attrs(kind: type, bound: Bound) -> Structure:
    import attrs

    hints = field_hints(kind, bound)
    fields: dict[str, Field] = {}
    attributes: dict[str, str] = {}
    for one in attrs.fields(kind):
        if not one.init:
            continue
        default: Callable[[], object] | None = None
        if isinstance(one.default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
            default = no_value if one.default.takes_self else one.default.factory
        elif one.default is not attrs.NOTHING:
            default = constant(one.default)
        given = one.alias or one.name
        hint = hints.get(one.name, UNKNOWN if one.type is None else one.type)
        fields[given] = Field(hint, default, one.name, one.metadata)
        attributes[given] = one.name

    def change(instance: Any, values: dict[str, object]) -> object:
        new = attrs.evolve(instance, **values)
        _put_back(new, instance, values, fields)
        return new

    return Structure(kind.__name__, kind, fields, lambda values: kind(**values), change)


def _named_tuple(kind: Any, bound: Bound) -> Structure:
    hints = field_hints(kind, bound)
    defaults = kind._field_defaults
    fields = {
        name: Field(
            hints.get(name, UNKNOWN),
            constant(defaults[name]) if name in defaults else None,
            name,
        )
        for name in kind._fields
    }
    return Structure(
        kind.__name__, kind, fields,
        lambda values: kind(**values), lambda instance, values: instance._replace(**values),
    )  # fmt: skip


def _typed_dict(kind: Any, bound: Bound) -> Structure:
    hints = field_hints(kind, bound)
    fields = {}
    for name, hint in hints.items():
        bare, required = _required(hint, name in kind.__required_keys__)
        fields[name] = Field(bare, None if required else no_value, None)
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


def _struct(kind: Any, bound: Bound) -> Structure:
    import msgspec

    hints, unbound = field_hints(kind, bound), field_hints(kind, {})
    own = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    # `msgspec.structs.fields` fails where an annotation cannot be resolved.
    defaults = (msgspec.NODEFAULT,) * len(own) + kind.__struct_defaults__
    fields = {
        given: Field(hints.get(name, UNKNOWN), _struct_default(default), name)
        for (given, name), default in zip(own.items(), defaults[-len(own) :], strict=True)
    }

    def make(values: dict[str, object]) -> object:
        made = kind(**{own[name]: value for name, value in values.items()})
        return _checked_by_msgspec(made, own, unbound)

    def change(instance: Any, values: dict[str, object]) -> object:
        new = msgspec.structs.replace(instance, **{own[n]: v for n, v in values.items()})
        return _checked_by_msgspec(new, own, unbound)

    return Structure(kind.__name__, kind, fields, make, change)


def _struct_default(default: Any) -> Callable[[], object] | None:
    from msgspec import NODEFAULT

    if type(default).__module__ == "msgspec._core" and hasattr(default, "factory"):
        return default.factory  # type: ignore[no-any-return]  # a function
    return None if default is NODEFAULT else constant(default)


def _checked_by_msgspec(made: Any, names: Mapping[str, str], hints: Mapping[str, Any]) -> object:
    """Return an instance that keeps its own constraints; `ValueError` where it does not."""
    import msgspec

    if not any(hint is UNKNOWN for hint in hints.values()):
        with suppress(TypeError):  # a field has a type that msgspec cannot check, as `Path | str`
            return msgspec.convert(made, type(made), from_attributes=True)
    for given, name in names.items():
        if (hint := hints.get(name, UNKNOWN)) is UNKNOWN:
            continue
        try:
            msgspec.convert(getattr(made, name), hint, from_attributes=True)
        except msgspec.ValidationError as error:
            raise ValueError(f"{given}: {error}") from None
        except TypeError:  # this is such a field
            continue
    return made


def _model(kind: Any, _: Bound) -> Structure:
    from .model_types import is_made_of_text

    fields = _model_fields(kind)
    of_text = {f.attribute or "" for f in fields.values() if is_made_of_text(f.hint)}
    names = {field.attribute: name for name, field in reversed(fields.items())}
    # What only an `AliasPath` leads to has no name in a mapping but its own, if it is allowed.
    options = {} if all(n in names for n in kind.model_fields) else {"by_name": True}

    def make(values: dict[str, object], **options: bool) -> Any:
        _attributes(values, fields)
        try:
            return kind.model_validate(values, **options)
        except ValueError as error:
            raise ValueError(_with_place(error)) from None

    def change(instance: Any, values: dict[str, object]) -> object:
        # `model_copy` validates nothing, so old and new are validated together first.
        changed = _attributes(values, fields)
        kept = {n: getattr(instance, n) for n in kind.model_fields if n not in of_text}
        kept |= raw(instance)
        whole = {names.get(n, n): one for n, one in kept.items() if n not in changed}
        valid = make({**whole, **(instance.model_extra or {}), **values}, **options)
        new = instance.model_copy(update={n: getattr(valid, n) for n in changed})
        if extra:  # where one may have the name of an attribute, which `model_copy` would set
            more = {n: valid.model_extra[n] for n in values if n not in fields}
            new.model_extra.update(more)
            new.model_fields_set.update(more)
        return new

    def raw(instance: Any) -> dict[str, object]:
        """Return the values of those fields that are not taken as they are, as they are taken.

        Not their defaults, which nobody validates.
        """
        n = of_text & instance.model_fields_set
        return instance.model_dump(include=n, round_trip=True, by_alias=False) if n else {}

    extra = kind.model_config.get("extra") == "allow"
    return Structure(kind.__name__, kind, fields, make, change, extra=extra, raw=raw)


def _model_fields(kind: Any) -> dict[str, Field]:
    from .model_types import for_pydantic

    fields = {}
    for name, one in kind.model_fields.items():
        hint = one.annotation
        if one.metadata:
            hint = typing.Annotated[(hint, *one.metadata)]
        hint = for_pydantic(hint, kind.model_config)
        default = None if one.is_required() else _model_default(one)
        spellings = _spellings(name, one, kind.model_config)
        if len(spellings) > 1 and default is None:
            default = no_value  # the model itself tells that none of them is given
        for spelling in spellings:
            fields[spelling] = Field(hint, default, name, one)
    return fields


def _with_place(error: ValueError) -> str:
    place, said = said_by(error)
    return f"{'.'.join(map(str, place))}: {said}" if place else said


def said_by(error: Exception) -> tuple[tuple[str | int, ...], str]:
    """Return of which part a class that refuses its values speaks, and what it says in one line."""
    # The text of pydantic's errors has several lines, and the values.
    if type(error).__module__.partition(".")[0] == "pydantic_core" and hasattr(error, "errors"):
        problem = error.errors(include_url=False, include_input=False)[0]
        return problem["loc"], problem["msg"]
    return (), " ".join(str(error).split())


def _spellings(name: str, field: Any, config: Mapping[str, Any]) -> list[str]:
    """Return the names by which a model takes a field: its aliases, and its own where allowed."""
    aliases = field.validation_alias or field.alias or name
    listed = [str(one) for one in getattr(aliases, "choices", [aliases]) if isinstance(one, str)]
    by_name = config.get("populate_by_name") or config.get("validate_by_name")
    if config.get("validate_by_alias") is False:
        return [name]
    return list(dict.fromkeys([*listed, name] if by_name else listed))


def _model_default(field: Any) -> Callable[[], object]:
    if field.default_factory is None:
        return constant(field.default)
    return no_value if field.default_factory_takes_validated_data else field.default_factory


KINDS: dict[str, Callable[[Any, Bound], Structure]] = {
    "__dataclass_fields__": _dataclass,
    "__attrs_attrs__": _attrs,
    "__struct_fields__": _struct,
    "__pydantic_decorators__": _model,
    "__required_keys__": _typed_dict,
    "_field_defaults": _named_tuple,
}
"""How to describe a class, by the mark of its kind."""
