"""Configurations as plain dicts and lists: unflattened, merged, overridden, cast.

Nothing here changes its arguments: results share values with them, but never a dict or a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from .._values.describe import show
from .._values.keys import MAX_DEPTH, did_you_mean
from .._values.landing import landed
from .._values.named_twice import NamedTwice, check_own_names
from .._values.own_class import like
from .._values.untyped import exact_int
from ..exceptions import ConfigurationError


def copied(value: object, *, none: bool = False, depth: int = MAX_DEPTH) -> object:
    """Return `value` with its dicts and lists copied; with `none`, the text "None" as None.

    Subclasses of dict keep their class, other mappings become dicts.  `ConfigurationError` below
    `depth` levels.
    """
    if isinstance(value, (dict, list, Mapping)):  # dict and list first: they are recognized faster
        if not depth:
            raise ConfigurationError(
                "The configuration contains itself, or is nested more than "
                f"{MAX_DEPTH} levels deep."
            )
        depth -= 1
        if isinstance(value, list):
            return [copied(item, none=none, depth=depth) for item in value]
        # Taking the dict of a scope or a Params, unlike its items, is not recorded as a read.
        flat = getattr(type(value), "__hp_flat__", None)
        items = (flat(value) if flat else value).items()
        made = {key: copied(item, none=none, depth=depth) for key, item in items}
        try:
            check_own_names(made, may_agree=True)
        except NamedTwice as error:
            raise ConfigurationError(f"A mapping is ambiguous: {error}. Remove one.") from None
        return like(value, made)
    return None if none and isinstance(value, str) and value == "None" else value


def copied_mapping(value: object, what: str, none: bool = False) -> dict[str, Any]:
    """Return a copy of `value`, which is called `what` in the error if it is not a mapping."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"{what} must be a mapping of keys to values, not {type(value).__name__}.",
            value=show("", value),
        )
    return cast("dict[str, Any]", copied(value, none=none))


