"""Outcomes that workers keep in files, for the case that the launcher does not live to take them.

A run that has ended has ended, even if whatever kills the launcher does so in the moment before it
hears of it: the next launch takes the outcome from the file.

The file that an outcome is written to says before that the attempt is taken: by the worker that
begins it, or by a launcher that has given it up.  A worker on a host that is cut off may live on,
and must not begin what runs elsewhere by then.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from contextlib import suppress

from ..run import Outcome, Work

FOLDER = "outcomes"
_UNFINISHED = ".tmp"


def path_of(folder: str, number: int, attempt: int) -> str:
    """Return the file for the outcome of an attempt of a sweep in this folder."""
    return os.path.join(folder, FOLDER, f"{number}.{attempt}")


def begin(work: Work) -> bool:
    """Take an attempt for this worker; tell whether it may begin."""
    return work.kept is None or _takes(work.kept)


def withdraw(folder: str, number: int, attempt: int) -> None:
    """Take an attempt that the launcher has given up, so that it does not begin any more."""
    _takes(path_of(folder, number, attempt))


def _takes(path: str) -> bool:
    try:
        os.close(os.open(_fresh(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except FileExistsError:
        return False
    except OSError:  # a worker that does not see the folder, or a full disk, does without
        pass
    return True


def keep(work: Work, outcome: Outcome) -> None:
    """Write an outcome; a worker that does not see the folder, or a full disk, does without."""
    if work.kept is None:
        return
    fresh = _fresh(work.kept)
    with suppress(OSError):  # the launcher is told in any case
        with open(fresh, "wb") as file:
            file.write(pickle.dumps(outcome._replace(error=None), 5))
        os.replace(fresh, work.kept)  # whole, or not there at all


def _fresh(path: str) -> str:
    return path + _UNFINISHED


def drop(folder: str, number: int, attempt: int) -> None:
    """Remove an outcome that the store has by now."""
    with suppress(OSError):
        os.unlink(path_of(folder, number, attempt))


def drop_unfinished(folder: str) -> None:
    """Remove what attempts have left that were given up, or whose workers did not live to end.

    Only where no worker is left that may begin one.
    """
    path = os.path.join(folder, FOLDER)
    with suppress(OSError):
        for name in os.listdir(path):
            if name.endswith(_UNFINISHED):
                os.unlink(os.path.join(path, name))


def kept_of(folder: str, number: int, attempt: int) -> Outcome | None:
    """Return the outcome of an attempt whose worker, or its host, died before it could tell."""
    with suppress(FileNotFoundError), open(path_of(folder, number, attempt), "rb") as file:
        found: Outcome = pickle.load(file)
        return found
    return None


def kept(folder: str) -> Iterator[tuple[int, int, Outcome]]:
    """Yield the outcomes that no launcher has taken, with the numbers of run and attempt.

    What attempts of earlier launches have left behind that did not live to end is removed.
    """
    with suppress(FileNotFoundError):
        for name in sorted(os.listdir(os.path.join(folder, FOLDER))):
            path = os.path.join(folder, FOLDER, name)
            number, _, attempt = name.partition(".")
            if number.isdecimal() and attempt.isdecimal():
                with open(path, "rb") as file:
                    yield int(number), int(attempt), pickle.load(file)
            elif name.endswith(_UNFINISHED):
                os.unlink(path)
