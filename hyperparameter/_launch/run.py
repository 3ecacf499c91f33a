"""The call of a program's function, in the scopes that its command line sets."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from .._functions.signature import Signature
from .._records.record import Record, process_record, record
from .._scopes import ambient
from .._scopes.scope import scope
from .._scopes.snapshot import Layer
from .._values.origin import Origin
from ..exceptions import ConversionError, InvalidKey, MissingParameter, UsageError
from .commands import Function, signature_of
from .invocation import Invocation
from .options import REQUIRED, Option
from .settings import Settings

_MOST_REPORTED = 20


def run_function(
    function: Function, line: Invocation, settings: Settings, freeze: bool
) -> tuple[Any, list[str]]:
    """Return what the function returns, and a text for each override that nobody read."""
    with _recorded(line.record, freeze) as rec, settings.open():
        if freeze:
            scope.frozen()
        with usage_errors(settings):
            result = _call(function, line)
    return result, _unused(rec, settings)


def require(own: Iterable[Option], signature: Signature, settings: Settings) -> None:
    """Raise for a parameter without default that is set nowhere, the active scope included.

    A structure whose fields all have defaults is made of them.
    """
    snapshot = ambient.current().snapshot
    own = list(own)
    for option in own:
        is_own = option.key.rpartition(".")[0] == signature.namespace
        if option.default is not REQUIRED or not is_own or settings.sets(option.key):
            continue
        if snapshot.find(option.key) is not None or snapshot.below(option.key):
            continue
        below = [one for one in own if one.key.startswith(f"{option.key}.")]
        if option.kind != "fields" or any(one.default is REQUIRED for one in below):
            raise UsageError(f"{_missing(option, below)} See --help.", key=option.key)
        settings.layers.append(Layer({option.key: {}}, Origin("default", "")))


def _missing(option: Option, below: list[Option]) -> str:
    if not option.flags:
        return f"{option.metavar} is missing: give it as argument or with -D {option.key}=VALUE."
    required = [one for one in below if one.default is REQUIRED and one.kind != "fields"]
    one = required[0] if required else option
    return f"{option.flags[0]} is missing: give it with {one.flags[0]} {one.metavar}."


@contextmanager
def _recorded(path: str | None, whole: bool) -> Iterator[Record]:
    """Record a run, and write the record to `path` in any case.

    `whole`: into the record of the process, since threads read into no record of this context.
    """
    _check_writable(path)
    with nullcontext(process_record()) if whole else record() as rec:
        try:
            yield rec
        except BaseException:  # what ends the program must not be hidden by this
            if path:
                with suppress(OSError):
                    rec.save(path)
            raise
        if path:
            try:
                rec.save(path)
            except OSError as error:
                raise UsageError(f"--record {path!r}: {error.strerror}.") from error


@contextmanager
def usage_errors(settings: Settings) -> Iterator[None]:
    """Make `UsageError` of what a value that was set from outside, or left out, leads to."""
    try:
        yield
    except (ConversionError, InvalidKey) as error:
        if settings.sets(error.key):
            raise UsageError(str(error), key=error.key, origin=error.origin) from error
        raise
    except MissingParameter as error:
        if error.key is None:
            raise
        hint = f" Give it with -D {error.key}=VALUE."
        raise UsageError(f"{error}{hint}", key=error.key) from error


def _call(function: Function, line: Invocation) -> Any:
    args, kwargs = signature_of(function).bind(line.args) if line.args else ((), {})
    result = function(*args, **kwargs, **line.extra)
    if hasattr(result, "__await__"):
        return _run_async(result)
    return result


def _run_async(awaitable: Any) -> Any:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_awaited(awaitable))
    if hasattr(awaitable, "close"):
        awaitable.close()
    raise RuntimeError("An async function cannot be launched inside of a running event loop.")


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def _check_writable(path: str | None) -> None:
    """Find out before the run that its record has no place."""
    if path is None:
        return
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path) or not os.path.isdir(folder):
        what = "is a directory" if os.path.isdir(path) else f"is in no directory: make {folder}"
        raise UsageError(f"--record {path!r} {what}.")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise UsageError(f"--record {path!r} cannot be written: permission denied.")


def _unused(rec: Record, settings: Settings) -> list[str]:
    texts = [str(one) for one in rec.unused() if one.key in settings.origins]
    more = len(texts) - _MOST_REPORTED
    return [*texts[:_MOST_REPORTED], f"{more} more were never read"] if more > 0 else texts
