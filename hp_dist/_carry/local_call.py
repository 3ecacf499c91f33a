"""A call that other processes of this host make inside the scopes of its submission.

Engines submit `run` in place of the user's function, with a parcel and that function as its
arguments: quicker to pickle than an object that holds them, and that is done for each task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import starmap
from typing import Any

from hyperparameter import _engine_interface as interface
from hyperparameter import context

from .spool import Spool
from .submission import arrive


def run(
    data: bytes, along: Any, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]
) -> Any:
    """Call the function inside the scopes that arrive with it."""
    before = arrive(Spool, data, along).open()
    try:
        return function(*args, **kwargs)
    finally:
        context.detach(before)


def each(data: bytes, along: Any, function: Callable[..., Any], items: Iterable[Any]) -> Any:
    """Return the results for all items; what a call leaves open is gone for the next one."""
    return run(data, along, _isolated, (map(function, items),), {})


def star_each(data: bytes, along: Any, function: Callable[..., Any], items: Iterable[Any]) -> Any:
    """Return the results for the arguments in each item, as `each` does."""
    return run(data, along, _isolated, (starmap(function, items),), {})


def _isolated(calls: Iterable[Any]) -> list[Any]:
    here, active = interface.active(), interface.active
    results = []
    for result in calls:
        if active() is not here:  # to ask is far cheaper than to detach
            context.detach(here)
        results.append(result)
    return results
