"""A call that other processes of this host make inside the scopes of its submission.

Engines submit `run` in place of the user's function, with a parcel and that function as its
arguments: quicker to pickle than an object that holds them, and that is done for each task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hyperparameter import context

from ._carried import arrive
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
    here, restore = context.active(), context.restore
    results = []
    for item in items:
        results.append(function(item))
        restore(here)
    return results


def star_each(function: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
    """Call the function with the arguments in each item, as `each` does."""
    here, restore = context.active(), context.restore
    results = []
    for item in items:
        results.append(function(*item))
        restore(here)
    return results
