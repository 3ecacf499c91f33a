"""Calls of `joblib.Parallel` that run inside the scopes of the call to it, in every backend.

The scopes are captured in the thread that calls; joblib takes tasks from the iterable in others
too, and that runs inside the same scopes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from hyperparameter import _engine_interface as interface
from hyperparameter import context

from ._carry.attachments import Inline
from ._carry.bound import Bound
from ._carry.local_call import run
from ._carry.spool import Spool
from ._carry.submission import Carried, CarriedToThreads
from ._engines import Patches

_ATTRIBUTE = "_hyperparameter"


def patch(patches: Patches) -> None:
    """Replace `Parallel.__call__`."""
    from joblib import Parallel

    patches.replace(Parallel, "__call__", _calling(Parallel.__call__))


def _calling(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapper(self: Any, iterable: Any) -> Any:
        carried = CarriedToThreads.capture()
        run_inside = _way_to(self, carried)
        setattr(self, _ATTRIBUTE, carried)  # keeps what travels apart until the next call

        def tasks() -> Iterator[Any]:
            for function, args, kwargs in iterable:
                yield run_inside, (function, args, kwargs), {}

        def prepare(*arguments: Any) -> Any:
            carried.open()
            return arguments

        items = interface.wrap(tasks, prepare, context.detach)()
        has_length = hasattr(iterable, "__len__")  # joblib tells the progress by it
        before = interface.swap(None)  # or the workers that it starts would inherit for good
        try:
            return call(self, list(items) if has_length else items)
        finally:
            context.detach(before)

    return wrapper


def _way_to(parallel: Any, carried: Carried) -> Callable[..., Any]:
    """Return what makes a call inside the scopes, in threads, processes or further away.

    `CarrierError` when that needs a value to travel which cannot.
    """
    backend = parallel._backend
    shares_memory = getattr(backend, "supports_sharedmem", False)
    if shares_memory or backend.effective_n_jobs(parallel.n_jobs) == 1:
        return functools.partial(_run_in_thread, carried)
    if type(backend).__module__.partition(".")[0] == "joblib":
        return functools.partial(run, *carried.parcel(Spool))
    carried.parcel(Inline)
    return Bound(_apply, carried)


def _run_in_thread(carried: Carried, function: Any, args: Any, kwargs: Any) -> Any:
    before = carried.open()
    try:
        return function(*args, **kwargs)
    finally:
        context.detach(before)


def _apply(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return function(*args, **kwargs)
