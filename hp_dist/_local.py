"""A call that other processes of this host make inside the scopes of its submission.

Engines submit `run` in place of the user's function, with a parcel and that function as its
arguments: quicker to pickle than an object that holds them, and that is done for each task.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any

from hyperparameter import context

from ._carried import Carried, arrive
from ._spool import Spool


def run(
    data: bytes, along: Any, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]
) -> Any:
    """Call the function inside the scopes that arrive with it."""
    before = arrive(Spool, data, along).open()
    try:
        return function(*args, **kwargs)
    finally:
        context.restore(before)


def each(function: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
    """Call the function with each item; what a call leaves open is gone for the next one."""
    here = context.active()
    results = []
    for item in items:
        results.append(function(item))
        context.restore(here)
    return results


def star_each(function: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
    """Call the function with the arguments in each item, as `each` does."""
    here = context.active()
    results = []
    for item in items:
        results.append(function(*item))
        context.restore(here)
    return results


class Kept:
    """What travels apart with work that is not done yet, by whatever tells the work."""

    def __init__(self) -> None:
        self._kept: dict[Any, Carried] = {}
        self._enough = 16

    def keep(self, work: Any, carried: Carried, pending: Container[Any]) -> None:
        """Keep `carried` at least as long as `work` is pending."""
        if len(self._kept) >= self._enough:
            self._kept = {job: kept for job, kept in self._kept.items() if job in pending}
            self._enough = 16 + 2 * len(self._kept)
        self._kept[work] = carried
