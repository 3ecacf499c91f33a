"""What of a folder is sent to a job: all but what ignore files and a short list leave out."""

import os
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from hyperparameter.exceptions import UsageError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# What Ray leaves out, and the stores of sweeps.  An ignore file can take them in: `!sweeps/`.
_LEFT_OUT = (".git", ".venv/", "venv/", "__pycache__/", "/sweeps/")
_IGNORE_FILES = (".gitignore", ".rayignore")


class Entry(NamedTuple):
    """A file, or an empty folder, by its name in the folder that is sent."""

    name: str
    path: str
    size: int
    mode: int
    is_folder: bool


class Contents(NamedTuple):
    """What is sent of a folder, and the names of what is left out."""

    root: str
    files: list[Entry]
    left_out: list[str]

    @classmethod
    def of(cls, root: str) -> "Contents":
        """Look through a folder; `UsageError` for one that cannot be read."""
        left_out: list[str] = []
        try:
            files = sorted(_walk(root, "", [], (), left_out))
        except OSError as error:
            raise UsageError(
                f"{error.filename}: {error.strerror}. Name it in .rayignore if the job does not "
                "need it."
            ) from None
        return cls(root, files, left_out)


def _walk(
    root: str,
    below: str,
    specs: list[tuple[str, "GitIgnoreSpec"]],
    parents: tuple[str, ...],
    left_out: list[str],
) -> Iterator[Entry]:
    """Yield what is in the folder `below`; `parents` are the real folders that lead to it."""
    folder = os.path.join(root, below)
    own = _spec(folder, is_root=not below)
    specs = [*specs, (below, own)] if own is not None else specs
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    if not entries and below:
        yield Entry(below.rstrip("/"), folder, 0, 0o755, is_folder=True)
    real = os.path.realpath(folder)
    for entry in entries:
        name = f"{below}{entry.name}"
        is_folder = entry.is_dir()
        if _is_ignored(name, specs, is_folder) or _is_environment(entry, is_folder):
            left_out.append(f"{name}/" if is_folder else name)
        elif is_folder and os.path.realpath(entry.path) not in (real, *parents):  # no circle
            yield from _walk(root, f"{name}/", specs, (real, *parents), left_out)
        elif entry.is_file():  # not a socket, pipe or device
            status = entry.stat()
            yield Entry(name, entry.path, status.st_size, stat.S_IMODE(status.st_mode), False)


def _is_ignored(name: str, specs: list[tuple[str, "GitIgnoreSpec"]], is_folder: bool) -> bool:
    """Tell what git would, or Ray: an ignore file is about the folder that it is in, and below."""
    path = f"{name}/" if is_folder else name
    for below, spec in reversed(specs):  # the innermost that says something decides
        found = spec.check_file(path.removeprefix(below)).include
        if found is not None:
            return found
    return False


def _is_environment(entry: "os.DirEntry[str]", is_folder: bool) -> bool:
    return is_folder and os.path.isfile(os.path.join(entry.path, "pyvenv.cfg"))


def _spec(folder: str, *, is_root: bool) -> "GitIgnoreSpec | None":
    lines = list(_LEFT_OUT) if is_root else []
    for name in _IGNORE_FILES:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                lines += file.read().splitlines()
    return _compiled(lines, folder) if lines else None


def _compiled(lines: list[str], folder: str) -> "GitIgnoreSpec":
    try:
        from pathspec import GitIgnoreSpec
    except ModuleNotFoundError:
        raise UsageError(
            "hp submit needs pathspec. Install it with 'pip install hyperparameter-dist[jobs]'."
        ) from None
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise UsageError(f"{folder}: {' or '.join(_IGNORE_FILES)}: {error}") from None
