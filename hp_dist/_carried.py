"""What travels with a piece of work: the scopes of its submission, and the baseline.

A `Carried` is made in the submitting thread.  Where it arrives, `opened()` puts the scopes over
what is active there; in another process it also brings the baseline, and installs the engines
that were installed where it comes from, so that work submitted from there carries on.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, TypeVar

from hyperparameter import context
from hyperparameter.context import Snapshot

from . import _engines
from ._carrier import decode, encode, with_beside

F = TypeVar("F", bound=Callable[..., Any])


class Carried:
    """The scopes and the baseline of one moment, on their way."""

    def __init__(self, scopes: Snapshot, baseline: Snapshot, engines: tuple[str, ...] | None):
        self.scopes = scopes
        self.baseline = baseline
        self._engines = engines  # None in the process where this was captured

    @classmethod
    def capture(cls) -> Carried:
        """Return what is active in this context now."""
        return cls(*context.capture(), engines=None)

    def pack(self) -> Carried:
        """Encode now, so that a value which cannot travel raises here, in the caller."""
        encode(self.scopes)
        encode(self.baseline)
        return self

    def open(self) -> Any:
        """Open the scopes in this context; return what `context.restore` puts back."""
        if self._engines is not None:
            context.set_baseline(self.baseline)
            _engines.install_all(self._engines)
        return context.attach(self.scopes)

    def __reduce__(self) -> tuple[Any, ...]:
        home = _home if self._engines is None else None
        engines = _engines.installed() if self._engines is None else self._engines
        parts = [encode(part) for part in (self.scopes, self.baseline)]
        sent = [(payload.data, payload.beside) for payload in parts]
        return _arrive, (*sent, engines, home and (*home, os.getpid()))


def _arrive(scopes: Any, baseline: Any, engines: tuple[str, ...], home: Any) -> Carried:
    parts = [with_beside(decode(data), values) for data, values in (scopes, baseline)]
    is_home = home == (*_home, os.getpid())
    return Carried(parts[0], parts[1], None if is_home else engines)


# Tells this process, and with the pid those forked from it, from all others.
_home = (os.urandom(8),)


class Bound:
    """A callable that runs inside the scopes of the moment when it was bound.

    It keeps the kind of what it wraps: coroutine functions return coroutines, generator
    functions generators, each step of which runs inside the scopes.
    """

    def __init__(self, function: Callable[..., Any], carried: Carried) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._carried = carried
        self._run = context.wrap(function, self._prepare, context.restore)
        context.mark_kind(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._run(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return Bound, (self._function, self._carried)

    def __repr__(self) -> str:
        return f"<bound {self._function!r}>"

    def _prepare(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._carried.open()
        return args, kwargs


def bind(function: F) -> F:
    """Return `function` as a picklable callable that runs inside the scopes active here and now.

    `CarrierError` is raised at once when one of their values cannot travel.
    """
    return Bound(function, Carried.capture().pack())  # type: ignore[return-value]  # same kind


class Initializer:
    """An initializer for pools: opens scopes in a worker for good, then runs the user's own."""

    def __init__(self, carried: Carried, user: Callable[..., Any] | None) -> None:
        self._carried = carried
        self._user = user

    def __call__(self, *args: Any) -> None:
        context.restore(None)  # a forked worker has inherited the same scopes
        self._carried.open()
        if self._user is not None:
            self._user(*args)


def initializer(user_initializer: Callable[..., Any] | None = None) -> Initializer:
    """Return a pool initializer that opens the scopes active here and now in each worker."""
    return Initializer(Carried.capture().pack(), user_initializer)
