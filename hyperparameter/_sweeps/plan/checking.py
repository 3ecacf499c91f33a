"""What is wrong with a plan as a whole, and what the user should know about it.

Each word can be right by itself, and still name a key twice, skip what never occurs, or list a
space.  A typo in `--skip` must not leave cells in without a word about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..._values.keys import did_you_mean, prefixes, set_by_both
from ..._values.masking import MASK, masked_text
from ..._values.secrets import is_made_of_secrets, is_secret
from ..._values.untyped import UntypedText
from .grid import Column, Grid
from .plan import Plan, Skip
from .regions import region_with
from .sameness import fields_of
from .spaces import Axis, Choices, Floats, Integers

_MOST_RUNS = 1_000_000  # whose cells and rows are in memory together
_MOST_SHOWN = 8
_TIME = re.compile(r"(?:1[0-9]|2[0-3])(?::[1-5][0-9]){1,2}")


def check_keys(axes: Sequence[Axis]) -> None:
    """Refuse a key that two axes of one grid set."""
    keys = [key for axis in axes for key in axis.keys]
    if len(set(keys)) == len(keys) and prefixes(keys).isdisjoint(keys):
        return
    seen: list[tuple[str, Axis]] = []
    for axis in axes:
        for key in axis.keys:
            for earlier, other in seen:
                if found := _set_by_both(other, earlier, axis, key):
                    raise ValueError(_both(other, axis, found))
            seen.append((key, axis))


def too_many(plan: Plan, sample: str) -> str:
    """Return why a plan is too large to be run, or nothing; `sample` is how one draws from it."""
    if plan.count <= _MOST_RUNS:
        return ""
    return (
        f"these are {plan.count:,} runs, and a sweep has {_MOST_RUNS:,} at most. Take values out, "
        f"or draw from them with {sample}."
    )


def check_spaces(plan: Plan, sample: str, search: str) -> None:
    """Refuse to list a space."""
    if plan.sample is None and plan.spaces:
        raise ValueError(
            f"{shown(plan.spaces[0])}: this is a space, so add {sample} for runs drawn from it or "
            f"{search} to search it; log:1e-5:1e-1:5 and 0:1:0.25 list values"
        )


def check_repeat(plan: Plan, written: str) -> None:
    """Refuse to number repetitions with a key that has values of its own."""
    key = plan.repeat.key if plan.repeat else None
    if key is None:
        return
    numbers = Axis((key,), Choices((0,)))
    for grid in plan.grids:
        for axis in grid.axes:
            if any(_set_by_both(axis, one, numbers, key) for one in axis.keys):
                raise ValueError(f"{written}: {shown(axis.written)} sets {key!r:.80} as well")


def check_secrets(plan: Plan) -> None:
    """Refuse values that differ only in secrets: runs are not told apart by them."""
    for grid in plan.grids:
        for column in grid.columns:
            domain = column.axis.domain
            if isinstance(domain, Choices) and (key := _secret_that_differs(column, domain)):
                raise ValueError(
                    f"{shown(column.axis.written)}: its values differ only in {key!r:.80}, "
                    "which is a secret, and runs are not told apart by secrets; give one value, or "
                    f"say that it is none with hp.not_secret({key!r:.80})"
                )


def check_skips(plan: Plan) -> None:
    """Refuse to skip what no grid has, and to skip everything."""
    for skip in plan.skips:
        _check_skip(skip, plan.grids)
    if plan.skips and not any(found.kept for found in plan.counts):
        raise ValueError(f"{plan.skips[0].written}: nothing is left to run")


def notes(plan: Plan) -> Iterator[str]:
    """Yield, as sentences, what has been done otherwise than it may look."""
    for grid in plan.grids:
        for column in grid.columns:
            if column.repeated:
                which = [_text(column.keys, value) for value in column.repeated]
                listed = ", ".join(which[:_MOST_SHOWN]) + ", ..." * (len(which) > _MOST_SHOWN)
                means = (
                    "mean the same as values before them; each runs"
                    if which[1:]
                    else "means the same as a value before it, and runs"
                )
                yield f"{','.join(column.keys)}: {listed} {means} once."
            yield from _time_of_day(column.axis)
    repeated = sum(found.repeated for found in plan.counts)
    if repeated and plan.sample is None:
        what = "cell is" if repeated == 1 else "cells are"
        yield f"{repeated} {what} in more than one grid, and run{'s' * (repeated == 1)} once."
    if plan.sample and plan.distinct is not None and plan.sample.size > plan.distinct:
        what = f"a sample of {plan.sample.size}"
        if plan.distinct == 1:
            yield f"There is only 1 different cell for {what}; it runs."
        else:
            yield f"There are only {plan.distinct} different cells for {what}; all of them run."


def shown(text: str) -> str:
    """Return what the user typed, as part of a message."""
    names, equals, _ = text.partition("=")
    if equals and any(is_secret(name.strip()) for name in names.split(",")):
        text = f"{names}={MASK}"  # and not the first value alone
    text = masked_text(text)
    return text if len(text) <= 120 else f"{text[:117]}..."


def shown_value(key: str, text: str) -> str:
    """Return a value as part of a message."""
    hidden = is_secret(key) or is_made_of_secrets(key, text)
    return MASK if hidden else f"{masked_text(text):.40}"


def sentence(problem: str) -> str:
    return problem if problem[-1:] in (".", "?") else f"{problem}."


def _both(one: Axis, other: Axis, key: str) -> str:
    if one is other:
        return f"{shown(one.written)} sets {key!r:.80} twice"
    return (
        f"{shown(one.written)} and {shown(other.written)} both set {key!r:.80}; "
        "write all its values in one of them"
    )


def _set_by_both(one: Axis, key: str, other: Axis, other_key: str) -> str | None:
    """Return a key that values of two axes set, mappings field by field."""
    if key == other_key:
        return key
    if not set_by_both([key], [other_key]):  # neither is below the other, whatever the values
        return None
    return set_by_both(_fields(one, key), _fields(other, other_key))


def _fields(axis: Axis, key: str) -> set[str]:
    """Return the keys that the values of an axis set at or below one of its keys."""
    if not isinstance(axis.domain, Choices):
        return {key}
    place = axis.keys.index(key)
    values = (axis.bindings(value)[place][1] for value in axis.domain.values)
    return {field for value in values for field in fields_of(key, value)}


def _secret_that_differs(column: Column, domain: Choices) -> str | None:
    """Return the key of a secret, if it is all that tells two values of a column apart."""
    seen: set[object] = set()
    for value in domain.values:
        bindings = column.axis.bindings(value)
        secrets = [key for key, one in bindings if is_secret(key, one)]
        if not secrets:
            continue
        others = column.codes([(key, one) for key, one in bindings if key not in secrets])
        if (*secrets, others) in seen:
            return secrets[0]
        seen.add((*secrets, others))
    return None


def _check_skip(skip: Skip, grids: Sequence[Grid]) -> None:
    known = [key for grid in grids for key in grid.column_of]
    for key, value in skip.values.items():
        if key not in known:
            hint = did_you_mean(key, known) or f" It sets {', '.join(known[:_MOST_SHOWN])}."
            raise ValueError(
                f"{skip.written}: the sweep does not set {key!r:.80}.{hint if known else ''}"
            )
        columns = [g.columns[g.column_of[key]] for g in grids if key in g.column_of]
        if not any(column.having([(key, value)]) for column in columns):
            listed = "; ".join(dict.fromkeys(_values(column.axis, key) for column in columns))
            what = shown_value(key, _plain_text(value))
            raise ValueError(f"{skip.written}: {key} is never {what!r}, but {listed}.")
    if not any(region_with(grid, list(skip.values.items())) for grid in grids):
        raise ValueError(f"{skip.written}: no cell has all of these values.")


def _values(axis: Axis, key: str) -> str:
    """Return in words what an axis sets a key to."""
    domain = axis.domain
    if isinstance(domain, Floats):
        return "drawn from a space, of which no single value can be left out"
    if isinstance(domain, Integers):
        steps = f" in steps of {domain.step}" if domain.step > 1 else ""
        return f"an integer from {domain.low} to {domain.high}{steps}"
    place = axis.keys.index(key)
    values = dict.fromkeys(_part(axis, value, place) for value in domain.values)
    texts = [shown_value(key, text) for text in values]
    more = ", ..." if len(texts) > _MOST_SHOWN else ""
    return ", ".join(texts[:_MOST_SHOWN]) + more


def _part(axis: Axis, value: object, place: int) -> str:
    return _plain_text(axis.bindings(value)[place][1])


def _text(keys: tuple[str, ...], value: object) -> str:
    parts = value if len(keys) > 1 and isinstance(value, tuple) else (value,)
    texts = [shown_value(key, _plain_text(part)) for key, part in zip(keys, parts, strict=True)]
    return texts[0] if len(texts) == 1 else f"({','.join(texts)})"


def _plain_text(value: object) -> str:
    return value.text if isinstance(value, UntypedText) else repr(value)


def _time_of_day(axis: Axis) -> Iterator[str]:
    """Say that `12:30` is a range; nobody needs to hear it of `1:10`."""
    _, _, text = axis.written.partition("=")
    if isinstance(axis.domain, Integers) and _TIME.fullmatch(text.strip()):
        first, *_, last = axis.domain.numbers[0], axis.domain.numbers[-1]
        yield (
            f"{axis.written} is the range from {first} to {last}. "
            f"For the time of day, write '\"{text.strip()}\"'."
        )
