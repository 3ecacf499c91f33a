"""What could not be opened at the start of this process: who reads gets the error, or each task.

Raised at once, it would make a pool start its workers again and again.
"""

from __future__ import annotations

import functools
import traceback

from hyperparameter import _engine_interface as interface
from hyperparameter.exceptions import HyperparameterError

from ..exceptions import CarrierError

_failed: CarrierError | None = None


def said_by(error: BaseException) -> str:
    """Return what an error of a user's code says, behind its type."""
    name = type(error).__name__
    try:
        return f"{name}: {error}"
    except Exception:  # noqa: BLE001  # its own `__str__` fails
        return name


def open_nothing(
    error: HyperparameterError, *, initial: bool = False, whole_process: bool = False
) -> None:
    """Raise the error where something reads here, until work arrives.

    If `initial`, that has to bring scopes.  `whole_process` raises it in other threads too, until
    a baseline arrives.
    """
    interface.attach_error(functools.partial(_copied, error), initial, whole_process)


def fail_all(error: CarrierError) -> None:
    """Raise the error where something reads here, and in each task that arrives."""
    global _failed
    _failed = CarrierError(
        f"The initializer of this worker has failed: {error}", key=error.key, origin=error.origin
    )
    traceback.print_exception(error)  # where no task brings scopes, this is all there is to see
    open_nothing(_failed)


def check() -> None:
    """Raise the error that all tasks of this process get, if there is one."""
    if _failed is not None:
        raise _copied(_failed)


def _copied(error: HyperparameterError) -> HyperparameterError:
    """Return a new one: an error that is raised again and again collects their tracebacks."""
    copy = type(error)(str(error), key=error.key, origin=error.origin)
    copy.__cause__ = error.__cause__
    return copy
