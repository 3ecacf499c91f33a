"""Where sweeps are: the folder `sweeps` of the working directory has a folder for each of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ..._console import NotFound
from ..._values.keys import did_you_mean
from ...exceptions import CONTROLS, UsageError

FOLDER, FILE, LOCK = "sweeps", "sweep.sqlite", "sweep.lock"
LATEST = "latest"
"""The word for the sweep that was launched last; no sweep may have it as its name."""

_MOST_NAME = 100  # of the 255 bytes that a file system gives, in any script


def log_path(sweep: str, number: int, attempt: int) -> str:
    """Return the file for what an attempt prints, in the folder of its sweep."""
    name = f"{number}.log" if attempt <= 1 else f"{number}.{attempt}.log"
    return os.path.join(sweep, "logs", name)


def check_name(name: str) -> str:
    """Return the name of a sweep; `UsageError` if it cannot be that of a folder."""
    problem = _problem(name)
    if problem:
        raise UsageError(f"--name {name!r}: {problem}. Give a name such as lr-grid.")
    return name


def _problem(name: str) -> str:
    if not name.strip():
        return "a sweep needs a name"
    if "/" in name or os.sep in name:
        return f"a name has no {os.sep}; sweeps are in the folder {FOLDER}"
    if name[0] in "-.":
        return f"a name does not begin with {name[0]}"
    if name != name.strip() or not all(map(_is_shown, name)):
        return "a name has no control characters, and no spaces at its ends"
    if len(name) > _MOST_NAME:
        return f"a name has {_MOST_NAME} characters at most"
    return f"this word means the sweep that was launched last in {FOLDER}" * (name == LATEST)


def _is_shown(character: str) -> bool:
    return ord(character) not in CONTROLS and not "\ud800" <= character < "\ue000"


def make_folder(name: str | None, program: str, parent: str = FOLDER) -> str:
    """Make the folder of a new sweep, called `name` or else `PROGRAM-1`, and so on, and return it.

    Two launchers never get one folder, unless both ask for it by name: the store decides then.
    """
    try:
        os.makedirs(parent, exist_ok=True)
        if name is None:
            return _numbered(parent, _program(program))
        folder = os.path.join(parent, check_name(name))
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise NotFound(f"{error.filename or parent}: {error.strerror}. A sweep is kept in a folder "
                       f"in {parent}.") from None  # fmt: skip
    return folder


def _numbered(parent: str, program: str) -> str:
    shape = re.compile(rf"{re.escape(program)}-([1-9][0-9]{{0,8}})")
    taken = [int(found[1]) for one in os.listdir(parent) if (found := shape.fullmatch(one))]
    number = max(taken, default=0)
    while True:
        number += 1
        folder = os.path.join(parent, f"{program}-{number}")
        try:
            os.mkdir(folder)  # one of several launchers makes it
        except FileExistsError:
            continue
        return folder


def _program(program: str) -> str:
    """Return the part of a name that tells the program, whatever its file is called."""
    name = os.path.basename(program).removesuffix(".py")
    plain = re.sub(r"[^\w.+-]+", "_", name).lstrip("-._")[: _MOST_NAME - 12]
    return plain or "sweep"


def sweeps_in(parent: str = FOLDER) -> list[str]:
    """Return the folders of sweeps, the one that was launched last at the end."""
    return [folder for _, folder in sorted(_launched(parent))]


def _launched(parent: str) -> Iterator[tuple[float, str]]:
    try:
        names = os.listdir(parent)
    except OSError:
        return
    for name in names:
        folder = os.path.join(parent, name)
        if os.path.isfile(os.path.join(folder, FILE)):
            yield _time_of_launch(folder), folder


def _time_of_launch(folder: str) -> float:
    for name in (LOCK, FILE):  # each launcher writes the lock file when it starts
        try:
            return os.stat(os.path.join(folder, name)).st_mtime
        except OSError:
            continue
    return 0.0


def find(name: str | None = None, parent: str = FOLDER) -> str:
    """Return the folder of a sweep: by name, by path, or of the one that was launched last.

    `NotFound` says which there are.
    """
    if name is None or name == LATEST:
        known = sweeps_in(parent)
        if not known:
            raise NotFound(f"{parent}: no sweep is here. Go to where the program was started, or "
                           "give the folder of a sweep.")  # fmt: skip
        return known[-1]
    for folder in () if "\0" in name or not name else (os.path.join(parent, name), name):
        if os.path.isfile(os.path.join(folder, FILE)):
            return folder
    if name and os.path.basename(name) == FILE and os.path.isfile(name):
        return os.path.dirname(name) or "."
    raise NotFound(_not_found(name, parent))


def _not_found(name: str, parent: str) -> str:
    if "/" in name or os.path.isdir(name):
        return f"{name!r}: no sweep is there: a sweep is a folder with the file {FILE}."
    names = [os.path.basename(folder) for folder in sweeps_in(parent)]
    near = did_you_mean(name, names) or (f" It has {_some(names)}." if names else "")
    return f"{name!r}: {parent} has no sweep of this name.{near}"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:-6:-1])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
