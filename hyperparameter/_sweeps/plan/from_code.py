"""The plan of a sweep from mappings of Python.

A text is read as on a command line; the values of a list are what they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from ..._values.keys import flatten, is_nested
from ...exceptions import CONTROLS
from .checking import sentence, shown, shown_value
from .grammar import Repeat, checked_keys, domain_of, keys_of, repeat_of, skip_of
from .parts import Parts
from .plan import Plan, Skip
from .ranges import MOST_VALUES
from .sameness import Reading, without_type
from .spaces import Axis, Choices

Keys = Any
"""Text, or a tuple of texts; as a union of them, it would refuse a variable `dict[str, list]`."""


def plan_from_code(
    grids: Mapping[Keys, object] | Sequence[Mapping[Keys, object]],
    *,
    skip: object = (),
    repeat: object = None,
    sample: int | None = None,
    seed: int | None = None,
    read: Reading = without_type,
    is_searched: bool = False,
) -> Plan:
    """Return the plan for a mapping from keys to values, or for the union of several.

    `skip` is a mapping from keys to values, or text, or a list of these; `repeat` a number, a pair
    of a number and a key, or text.  The rest is as for `plan_from_options`.  `TypeError` and
    `ValueError` for what cannot be used.
    """
    parts = Parts(
        axes=[list(_axes(grid)) for grid in _all(grids, "the grids")],
        skips=[_skip(one) for one in _all(skip, "skip")],
        repeat=None if repeat is None else _repeat(repeat),
        size=None if sample is None else _whole(sample, "sample", least=1),
        seed=None if seed is None else _whole(seed, "seed", least=0),
        said={
            "repeat": f"repeat={repeat!r:.80}",
            "sample": f"sample={sample}",
            "seed": f"seed={seed}",
        },
    )
    try:
        if len(parts.axes) != 1 and not (parts.axes and all(parts.axes)):
            raise ValueError("a union of grids needs at least one key in each of them")
        return parts.plan(read, None if is_searched else ("sample=N", "search=NAME"))
    except ValueError as error:
        raise ValueError(_message(str(error))) from None


def _all(given: object, what: str) -> list[object]:
    if isinstance(given, (str, Mapping)):
        return [given]
    if not isinstance(given, (list, tuple)):
        raise TypeError(f"{what} must be a mapping or a list of mappings, not {_kind(given)}")
    return list(given)


def _axes(grid: object) -> Iterator[Axis]:
    if not isinstance(grid, Mapping):
        raise TypeError(f"a grid must be a mapping from keys to values, not {_kind(grid)}")
    for name, values in grid.items():
        try:
            keys = _keys(name)
            if len(keys) == 1 and is_nested(values):
                for key, inner in flatten({keys[0]: values})[0].items():
                    yield _axis((key,), inner)
            else:
                yield _axis(keys, values)
        except (ValueError, TypeError) as error:
            problem = _message(f"{shown(repr(name))}: {error}")
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(problem) from None


def _keys(name: object) -> tuple[str, ...]:
    if isinstance(name, str):
        return keys_of(name)
    if isinstance(name, tuple) and name:
        return checked_keys(list(name))
    raise TypeError("a key must be text, or a tuple of texts for keys that are set together")


def _axis(keys: tuple[str, ...], values: object) -> Axis:
    name = ",".join(keys)
    if type(values) is str:
        return Axis(keys, domain_of(keys, values), f"{name}={values}")
    listed = _listed(values)
    if len(keys) > 1:
        listed = [_tuple(keys, value, number) for number, value in enumerate(listed, 1)]
    return Axis(keys, Choices(tuple(listed)), name)


def _listed(values: object) -> list[object]:
    """Return the values of a list; what cannot be taken apart is the only value."""
    if isinstance(values, range) and (values[MOST_VALUES:] or not values):
        raise ValueError(f"it has no values, or more than {MOST_VALUES}")
    if isinstance(values, (list, tuple, range)) or hasattr(type(values), "__array__"):
        found: list[object] = list(values)  # type: ignore[call-overload]  # an array is iterable
        if not found:
            raise ValueError("it has no values")
        return found
    if isinstance(values, AbstractSet):
        raise TypeError("a set has no order; write sorted(...) of it")
    if isinstance(values, (str, bytes, bytearray, Mapping)) or not isinstance(values, Iterable):
        return [values]
    raise TypeError(f"write list(...) of a {type(values).__name__}, or [...] for it as a value")


def _tuple(keys: tuple[str, ...], value: object, number: int) -> tuple[object, ...]:
    if not isinstance(value, (list, tuple)) or len(value) != len(keys):
        raise ValueError(f"value {number} must be a tuple of {len(keys)}, one for each key")
    return tuple(value)


def _skip(skip: object) -> Skip:
    if isinstance(skip, str):
        said = f"skip {shown(skip)}"
        try:
            return Skip(skip_of(skip), said)
        except ValueError as error:
            raise ValueError(_message(f"{said}: {error}")) from None
    if not isinstance(skip, Mapping):
        raise TypeError(f"skip must be a mapping from keys to values, or text, not {_kind(skip)}")
    if not skip:
        raise ValueError("skip: an empty mapping would leave out every cell.")
    values, _, _ = flatten(skip)
    bindings = (f"{key}={shown_value(key, repr(value))}" for key, value in values.items())
    return Skip(values, f"skip {', '.join(bindings)}")


def _repeat(repeat: object) -> Repeat:
    said = f"repeat={repeat!r:.80}"
    try:
        if isinstance(repeat, str):
            times, key, _ = repeat_of(repeat)
        elif isinstance(repeat, tuple):
            if len(repeat) != 2:  # a pair
                what = "a number, text, or a number and a key"
                raise TypeError(f"repeat must be {what}, not {_kind(repeat)}")
            times, key = _whole(repeat[0], "repeat", least=1), *checked_keys([repeat[1]])
        else:
            times, key = _whole(repeat, "repeat", least=1), None
    except ValueError as error:
        raise ValueError(_message(f"{said}: {error}")) from None
    return Repeat(times, key, tuple(range(times)) if key else ())


def _whole(value: object, name: str, *, least: int) -> int:
    if type(value) is not int:
        raise TypeError(f"{name} must be an integer, not {_kind(value)}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}.")
    return value


def _message(problem: str) -> str:
    return sentence(problem.translate(CONTROLS))


def _kind(value: object) -> str:
    return f"{type(value).__name__}: {value!r:.80}."
