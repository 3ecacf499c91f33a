"""Where a binding was made, or a value was read.

Scopes are created in hot loops, so what is kept there is a `Site`, a code object and an
instruction offset; it becomes a `file:line` only when somebody asks.
"""

import os
import sys
from _weakref import ref  # importing weakref takes longer
from collections.abc import Mapping, MutableMapping
from types import CodeType, FrameType
from typing import NamedTuple

Site = tuple[CodeType, int]
"""A place in a running program: code object, offset of the instruction (-1: its `def`)."""


class Process(NamedTuple):
    """A process on a host."""

    host: str
    pid: int

    @classmethod
    def unpack(cls, packed: object) -> "Process":
        """Return the process from its plain form; `TypeError` or `ValueError` for anything else."""
        if type(packed) is list:
            host, pid = packed
            if type(host) is str and type(pid) is int:
                return cls(host, pid)
        raise TypeError(f"{packed!r:.80} is not a process")

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Origin(NamedTuple):
    """Where a binding was made.

    `kind` is `code`, `cli`, `env`, `file` or `default`; `location` is such as `train.py:12`,
    `-D`, `$APP_LR`, `base.toml:7`; `process` is given when it came from another process.
    """

    kind: str
    location: str
    process: Process | None = None

    @classmethod
    def unpack(cls, packed: object) -> "Origin":
        """Return the origin from its plain form, `[kind, location, [host, pid] or None]`."""
        if type(packed) is list:
            kind, place, process = packed
            if type(kind) is str and type(place) is str:
                return cls(kind, place, None if process is None else Process.unpack(process))
        raise TypeError(f"{packed!r:.80} is not an origin")

    def pack(self) -> list[object]:
        """Return the plain form, of lists and scalars alone."""
        return [self.kind, self.location, list(self.process) if self.process else None]

    def __str__(self) -> str:
        place = f"{self.kind} {self.location}".rstrip()
        return f"{place} on {self.process}" if self.process else place


Line = tuple[str, int]
"""A line of a file, 0 where it is not known; a file has many, so they are kept like this too."""

RawOrigin = Origin | Site | Line
"""An origin as it is kept: `resolve` looks up its place when somebody asks."""

_BY_VALUE = "<dynamic-code>"  # the file of all functions that cloudpickle sends by value
_files: MutableMapping[CodeType, str] | None = None
_process: Process | None = None
_lines: dict[tuple[int, int], tuple[ref[CodeType], int]] = {}
_MOST_LINES = 1_000


def site_of(frame: FrameType) -> Site:
    return frame.f_code, frame.f_lasti


def outside_site() -> Site:
    """Return the innermost place on the call stack that is not in this package."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(PACKAGE_ROOT):
        frame = frame.f_back
    return site_of(frame)


def location(site: Site) -> str:
    """Return `file:line`, the file relative to the current directory when it is below it.

    A cell of a notebook has its own name in the place of a file: `In[3]:1`.
    """
    code, _ = site
    file = _file_of(code)
    return f"{_cell(file) or _shorten(file)}:{_line_of(site)}"


def _line_of(site: Site) -> int:
    code, offset = site
    # By the id, as to hash code is to go through all of it; held weakly, as code is a function's.
    place = id(code), offset
    known = _lines.get(place)
    if known is not None and known[0]() is code:
        return known[1]
    found: int | None = None
    if offset >= 0:
        found = next((at for start, end, at in code.co_lines() if start <= offset < end), None)
    line = found or code.co_firstlineno
    if len(_lines) >= _MOST_LINES:
        _lines.clear()
    _lines[place] = ref(code), line
    return line


def note_file(code: CodeType, namespace: Mapping[str, object]) -> None:
    """Note the file of a function from the names of its module, if its code has lost it."""
    global _files
    if code.co_filename == _BY_VALUE and isinstance(file := namespace.get("__file__"), str):
        if _files is None:
            from weakref import WeakKeyDictionary  # importing it takes longer than most programs

            _files = WeakKeyDictionary()
        _files[code] = file


def _file_of(code: CodeType) -> str:
    if code.co_filename != _BY_VALUE:
        return code.co_filename
    # What is read or set here is mostly told about while the function runs.
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        note_file(frame.f_code, frame.f_globals)
        frame = frame.f_back
    return code.co_filename if _files is None else _files.get(code, code.co_filename)


def resolve(source: RawOrigin) -> Origin:
    if isinstance(source, Origin):
        return source
    place, number = source
    if isinstance(place, str):
        return Origin("file", f"{place}:{number}" if number else place)
    return Origin("code", location((place, number)))


def this_process() -> Process:
    global _process
    pid = os.getpid()
    if _process is None or _process.pid != pid:  # the first call, or the first after a fork
        _process = Process(_host(), pid)
    return _process


def leave_process() -> Process:
    """Return the process that this one was forked from, and forget that it was this one."""
    global _process
    parent = _process or Process(_host(), os.getppid())
    _process = None
    return parent


def _host() -> str:
    if hasattr(os, "uname"):
        return os.uname().nodename
    return os.environ.get("COMPUTERNAME", "localhost")


def _cell(path: str) -> str | None:
    """Return what a notebook calls the cell whose code has this file, `In[3]`; None for a file."""
    # Not for granted: it may be importing in another thread, or be blocked by a None.
    shell_here = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = shell_here() if shell_here is not None else None
    named = getattr(getattr(shell, "compile", None), "format_code_name", None)
    found = named(path) if named is not None else None  # ("Cell", "In[3]"), as in its tracebacks
    return found[1] if found else None


def _shorten(path: str) -> str:
    try:
        here = os.getcwd()
    except FileNotFoundError:  # the current directory has been removed
        return path
    if not here.endswith(os.sep):  # as that of a root does
        here += os.sep
    return path[len(here) :] if path.startswith(here) else path


PACKAGE_ROOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
"""The folder of this package, with a separator at its end."""
