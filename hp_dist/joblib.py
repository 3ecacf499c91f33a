"""Calls of `joblib.Parallel` that run inside the scopes of the call to it, in every backend.

The scopes are captured in the thread that calls; joblib takes tasks from the iterable in others
too, and that runs inside the same scopes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from hyperparameter import context

from ._bound import Called
from ._carried import CarriedToThreads
from ._engines import Patches
from ._parts import Inline, Store
from ._spool import Spool

_ATTRIBUTE = "_hyperparameter"


def patch(patches: Patches) -> None:
    """Replace `Parallel.__call__`."""
    from joblib import Parallel

    patches.replace(Parallel, "__call__", _calling(Parallel.__call__))


def _calling(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapper(self: Any, iterable: Any) -> Any:
        carried = CarriedToThreads.capture()
        store: type[Store] = Spool if _is_local(self._backend) else Inline
        if not _shares_memory(self):
            carried.parcel(store)  # raises here for what cannot travel
        setattr(self, _ATTRIBUTE, carried)  # keeps what travels apart until the next call

        def tasks() -> Iterator[Any]:
            for function, args, kwargs in iterable:
                yield Called(function, carried, store), args, kwargs

        inside = context.wrap(tasks, lambda *arguments: (carried.open(), arguments)[1], _no_finish)
        has_length = hasattr(iterable, "__len__")  # joblib tells the progress by it
        return call(self, list(inside()) if has_length else inside())

    return wrapper


def _shares_memory(parallel: Any) -> bool:
    backend = parallel._backend
    return bool(backend.supports_sharedmem or backend.effective_n_jobs(parallel.n_jobs) == 1)


def _is_local(backend: Any) -> bool:
    return type(backend).__module__.partition(".")[0] == "joblib"


def _no_finish(_: Any) -> None:
    """Do nothing: the steps of a generator put back what was there before."""
