"""Text that is too long for its carrier: a private file, and a short text that names it.

The file is deleted when the process that wrote it ends; the one that travels in the folder of a job
stays as long as that.  Whoever reads one trusts nothing but what the short text says of it, because
between writing and reading anybody may have replaced it.
"""

from __future__ import annotations

import os
import stat
import tempfile

from hyperparameter._engine_interface import Process, this_process

from .._private_folder import folder
from ..exceptions import CarrierError
from .codec import MOST_CHARACTERS, check_pid, damaged, digest_of, fields_of, seal

_JOB_FOLDER = "job:"  # the node that runs a job decides where its folder is


def save(text: str) -> str:
    """Write `text` to a file that lives as long as this process; return the text that names it."""
    digest = digest_of(text)
    try:
        directory = folder()
        path = _path(directory, digest)
        if not os.path.exists(path):
            # Under another name first: a thread that finds the file finds all of it.
            handle, unfinished = tempfile.mkstemp(dir=directory)  # only its owner may read it
            try:
                with open(handle, "w", encoding="ascii") as file:
                    file.write(text)
                os.replace(unfinished, path)
            except OSError:  # a full disk is not filled further
                os.unlink(unfinished)
                raise
    except OSError as error:
        raise CarrierError(
            f"The scope is too large for its carrier, {len(text)} characters, and cannot be "
            f"written to a file: {error}. Set TMPDIR to a folder that has room, or put less into "
            "the scope."
        ) from error
    return _named(directory, digest, text)


def in_job_folder(text: str) -> tuple[str, str]:
    """Return the name of a file for `text` in the folder of a job, and the text that names it."""
    digest = digest_of(text)
    return _job_file(digest), _named(_JOB_FOLDER, digest, text)


def _named(directory: str, digest: str, text: str) -> str:
    return seal(
        "file",
        {
            "directory": directory,
            "digest": digest,
            "size": len(text),
            "process": [*this_process()],
        },
    )


def load(document: object) -> str:
    """Return the text that `save` was given; `CarrierError` when its file is gone or changed."""
    try:
        named = fields_of(document, {"directory": str, "digest": str, "size": int, "process": list})
        maker = Process.unpack(named["process"])
        check_pid(maker)
    except (TypeError, ValueError) as error:
        raise damaged(error) from None
    digest, size = named["digest"], named["size"]
    directory = named["directory"]
    is_of_job = directory == _JOB_FOLDER
    if (
        not (is_of_job or os.path.isabs(directory))
        or not digest.isalnum()
        or size > MOST_CHARACTERS
    ):
        raise CarrierError("The carried scope is damaged: it does not name the file of a scope.")
    path = _in_job_folder(digest) if is_of_job else _path(directory, digest)
    try:
        text = _read(path, size).decode("ascii")
    except (FileNotFoundError, NotADirectoryError):
        if is_of_job:
            raise CarrierError(
                f"The scope of this job is in the file {path!r:.500} of its folder, which is "
                "neither the current folder nor in PYTHONPATH. Call hp_dist.install() before "
                "os.chdir, and keep what Ray has put into PYTHONPATH."
            ) from None
        raise CarrierError(
            f"The scope is too large for its carrier, so it is in the file {path!r:.500}, which "
            f"was made on host {maker.host!r:.100} by process {maker.pid} and does not exist on "
            f"host {this_process().host!r} now. It is deleted when that process ends, and does not "
            "cross hosts: keep the process running, or put less into the scope."
        ) from None
    except (OSError, ValueError) as error:
        raise CarrierError(
            f"The file of the carried scope, {path!r:.500}, cannot be used: {error!s:.200}"
        ) from None
    if digest_of(text) != digest:
        raise CarrierError(f"The file of the carried scope, {path!r:.500}, has been changed.")
    return text


def _read(path: str, size: int) -> bytes:
    # NONBLOCK: a FIFO would wait for a writer.  NOFOLLOW: a link may lead to anybody's file.  A
    # system without the flag does not have the danger.
    flags = [getattr(os, f"O_{name}", 0) for name in ("NONBLOCK", "NOFOLLOW", "CLOEXEC", "BINARY")]
    handle = os.open(path, sum(flags, os.O_RDONLY))
    try:
        found = os.fstat(handle)  # of the open file: the path may be another one by now
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is not a regular file")
        if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
            raise ValueError(f"it belongs to user {found.st_uid}")
        if found.st_size != size:
            raise ValueError(f"it has {found.st_size} bytes instead of {size}")
        with open(handle, "rb", closefd=False) as file:
            return file.read(size)
    finally:
        os.close(handle)


def _in_job_folder(digest: str) -> str:
    """Return where the file is: a job begins in its folder, and Ray puts that on PYTHONPATH."""
    name = _job_file(digest)
    folders = [os.curdir, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    paths = [os.path.join(folder, name) for folder in folders if folder]
    return next(filter(os.path.exists, paths), name)


def _job_file(digest: str) -> str:
    return f".hyperparameter-scope-{digest}.json"


def _path(directory: str, digest: str) -> str:
    return os.path.join(directory, f"{digest}.json")
