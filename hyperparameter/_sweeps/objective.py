"""What a sweep is after: the number of a result that is to be small or large."""

from collections.abc import Iterable, Mapping
from math import isnan
from typing import Literal, NamedTuple, SupportsFloat, TypeGuard

from .._values.keys import did_you_mean

Direction = Literal["minimize", "maximize"]
WHOLE = "result"
"""The name of a result that is not a mapping, where results are told by name."""


class Goal(NamedTuple):
    """Which number of a result counts, and whether a small or a large one is good.

    A result that is one number has no name, and `name` is then what the user calls it.
    """

    direction: Direction = "minimize"
    name: str = ""

    def is_better(self, value: float, other: float | None) -> bool:
        """Tell whether a value is better than the best so far; NaN never is."""
        if isnan(value):
            return False
        if other is None:
            return True
        return value < other if self.direction == "minimize" else value > other


class NoObjective(ValueError):
    """A result does not have the number that the sweep is after."""


def objective(result: object, goal: Goal | None) -> float:
    """Return the number that counts; `NoObjective` says why there is none.

    Without a goal, a result that is one number is minimized.  A mapping has to be told which.
    True counts as 1, False as 0.
    """
    return float(counted(result, goal))


def counted(result: object, goal: Goal | None) -> SupportsFloat:
    """Return what counts as it was returned."""
    if isinstance(result, Mapping) and result.keys() == {WHOLE}:
        result = result[WHOLE]
    name = goal.name if goal else ""
    if not isinstance(result, Mapping):
        if is_real(result):
            return result
        raise NoObjective(
            f"The result is {_kind(result)}, not a number. Return a number, or a dict of numbers."
        )
    return _in_mapping(result, name)


def why_none(results: Iterable[object], goal: Goal | None) -> str:
    """Return why none of these results has a number that counts; empty if one has."""
    problem = ""
    for result in results:
        try:
            objective(result, goal)
        except NoObjective as error:
            problem = problem or str(error)
        else:
            return ""
    return problem


def _in_mapping(result: Mapping[object, object], name: str) -> SupportsFloat:
    names = [str(one) for one in result]
    known = ", ".join(names) or "nothing"
    if not name:
        raise NoObjective(
            f"The result is a dict. Say which number counts, with --minimize NAME or "
            f"--maximize NAME: it has {known}."
        )
    if name not in names:
        raise NoObjective(
            f"{name!r} is not in the result.{did_you_mean(name, names)} It has {known}."
        )
    value = list(result.values())[names.index(name)]
    if not is_real(value):
        raise NoObjective(f"{name!r} of the result is {_kind(value)}, not a number.")
    return value


def is_real(value: object) -> TypeGuard[SupportsFloat]:
    """Tell whether a value is one real number, of whatever library; text never is."""
    if not hasattr(value, "__float__") and not hasattr(value, "__index__"):
        return False
    try:
        float(value)  # type: ignore[arg-type]  # has one of the two
    except (TypeError, ValueError, RuntimeError, OverflowError):  # arrays, tensors, large ints
        return False
    return True


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"
