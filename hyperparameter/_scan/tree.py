"""The files of a program put together: what it declares, reads and may mean."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from . import modules
from .cache import Cache
from .files import Files
from .finding import Finding, matches
from .linking import Linker, beginning
from .reach import Reach
from .source import Scanned


class Program:
    """Several files scanned together.

    `findings` are what they declare and read, `problems` a line for each file that could not be
    scanned, `path:line: reason`.
    """

    def __init__(
        self, scanned: dict[str, Scanned], files: Files, others: Iterable[str] = ()
    ) -> None:
        self.problems = files.problems
        self._scanned = scanned
        self._files = files
        self._others = list(others)  # files of the program that do not use us by name
        linker = Linker(scanned, files)
        self.findings: list[Finding] = []
        self._patterns: set[str] = set()
        for file, one in scanned.items():
            self.findings += linker.findings(file, one)
            self._patterns.update(linker.patterns(file, one))
        self._keys = {finding.key for finding in self.findings if not finding.is_pattern}
        self._patterns.update(finding.key for finding in self.findings if finding.is_pattern)
        self._words: dict[str, Words] = {file: Words(one) for file, one in scanned.items()}
        self._reach: Reach | None = None

    def mentions(self, key: str) -> bool:
        """Tell whether the program may mean `key`.

        It declares or reads it, reads keys made at run time that may become it, or has it as a text
        or at the end of a chain of attributes (`ps.train.lr`).  What it certainly does not mean is
        a mistake in typing; what it may mean must not be refused.  So a file that could not be
        scanned may mean any key.
        """
        if self.problems or key in self._keys:
            return True
        if any(matches(pattern, key) for pattern in self._patterns):
            return True
        if any(words.mention(key) for words in self._words.values()):
            return True
        return any(one is None or Words(one).mention(key) for one in self._elsewhere(key))

    def _elsewhere(self, key: str) -> Iterator[Scanned | None]:
        """Yield files that do not import us but may be given a scope; None for a broken one."""
        segments = [segment.encode(errors="replace") for segment in key.split(".")]
        for file in self._others:
            data = self._files.read(file)
            if any(segment in data for segment in segments):
                yield self._files.scan_any(file)

    def reachable(self, file: str, function: str) -> list[Finding]:
        """Return what this function and those that it may call declare or read.

        Calls are followed by name alone, so there may be more than are called; a class counts with
        all its methods.  `function` is the qualified name.
        """
        if self._reach is None:
            others = {file: self._files.scan_any(file) for file in self._others}
            every = {**self._scanned, **others}
            self._reach = Reach({file: one.names for file, one in every.items() if one})
            self._files.save()
        reached = self._reach.units(os.path.abspath(file), function)
        return [f for f in self.findings if (f.file, f.function) in reached]


class Words:
    """The texts and chains of attributes of a file, which may be keys."""

    def __init__(self, one: Scanned) -> None:
        self._one = one
        self._tails: set[str] | None = None

    def mention(self, key: str) -> bool:
        if self._tails is None:
            self._tails = {tail for chain in self._one.chains for tail in _tails(chain)}
            self._tails.update(self._one.texts)
        return key in self._tails or any(
            matches(text, key) for text in self._one.texts if "*" in text
        )


def _tails(chain: str) -> Iterator[str]:
    while chain:
        yield chain
        chain = chain.partition(".")[2]


def scan_program(
    main_file: str, loaded: Iterable[str], search: Sequence[str], cache: Cache | None
) -> Program:
    """Scan a program by its main file, the files of modules loaded already, and all they import.

    Imports inside functions count too; they are found along the folders in `search`, without
    importing.  The standard library and this library are left out.  An installed package (below
    `site-packages`) that uses us counts with all its files; of others no import is followed.
    """
    with _uncollected():
        return _scan_program(main_file, loaded, search, Files(cache))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector away from syntax trees, which are large and have no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _scan_program(
    main_file: str, loaded: Iterable[str], search: Sequence[str], files: Files
) -> Program:
    modules.forget_folders()
    starts = [os.path.abspath(main_file), *map(os.path.abspath, loaded)]
    scanned: dict[str, Scanned] = {}
    seen: set[str] = set()
    users: dict[str, set[str]] = {}  # of each installed package, the files that may use us
    roots = dict.fromkeys(search)  # and where packages begin that a finder of their own imports
    waiting = starts[::-1]
    while waiting:
        file = waiting.pop()
        if file in seen or (not file.endswith((".py", ".pyw")) and file != starts[0]):
            continue
        seen.add(file)
        if modules.is_foreign(file):
            continue
        root = modules.package_root(file)
        if root is not None:
            if root not in users:
                users[root] = set(files.users_in(root))
                waiting += users[root]
            if file not in users[root]:
                continue
        one = files.scan(file, may_lack=file != starts[0])
        if one is not None:
            scanned[file] = one
            roots.setdefault(beginning(file))
        if one is not None or root is None:  # of installed packages, only from those that use us
            for name in files.imports(file):
                waiting += modules.files_of(name, file, list(roots))
    files.save()
    others = [file for file in seen if file not in scanned and modules.package_root(file) is None]
    return Program(scanned, files, (file for file in others if not modules.is_foreign(file)))


def scan_paths(paths: Iterable[str], cache: Cache | None) -> Program:
    """Scan files, and folders with all below them."""
    with _uncollected():
        return _scan_paths(paths, Files(cache))


def _scan_paths(paths: Iterable[str], files: Files) -> Program:
    modules.forget_folders()
    scanned: dict[str, Scanned] = {}
    for path in paths:
        is_folder = not path.endswith(".py") and os.path.isdir(path)
        for file in modules.walk(path, files.problems) if is_folder else [path]:
            one = files.scan(file)
            if one is not None:
                scanned[file] = one
    files.save()
    return Program(scanned, files)
