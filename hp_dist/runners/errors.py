"""Exceptions of a single run on their way back, each with the traceback that it had there."""

from __future__ import annotations

import pickle
from contextlib import suppress

import cloudpickle


class RemoteTraceback(Exception):  # it is shown as the cause of an error
    """The traceback of an error in a worker, as text."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


def packed_error(error: BaseException | None) -> bytes | None:
    """Return an exception as bytes; None where it cannot be pickled and unpickled."""
    if error is None:
        return None
    for pickler in (pickle, cloudpickle):
        with suppress(Exception):  # of any kind, by the exception's own code
            data: bytes = pickler.dumps(error)
            pickle.loads(data)  # many can be written that cannot be read
            return data
    return None


def unpacked_error(data: bytes | None, problem: str, text: str) -> BaseException | None:
    """Return the exception, or one that says the same where it cannot be read."""
    if not problem and data is None:
        return None
    error: BaseException = RuntimeError(problem)
    if data is not None:
        try:
            error = pickle.loads(data)
        except Exception:  # noqa: BLE001  # its module may not exist here
            error = RuntimeError(problem)
    if text:
        error.__cause__ = RemoteTraceback(text)
    return error
