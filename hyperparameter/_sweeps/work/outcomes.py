"""Outcomes that workers keep in files, for the case that the launcher does not live to take them.

A run that has ended has ended, even if whatever kills the launcher does so in the moment before it
hears of it: the next launch takes the outcome from the file.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from contextlib import suppress

from ..run import Outcome, Work

FOLDER = "outcomes"


def path_of(folder: str, number: int, attempt: int) -> str:
    """Return the file for the outcome of an attempt of a sweep in this folder."""
    return os.path.join(folder, FOLDER, f"{number}.{attempt}")


def keep(work: Work, outcome: Outcome) -> None:
    """Write an outcome; a worker that does not see the folder, or a full disk, does without."""
    if work.kept is None:
        return
    fresh = f"{work.kept}.tmp"
    with suppress(OSError):  # the launcher is told in any case
        with open(fresh, "wb") as file:
            file.write(pickle.dumps(outcome._replace(error=None), 5))
        os.replace(fresh, work.kept)  # whole, or not there at all


def drop(folder: str, number: int, attempt: int) -> None:
    """Remove an outcome that the store has by now."""
    with suppress(OSError):
        os.unlink(path_of(folder, number, attempt))


def kept_of(folder: str, number: int, attempt: int) -> Outcome | None:
    """Return the outcome of an attempt whose worker, or its host, died before it could tell."""
    with suppress(FileNotFoundError), open(path_of(folder, number, attempt), "rb") as file:
        found: Outcome = pickle.load(file)
        return found
    return None


def kept(folder: str) -> Iterator[tuple[int, int, Outcome]]:
    """Yield the outcomes that no launcher has taken, with the numbers of run and attempt."""
    with suppress(FileNotFoundError):
        for name in sorted(os.listdir(os.path.join(folder, FOLDER))):
            number, _, attempt = name.partition(".")
            if not number.isdecimal() or not attempt.isdecimal():
                continue  # a file that its worker did not live to finish
            with open(os.path.join(folder, FOLDER, name), "rb") as file:
                yield int(number), int(attempt), pickle.load(file)
