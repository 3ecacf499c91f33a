"""Usage errors: what whoever wrote the command line or a file can mend, told in one line.

A run may end with such an error wherever the value was read: in the program, in a worker of a
pool, in a task or an actor of Ray.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ..exceptions import (
    ConfigurationError,
    ConversionError,
    InvalidKey,
    MissingParameter,
    UsageError,
)
from .settings import Settings

FROM_OUTSIDE = ("cli", "env", "file")


@contextmanager
def usage_errors(settings: Settings) -> Iterator[None]:
    """Turn errors that the user of the command line can mend into `UsageError`."""
    try:
        yield
    except Exception as error:
        found = _usage_error(error, settings)
        if found is None or found is error:
            raise
        raise found from error


def _usage_error(error: BaseException, settings: Settings) -> UsageError | None:
    """Return the usage error that `error` is or brings; None for an error of the program."""
    if isinstance(error, BaseExceptionGroup):
        return _of_group([_usage_error(one, settings) for one in error.exceptions])
    cause = _raised_in_task(error)
    if isinstance(cause, UsageError):
        return cause
    if isinstance(cause, MissingParameter):
        return _missing(str(cause), cause.key)
    if isinstance(cause, (ConversionError, InvalidKey, ConfigurationError)):
        kind = getattr(cause.origin, "kind", None)
        is_use = isinstance(cause, ConfigurationError) or kind in FROM_OUTSIDE
        if is_use or settings.sets(cause.key):
            return UsageError(str(cause), key=cause.key, origin=cause.origin)
        return None
    return _raised_in_actor(error)


def _of_group(found: list[UsageError | None]) -> UsageError | None:
    """Return the first error, with the number of others, if all are usage errors."""
    texts = dict.fromkeys(str(one) for one in found if one is not None)
    first = found[0]
    if first is None or None in found or len(texts) == 1:
        return None if None in found else first
    others = f"And {len(texts) - 1} more, which --traceback shows."
    return UsageError(f"{first} {others}", key=first.key, origin=first.origin)


def _missing(message: str, key: str | None) -> UsageError | None:
    if key is None:  # raised by the program itself
        return None
    return UsageError(f"{message} Give it with -D {key}=VALUE.", key=key)


def _raised_in_task(error: BaseException) -> BaseException:
    """Return what the code raised: the text of Ray's own error is the traceback of its task."""
    cause = getattr(error, "cause", None)
    while isinstance(cause, BaseException) and cause is not error:
        error, cause = cause, getattr(cause, "cause", None)
    return error


def _raised_in_actor(error: BaseException) -> UsageError | None:
    """Return what ended the constructor of an actor: of it, Ray's error has only the traceback."""
    if not getattr(error, "actor_init_failed", False):
        return None
    _, _, last = str(error).rpartition("\nhyperparameter.exceptions.")
    kind, _, message = last.strip().partition(": ")
    if kind == "MissingParameter":
        named = re.match(r"Hyperparameter '(.+?)' is ", message)
        return _missing(message, named[1] if named else None)
    if not message or re.search(r"\bcode \S+:\d+", message):
        return None
    return UsageError(" ".join(message.splitlines()))
