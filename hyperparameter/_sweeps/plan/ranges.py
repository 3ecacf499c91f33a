"""Numbers in steps and between two ends: from the texts of the ends to a domain.

What is written is what counts: steps of 0.1 are exact decimals, so that the third is 0.3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from ..._values.untyped import MOST_DIGITS, UntypedText
from .spaces import Choices, Domain, Floats, Integers

if TYPE_CHECKING:
    from decimal import Decimal

NUMBER = (
    r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.?(?:inf|Inf|INF|nan|NaN|NAN)"
)
"""A number without leading zeros: what has them is text everywhere, such as `08:30`."""

MOST_VALUES = 1_000_000
_NUMBER = re.compile(NUMBER)
_WHOLE = re.compile("[-+]?[0-9]+")
_DIGITS = 40  # of a point on a logarithmic scale before it is rounded to a float
_ROUNDING = 1e-30  # of a point, relative, with that many digits
_CLOSEST = 1e-9  # relative; between closer ends, a sample would run out of floats

Number = int | Fraction


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def number(text: str) -> Number:
    """Return the exact value of a number: an int where it is written as one."""
    text = text.strip()
    if len(text) > MOST_DIGITS:
        raise ValueError(f"{text[:20]}... has more than {MOST_DIGITS} characters")
    if not is_number(text):
        raise ValueError(f"{text!r} is not a number")
    if _WHOLE.fullmatch(text):
        return int(text)
    near = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    if not math.isfinite(near):
        raise ValueError(f"{text!r} is not a finite number")
    if near == 0 and text.lower().partition("e")[0].strip("+-0."):
        raise ValueError(f"{text!r} is too small for a float")
    return Fraction(text) if near else Fraction(0)


def steps(start: Number, stop: Number, step: Number | None) -> Domain:
    """Return the numbers from `start` on, without `stop`, as `range` does."""
    if step == 0:
        raise ValueError("the step is 0")
    if step is None and not all(isinstance(end, int) for end in (start, stop)):
        raise ValueError(
            "real numbers need a step, as in 0:1:0.25, or a number of points, as in log:1e-5:1:6; "
            "interval(0,1) is the space between two ends"
        )
    step = 1 if step is None else step
    if (stop - start) * (1 if step > 0 else -1) <= 0:
        turn = ", and a range that falls has a negative step" if start > stop else ""
        raise ValueError(f"there is no value between the ends{turn}; text needs double quotes")
    if isinstance(start, int) and isinstance(stop, int) and isinstance(step, int):
        return Integers(range(start, stop, step))
    count = math.ceil(Fraction(stop - start) / step)
    _check_count(count)
    return Choices(_spelled(_float(start + index * step) for index in range(count)))


def whole_numbers(first: Number, last: Number) -> Integers:
    """Return the integers from `first` to `last`, both included."""
    if not isinstance(first, int) or not isinstance(last, int):
        raise ValueError("both ends must be integers; for real numbers write 0:1:0.25")
    if first > last:
        raise ValueError(f"the first end is larger than the last; write {first}:{last - 1}:-1")
    return Integers(range(first, last + 1))


def points(first: Number, last: Number, count: Number) -> Choices:
    """Return numbers at equal ratios, both ends included: integers if all of them are."""
    if not isinstance(count, int) or count < 2:
        raise ValueError("the number of points must be an integer of at least 2")
    _check_positive(first, last)
    if first == last:
        raise ValueError("the two ends are the same")
    _check_count(count)
    between = _between(first, last, count)
    if isinstance(first, int) and isinstance(last, int) and _are_whole(between):
        return Choices(_spelled([first, *map(round, between), last]))
    return Choices(_spelled([_float(first), *map(float, between), _float(last)]))


def interval(low: Number, high: Number, log: bool = False) -> Floats:
    """Return the real numbers between two ends."""
    if log:
        _check_positive(low, high)
    if low >= high:
        raise ValueError("the first end must be smaller than the second")
    ends = _float(low), _float(high)
    if high - low < _CLOSEST * max(map(abs, ends)):
        raise ValueError("the ends are too close to draw floats between them")
    return Floats(*ends, log=log)


def whole_interval(low: Number, high: Number, log: bool = False) -> Integers:
    """Return the integers between two ends, both included, as a space."""
    if low.denominator != 1 or high.denominator != 1:
        raise ValueError("the ends of int(...) must be integers")
    interval(low, high, log)
    return Integers(range(int(low), int(high) + 1), log=log, is_space=True)


def _between(first: Number, last: Number, count: int) -> list[Decimal]:
    from decimal import Decimal, localcontext

    def exact(end: Number) -> Decimal:
        return Decimal(end.numerator) / Decimal(end.denominator)

    with localcontext() as context:
        context.prec = _DIGITS
        start = exact(first).ln()
        step = (exact(last).ln() - start) / (count - 1)
        return [(start + index * step).exp() for index in range(1, count - 1)]


def _are_whole(found: list[Decimal]) -> bool:
    from decimal import localcontext

    with localcontext() as context:
        context.prec = _DIGITS
        return all(abs(point / round(point) - 1) < _ROUNDING for point in found)


def _float(exact: Number) -> float:
    try:
        return float(exact)
    except OverflowError:
        raise ValueError("an end is too large for a float") from None


def _spelled(numbers: Iterable[float]) -> tuple[UntypedText, ...]:
    return tuple(UntypedText(repr(value)) for value in numbers)


def _check_positive(*ends: Number) -> None:
    if min(ends) <= 0:
        raise ValueError("the ends of a logarithmic scale must be larger than 0")


def _check_count(count: int) -> None:
    if count > MOST_VALUES:
        raise ValueError(f"it has {count} values, and at most {MOST_VALUES} can be listed")
