"""What a record says of the run that it is of: enough to have the same function run again."""

import os
from typing import Any, NamedTuple

from .._values.origin import Process

ENDINGS = ("returned", "raised", "exited", "interrupted", "terminated")
"""How a run ends: with a value, an exception, `SystemExit`, Ctrl-C, or SIGTERM."""


class Run(NamedTuple):
    """One execution of a launched function.

    `module` is empty where the function is in a script.  `script` is relative to `folder`, the
    working directory, where it is below it, and empty for a module that was imported; a module
    that was run with `python -m` `is_main`.  In `argv` the secrets are masked.  Times are ISO
    8601 in UTC.  `problem` says what was raised, or with which status the run exited.
    """

    function: str
    module: str
    script: str
    is_main: bool
    namespace: str
    argv: list[str]
    folder: str
    started: str
    ended: str
    process: Process
    python: str
    package: str
    ending: str
    problem: str

    @property
    def name(self) -> str:
        """The function as people name it: `train:main`, `train.py:main`."""
        return f"{self.script or self.module}:{self.function}"

    def pack(self) -> dict[str, object]:
        """Return the plain form, of lists, texts and numbers alone."""
        return {**self._asdict(), "process": list(self.process)}

    @classmethod
    def unpack(cls, packed: object) -> "Run":
        """Return the run from its plain form; `TypeError` or `ValueError` for anything else."""
        if type(packed) is not dict or set(packed) != set(cls._fields):
            raise ValueError(f"{packed!r:.80} is not a run")
        found: dict[str, Any] = {**packed, "process": Process.unpack(packed["process"])}
        words = found["argv"]
        if type(words) is not list or not all(type(word) is str for word in words):
            raise TypeError(f"{words!r:.80} is not a list of texts")
        for name, value in found.items():
            kind = bool if name == "is_main" else str
            if name not in ("argv", "process") and type(value) is not kind:
                raise TypeError(f"{name} is {value!r:.80}")
        if found["ending"] not in ENDINGS:
            raise ValueError(f"{found['ending']!r:.80} is not how a run ends")
        return cls(**found)


def time_text(seconds: float) -> str:
    """Return a time, in seconds since the epoch, as records and tables have it."""
    from datetime import UTC, datetime  # most programs have no use for it

    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def working_folder() -> str:
    """Return the working directory, empty where it has been removed."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def relative_to_folder(file: str) -> str:
    """Return the path of a file below the working folder; of any other file, the whole path."""
    path, folder = os.path.abspath(file), os.path.join(working_folder(), "")
    return path[len(folder) :] if path.startswith(folder) else path
