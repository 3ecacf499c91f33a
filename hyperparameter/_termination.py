"""SIGTERM, by which schedulers end a program: it raises, so that `finally` runs."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` makes enumerations: 0.8 ms
import atexit
import os
import sys
from _contextvars import ContextVar  # as in `_scopes.ambient`
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class Terminated(SystemExit):
    """SIGTERM has arrived.  No `Exception`: a program that survives those must end too."""


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Raise `Terminated` in this thread when SIGTERM arrives; in the end, die of the signal.

    A second SIGTERM ends the process at once.  Nothing changes where the program has a handler of
    its own, in threads, which Python lets handle no signals, and in forked children.
    """
    if not raise_on_sigterm():
        yield
        return
    try:
        yield
    except Terminated:
        _die()
    finally:
        restore_sigterm()


def raise_on_sigterm() -> bool:
    """Raise `Terminated` when SIGTERM arrives; tell whether that can be done here."""
    if signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return False
    try:
        signal.signal(signal.SIGTERM, _raise)
    except ValueError:  # this is not the main thread
        return False
    global _is_registered
    if not _is_registered and hasattr(os, "register_at_fork"):
        # A pool ends its workers by SIGTERM: nothing may delay that, nor run in them.
        os.register_at_fork(
            before=_block_sigterm,
            after_in_parent=_unblock_sigterm,
            after_in_child=_leave_to_parent,
        )
        _is_registered = True
    return True


def restore_sigterm() -> None:
    """Let SIGTERM end the process again, unless it has another handler."""
    if signal.getsignal(signal.SIGTERM) is _raise:
        with suppress(ValueError):  # a child forked by a thread
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _block_sigterm() -> None:
    """Keep what would raise in a forked child, where hooks of other modules would swallow it."""
    raises = signal.getsignal(signal.SIGTERM) is _raise
    _mask.set(signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM} if raises else ()))


def _unblock_sigterm() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _mask.get())


def _leave_to_parent() -> None:
    restore_sigterm()
    _unblock_sigterm()


def _raise(number: int, frame: FrameType | None) -> None:
    restore_sigterm()
    raise Terminated(128 + number)


def _die() -> None:
    """End as the signal ends a program, after what is left to do at exit."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or None
            stream.flush()
    os.kill(os.getpid(), signal.SIGTERM)


_is_registered = False
_mask: ContextVar[set[int]] = ContextVar("mask")
"""The signals that were blocked before this thread began to fork; a thread has its own context."""
