"""The folder of a job as an archive: what is in it, what is left out, and how large it is."""

import os
import stat
import zipfile
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hyperparameter.exceptions import UsageError

from .contents import Contents, Entry

_MOST_BYTES = 100 * 1024**2  # what the job server of Ray accepts, whatever the cluster's limit is
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files make the same archive, which Ray then has
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


class Package(NamedTuple):
    """An archive of a folder, and the script as a path in it."""

    file: str
    script: str
    folder: str
    files: int
    size: str
    left_out: list[str]


def pack(folder: str, script: str, files: Mapping[str, str], scratch: str) -> Package:
    """Write the folder and `files`, which are text by name, into an archive in `scratch`.

    `UsageError` where the script would not be in it, and for what cannot be sent.
    """
    root = os.path.realpath(folder)
    if not os.path.isdir(root):
        raise UsageError(f"--working-dir {folder!r}: this is not a folder.")
    path = _script_in(root, script)
    contents = Contents.of(root)
    if not any(path == entry.name or entry.name.startswith(f"{path}/") for entry in contents.files):
        raise UsageError(f"{script}: .gitignore or .rayignore leaves it out of the job.")
    archive = os.path.join(scratch, "job.zip")
    _write(archive, contents, files)
    size = shown_size(os.path.getsize(archive))
    number = sum(not entry.is_folder for entry in contents.files)
    typed = f"./{path}" if path.startswith("-") else path  # not an option of Python
    return Package(archive, typed, root, number, size, contents.left_out)


def _script_in(root: str, script: str) -> str:
    """Return the path of the script in the folder."""
    if not os.path.exists(script):
        raise UsageError(f"{script}: no such file in {os.getcwd()}.")
    if os.path.isdir(script) and not os.path.isfile(os.path.join(script, "__main__.py")):
        raise UsageError(f"{script}: this is a folder. Name a Python file.")
    # The folder's links are resolved, not that of the script: it is sent under its own name.
    where = os.path.join(os.path.realpath(os.path.dirname(script)), os.path.basename(script))
    path = os.path.relpath(os.path.normpath(where), root).replace(os.sep, "/")
    if path == ".." or path.startswith("../"):
        raise UsageError(
            f"{script}: it is not below {root}, which would be sent. Name the folder of its "
            "project: --working-dir FOLDER."
        )
    return path


def _write(archive: str, contents: Contents, files: Mapping[str, str]) -> None:
    name = ""
    try:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as target:
            for entry in contents.files:
                name = entry.name
                _add(target, entry)
                # Before the next one: a home folder would fill the disk.
                if target.fp is not None and target.fp.tell() > _MOST_BYTES:
                    raise _too_large(contents)
            for name, text in files.items():
                target.writestr(_info(name, 0o600), text)
    except (OSError, UnicodeEncodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{name!r:.200}: it cannot be sent: {reason}.") from None
    if os.path.getsize(archive) > _MOST_BYTES:
        raise _too_large(contents)


def _add(target: zipfile.ZipFile, entry: Entry) -> None:
    if "\\" in entry.name:
        raise OSError("Ray does not unpack names with a backslash")
    if entry.is_folder:
        target.writestr(_info(f"{entry.name}/", 0o755, stat.S_IFDIR), "")
        return
    with (
        open(entry.path, "rb") as source,
        target.open(_info(entry.name, entry.mode), "w", force_zip64=True) as sink,
    ):
        while block := source.read(1 << 20):
            sink.write(block)
            if target.fp is not None and target.fp.tell() > _MOST_BYTES:
                break  # one file alone is too large


def _info(name: str, mode: int, kind: int = stat.S_IFREG) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _LONG_AGO)
    info.external_attr = (kind | stat.S_IMODE(mode)) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _too_large(contents: Contents) -> UsageError:
    total = sum(entry.size for entry in contents.files)
    largest = [f"{name} ({shown_size(size)})" for name, size in _largest(contents.files)]
    return UsageError(
        f"{contents.root} has {shown_size(total)} to send, and a job can have "
        f"{shown_size(_MOST_BYTES)} when packed. The largest are {', '.join(largest)}. Name what "
        "the job does not need in .rayignore, or send another folder with --working-dir."
    )


def _largest(files: Iterable[Entry]) -> list[tuple[str, int]]:
    """Return the largest entries of the folder itself, files and folders, with their sizes."""
    sizes: dict[str, int] = {}
    for entry in files:
        top, is_below, _ = entry.name.partition("/")
        name = f"{top}/" if is_below else top
        sizes[name] = sizes.get(name, 0) + entry.size
    return sorted(sizes.items(), key=lambda item: -item[1])[:3]


def shown_size(size: float) -> str:
    for unit in _UNITS[:-1]:
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} {_UNITS[-1]}"