def flattened(params: Mapping[str, Any], base: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted keys with their values; lists and empty dicts are values."""
    for key, value in params.items():
        if isinstance(value, dict) and value:
            yield from flattened(value, f"{base}{key}.")
        else:
            yield f"{base}{key}", value


def as_flat(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values by dotted keys; `ConfigurationError` where two names have the same one."""
    flat: dict[str, Any] = {}
    for key, value in flattened(params):
        if key in flat:
            raise ConfigurationError(
                f"{key!r:.200} is written twice: nested, and with dots in a name. Remove one.",
                key=key,
            )
        flat[key] = value
    return flat


def unflatten(flat_dict: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nested form of a dict with dotted keys: {"a.b": 0} gives {"a": {"b": 0}}."""
    nested: dict[str, Any] = {}
    for key, value in copied_mapping(flat_dict, "flat_dict").items():
        if not isinstance(key, str):
            raise _invalid(str(key), "keys must be text")
        *parents, name = key.split(".")
        if len(parents) >= MAX_DEPTH:
            raise _invalid(key, f"more than {MAX_DEPTH} levels")
        node = nested
        for parent in parents:
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                raise _invalid(key, f"{parent!r} is a value and a prefix")
        if name in node:
            raise _invalid(key, "the key is set twice, or is a prefix too")
        node[name] = value
    return nested


def _invalid(key: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"flattened dictionary is invalid: {key!r:.200}: {reason}.", key=key)


def with_fallback(preferred: Mapping[str, Any], fallback: Mapping[str, Any]) -> dict[str, Any]:
    """Return both merged deeply, preferring the values of `preferred`.

    A dict over a list overrides single elements, by index: {"0": ...}, {"-1": ...}.
    """
    over, merged = copied_mapping(preferred, "preferred"), copied_mapping(fallback, "fallback")
    _merge(over, merged, "")
    return merged


def _merge(over: dict[str, Any], base: dict[str, Any] | list[Any], path: str) -> None:
    """Change `base` by `over`; both are copies made by the caller."""
    for key, value in _writes(over, base):
        at: Any = key
        if isinstance(base, list):
            at = _index(key, base, path)
        elif key not in base:
            base[key] = value
            continue
        below = base[at]
        if isinstance(value, dict) and isinstance(below, (dict, list)):
            _merge(value, below, f"{path}{key}.")
        else:
            base[at] = value


def _writes(
    over: Mapping[str, Any], base: dict[str, Any] | list[Any]
) -> Iterator[tuple[Any, object]]:
    """Yield what is written at each name of `base`, which may have dots, and at new ones."""
    if isinstance(base, list):
        yield from over.items()
        return
    for name, values in landed(over, base, lambda value: value, dict).items():
        for value in values:
            yield name, value


def _index(key: str, items: list[Any], path: str) -> int:
    try:
        index = int(key)
        items[index]
    except (TypeError, ValueError, IndexError):
        raise ConfigurationError(
            f"could not merge: {f'{path}{key}'[:200]!r} overrides an item of a list of "
            f"{len(items)}, but {str(key)[:80]!r} is not a valid index.",
            key=f"{path}{key}",
        ) from None
    return index


def override_paths(
    over: Mapping[str, Any], merged: dict[str, Any] | list[Any], base: str = ""
) -> Iterator[str]:
    """Yield the paths in `merged`, of `with_fallback`, whose values came from `over`."""
    for key, value in _writes(over, merged):
        if isinstance(merged, list):
            index = int(key) % len(merged)
            path, below = f"{base}{index}", merged[index]
        else:
            path, below = f"{base}{key}", merged[key]
        if isinstance(value, dict) and value:
            yield from override_paths(value, below, f"{path}.")
        else:
            yield path


def with_overrides(original: object, overrides_dict: Mapping[str, Any]) -> Any:
    """Return `original` with the values at dotted keys replaced; a key may have list indices.

    A dotted key that does not exist is a `ConfigurationError`; a new key without a dot is added.
    """
    result = copied(original)
    overrides = copied_mapping(overrides_dict, "overrides_dict")
    for key, value in overrides.items():
        if any(str(key).startswith(f"{other}.") for other in overrides):
            raise _unused(str(key), [])
        _replace(result, str(key), value, str(key))
    return result


def _replace(node: object, key: str, value: object, whole: str) -> None:
    """Put `value` at the dotted `key` below `node`; `whole` is the key from the top."""
    if not isinstance(node, (dict, list)):
        parent = whole[: len(whole) - len(key)]
        raise ConfigurationError(
            f"override {whole!r:.200}: expected list or dict at {parent.rstrip('.')!r:.200}, "
            f"found {type(node).__name__}.",
            key=whole,
        )
    names: dict[str, Any] = {str(name): name for name in _names(node)}
    if key in names or (key == whole and "." not in key and isinstance(node, dict)):
        node[names.get(key, key)] = value
        return
    starts = sorted((name for name in names if key.startswith(f"{name}.")), key=len)
    # The longest, as everywhere; but a shorter one has the key where a longer one lacks it.
    name = starts[-1] if starts else None
    for one in starts:
        name = one if _has(node[names[one]], key[len(one) + 1 :]) else name
    if name is None:
        parent = whole[: len(whole) - len(key)]
        raise _unused(whole, [f"{parent}{name}" for name in names])
    _replace(node[names[name]], key[len(name) + 1 :], value, whole)


def _has(node: object, key: str) -> bool:
    """Tell whether a dotted key is below `node`, whichever of its dots belong to names."""
    if not isinstance(node, (dict, list)):
        return False
    names: dict[str, Any] = {str(name): name for name in _names(node)}
    return key in names or any(
        _has(node[inner], key[len(name) + 1 :])
        for name, inner in names.items()
        if key.startswith(f"{name}.")
    )


def _names(node: dict[str, Any] | list[Any]) -> Iterable[object]:
    return range(len(node)) if isinstance(node, list) else node


def _unused(key: str, candidates: list[str]) -> ConfigurationError:
    hint = did_you_mean(key, candidates)
    return ConfigurationError(
        f"overrides dict contains unused keys: {key!r:.200} does not exist.{hint}", key=key
    )


def infer_and_cast(value: object) -> Any:
    """Return JSON-like data in which text of a bool, an int or a float is cast to it.

    Use it for functions that take a whole dict, where `pop_int` cannot convert.
    """
    return _cast(copied(value))


def _cast(value: object) -> object:
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, list):
        return [_cast(item) for item in value]
    if isinstance(value, dict):
        return like(value, {key: _cast(item) for key, item in value.items()})
    if isinstance(value, str):
        return _cast_text(value)
    raise ConfigurationError(
        f"cannot infer type of {show('', value)} ({type(value).__name__}). Only JSON data can be "
        "cast."
    )


def _cast_text(text: str) -> bool | int | float | str:
    word = text.lower()
    if word in ("true", "false"):
        return word == "true"
    digits = text.strip().lstrip("+-").isdigit()
    # int() refuses very long numbers, and float() would round them.
    for number in (exact_int if digits else int, float):
        try:
            return number(text)
        except (ValueError, ArithmeticError):
            continue
    return text
