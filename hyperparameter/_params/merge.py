"""Configurations as plain dicts and lists: unflattened, merged, overridden, cast.

Nothing here changes what it is given: results share values with their sources, never a dict
or a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._values.describe import show
from .._values.keys import MAX_DEPTH, did_you_mean
from .._values.untyped import exact_int
from ..exceptions import ConfigurationError


def copied(value: Any, *, none: bool = False, depth: int = MAX_DEPTH) -> Any:
    """Return `value` with its dicts and lists copied; with `none`, the text "None" as None.

    Other mappings become dicts.  `ConfigurationError` below `depth` levels.
    """
    if isinstance(value, (dict, list, Mapping)):
        if not depth:
            raise ConfigurationError(
                f"The configuration contains itself or is nested deeper than {MAX_DEPTH} levels."
            )
        depth -= 1
        if isinstance(value, list):
            return [copied(item, none=none, depth=depth) for item in value]
        flat = getattr(type(value), "__hp_flat__", None)
        items = (flat(value) if flat else value).items()
        return {key: copied(item, none=none, depth=depth) for key, item in items}
    return None if none and isinstance(value, str) and value == "None" else value


def copied_mapping(value: Any, what: str, none: bool = False) -> dict[str, Any]:
    """Return a copy of `value`; `ConfigurationError` where it is no mapping."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"{what} must be a mapping, not {type(value).__name__}.", value=show("", value)
        )
    result: dict[str, Any] = copied(value, none=none)
    return result


def flattened(params: Mapping[str, Any], base: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted keys with their values; lists and empty dicts are values."""
    for key, value in params.items():
        if isinstance(value, dict) and value:
            yield from flattened(value, f"{base}{key}.")
        else:
            yield f"{base}{key}", value


def unflatten(flat_dict: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nested form of a dict with dotted keys: {"a.b": 0} gives {"a": {"b": 0}}."""
    nested: dict[str, Any] = {}
    for key, value in copied_mapping(flat_dict, "What is unflattened").items():
        if not isinstance(key, str):
            raise _invalid(str(key), "keys must be text")
        *parents, name = key.split(".")
        if len(parents) >= MAX_DEPTH:
            raise _invalid(key, f"more than {MAX_DEPTH} levels")
        node = nested
        for parent in parents:
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                raise _invalid(key, f"{parent!r} is a value as well")
        if name in node:
            raise _invalid(key, "it is there already, as a value or with keys below it")
        node[name] = value
    return nested


def _invalid(key: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"flattened dictionary is invalid: {key!r:.200}: {reason}.", key=key)


def with_fallback(preferred: Mapping[str, Any], fallback: Mapping[str, Any]) -> dict[str, Any]:
    """Return both merged deeply, preferring the values of `preferred`.

    A dict over a list overrides single elements, by index: {"0": ...}, {"-1": ...}.
    """
    over = copied_mapping(preferred, "What is preferred")
    merged: dict[str, Any] = _merge(over, copied_mapping(fallback, "The fallback"), "")
    return merged


def _merge(over: Any, base: Any, path: str) -> Any:
    """Return `base`, changed by `over` where both have keys or indices."""
    if not isinstance(over, dict) or not isinstance(base, (dict, list)):
        return over
    for key, value in over.items():
        if isinstance(base, list):
            index: Any = _index(key, base, path)
        elif key in base:
            index = key
        else:
            base[key] = value
            continue
        base[index] = _merge(value, base[index], f"{path}{key}.")
    return base


def _index(key: Any, items: list[Any], path: str) -> int:
    try:
        index = int(key)
        items[index]
    except (TypeError, ValueError, IndexError):
        raise ConfigurationError(
            f"could not merge: {f'{path}{key}'[:200]!r} would override an element of a list of "
            f"{len(items)}, but {str(key)[:80]!r} is not a valid index of it.",
            key=f"{path}{key}",
        ) from None
    return index


def override_paths(over: Mapping[str, Any], merged: Any, base: str = "") -> Iterator[str]:
    """Yield the paths in `merged`, of `with_fallback`, whose values came from `over`."""
    for key, value in over.items():
        at: Any = int(key) % len(merged) if isinstance(merged, list) else key
        if isinstance(value, dict) and value:
            yield from override_paths(value, merged[at], f"{base}{at}.")
        else:
            yield f"{base}{at}"


def with_overrides(original: Any, overrides_dict: Mapping[str, Any]) -> Any:
    """Return `original` with the values at dotted keys replaced, list indices among them.

    A dotted key that does not exist is a `ConfigurationError`; a new key without dot is added.
    """
    result = copied(original)
    overrides = copied_mapping(overrides_dict, "Overrides")
    for key, value in overrides.items():
        if any(str(key).startswith(f"{other}.") for other in overrides):
            raise _unused(str(key), [])
        _replace(result, str(key), value, str(key))
    return result


def _replace(node: Any, key: str, value: Any, whole: str) -> None:
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
    name = next((name for name in names if key.startswith(f"{name}.")), None)
    if name is None:
        parent = whole[: len(whole) - len(key)]
        raise _unused(whole, [f"{parent}{name}" for name in names])
    _replace(node[names[name]], key[len(name) + 1 :], value, whole)


def _names(node: dict[str, Any] | list[Any]) -> Any:
    return range(len(node)) if isinstance(node, list) else node


def _unused(key: str, candidates: list[str]) -> ConfigurationError:
    hint = did_you_mean(key, candidates)
    return ConfigurationError(
        f"overrides dict contains unused keys: {key!r:.200} overrides nothing.{hint}", key=key
    )


def infer_and_cast(value: Any) -> Any:
    """Return JSON-like data with the text of bools, ints and floats cast to what it means.

    For functions of others that take a whole dict, where no `pop_int` can force the type.
    """
    return _cast(copied(value))


def _cast(value: Any) -> Any:
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, list):
        return [_cast(item) for item in value]
    if isinstance(value, dict):
        return {key: _cast(item) for key, item in value.items()}
    if isinstance(value, str):
        return _cast_text(value)
    raise ConfigurationError(
        f"cannot infer type of {show('', value)} ({type(value).__name__}). Only what JSON holds "
        "can be cast."
    )


def _cast_text(text: str) -> Any:
    word = text.lower()
    if word in ("true", "false"):
        return word == "true"
    digits = text.strip().lstrip("+-").isdigit()  # only these may be too many for int()
    for number in (exact_int if digits else int, float):
        try:
            return number(text)
        except (ValueError, ArithmeticError):
            continue
    return text
