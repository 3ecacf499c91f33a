"""The source files of a program put together: what it declares, reads and may mean."""

from __future__ import annotations

import gc
import os
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager

from .._values.keys import prefixes
from .._values.whose import installed_package, is_foreign
from . import modules
from .cache import ScanCache
from .call_graph import CallGraph
from .call_shape import CallShape, passes
from .files import SourceFiles
from .finding import Finding, Patterns, matches
from .linking import Linker, import_root
from .raw import FileScan


class SourceTree:
    """Source files that have been scanned together.

    `findings` are what they declare and read.  `problems` has a line for each file that could not
    be scanned, `path:line: reason`.
    """

    def __init__(
        self, scans: dict[str, FileScan], files: SourceFiles, others: Iterable[str] = ()
    ) -> None:
        self.problems = files.problems
        self._scans = scans
        self._files = files
        self._others = list(others)  # files of the program that do not use the library by name
        linker = Linker(scans, files)
        self.findings: list[Finding] = []
        self._every_pattern: set[str] = set()
        keywords: set[str] = set()
        for file, one in scans.items():
            self.findings += linker.findings(file, one)
            self._every_pattern.update(linker.patterns(file, one))
            keywords.update(linker.keywords(file, one))
        self._keys = {finding.key for finding in self.findings if not finding.is_pattern}
        self._every_pattern.update(finding.key for finding in self.findings if finding.is_pattern)
        self._every_pattern.update(f"{one}.*" for one in keywords if "*" in one)
        self._keywords = {one for one in keywords if "*" not in one}
        self._patterns = Patterns(self._every_pattern)
        self._mentioned = [MentionedKeys(one) for one in scans.values()]
        self._calls: CallGraph | None = None
        self._every: dict[str, FileScan | None] = dict(scans)
        self._has_every = False

    def mentions(self, key: str) -> bool:
        """Tell whether the program may mean `key`.

        It does if it declares or reads the key, if it reads keys made at run time that may become
        this one, if it has the key as a text, and if it reads it at an object that may be a scope,
        in a chain that ends in a call, in `|` or in an item (`ps.train.lr | 1`).  A key that it
        certainly does not mean is a typing mistake; one that it may mean must not be refused.  So
        a file that could not be scanned may mean any key.
        """
        if self.problems or key in self._keys:
            return True
        if self._patterns.match(key) or self._is_for_keywords(key):
            return True
        if any(mentioned.has(key) for mentioned in self._mentioned):
            return True
        return any(one is None or MentionedKeys(one).has(key) for one in self._elsewhere(key))

    def takes(self, key: str) -> bool:
        """Tell a key that the program takes without having its whole name anywhere."""
        patterns = Patterns(one for one in self._every_pattern if one.strip("*."))
        return patterns.match(key) or self._is_for_keywords(key)

    def _is_for_keywords(self, key: str) -> bool:
        """Tell whether a key is for `**kwargs`: nothing declares its name there, or reads it."""
        for namespace in prefixes([key]) & self._keywords:
            name = key.removeprefix(f"{namespace}.").partition(".")[0]
            if not any(f"{one}.".startswith(f"{namespace}.{name}.") for one in self._keys):
                return True
        return False

    def reads(self, key: str) -> bool:
        """Tell whether the program may read `key`, a part of it, or all that it is a part of.

        What functions declare does not count, nor does a text that happens to be the key.
        """
        if self.problems:
            return True
        declared = {f"{one.key}.*" for one in self.findings if one.kind == "declared"}
        read = {one.key for one in self.findings if one.kind == "read"}
        if any(f"{one}.".startswith(f"{key}.") or key.startswith(f"{one}.") for one in read):
            return True
        if Patterns(read | (self._every_pattern - declared)).match(key):
            return True
        return any(mentioned.reads(key) for mentioned in self._mentioned)

    def _elsewhere(self, key: str) -> Iterator[FileScan | None]:
        """Yield the scans of files that may be given a scope; None for one that has problems."""
        segments = [segment.encode(errors="replace") for segment in key.split(".")]
        for file in self._others:
            data = self._files.load(file)
            if any(segment in data for segment in segments):  # others need not be parsed
                yield self._files.scan_any(file)

    def reachable(self, file: str, function: str) -> list[Finding]:
        """Return what this function and those that it may call declare or read.

        Parameters that the program itself passes are left out: no setting reaches them.
        Calls are followed by name alone, so some that never happen are included; a class counts
        with all its methods.  `function` is the qualified name.
        """
        if self._calls is None:
            scans = self._scan_every().items()
            self._calls = CallGraph({file: one.references for file, one in scans if one})
        reached = self._calls.reachable(os.path.abspath(file), function)
        found = [f for f in self.findings if f.declaring in reached]
        files = {file for file, _ in reached}
        return [one for one in found if one.kind != "declared" or not self._passes(one, files)]

    def passed(self, launched: Iterable[tuple[str, str]]) -> set[str]:
        """Return the keys of parameters that the program itself passes, whoever declares them.

        Settings reach those of the `launched` functions, given by file and qualified name.
        """
        is_passed: dict[str, bool] = {}
        starts = {(os.path.abspath(file), function) for file, function in launched}
        every = self._scan_every()
        for one in self.findings:
            known = is_passed.get(one.key, True)
            is_open = one.kind != "declared" or one.declaring in starts
            is_passed[one.key] = known and not is_open and self._passes(one, every)
        return {key for key, passed in is_passed.items() if passed}

    def _scan_every(self) -> dict[str, FileScan | None]:
        """Return the scans of all files of the program, with those that name nothing of ours."""
        if not self._has_every:
            self._has_every = True
            self._every.update((file, self._files.scan_any(file)) for file in self._others)
            self._files.save()
        return self._every

    def _passes(self, one: Finding, files: Container[str]) -> bool:
        """Tell whether these files pass the parameter wherever they call its function."""
        beside = [
            f
            for f in self.findings
            if f.kind == "declared" and f.declaring == one.declaring and not f.function_file
        ]
        own = [
            f for f in beside if f"{one.key}.".startswith(f"{f.key}.")
        ]  # or what it is a field of
        if not own:
            return False
        names = list(dict.fromkeys(f.key for f in beside if f.namespace == own[-1].namespace))
        name = one.function.rpartition(".")[2]
        scans = (s for file, s in self._every.items() if s is not None and file in files)
        shapes = [CallShape(n, tuple(words)) for s in scans for n, words in s.calls.get(name, ())]
        parameter = own[-1].key.rpartition(".")[2]
        return passes(shapes, names.index(own[-1].key), parameter, required=own[-1].required)


class MentionedKeys:
    """The texts of a file and the chains that it reads, which may be keys."""

    def __init__(self, scan: FileScan) -> None:
        self._scan = scan
        self._keys: set[str] | None = None  # made when first asked for: most files never are
        self._patterns: list[str] = []

    def reads(self, key: str) -> bool:
        return any(key in _tails(chain) for chain in self._scan.chains)

    def has(self, key: str) -> bool:
        if self._keys is None:
            self._keys = {tail for chain in self._scan.chains for tail in _tails(chain)}
            self._keys.update(self._scan.texts)
            self._patterns = [one for one in self._keys if "*" in one and one.strip("*.")]
        return key in self._keys or any(matches(pattern, key) for pattern in self._patterns)


def _tails(chain: str) -> Iterator[str]:
    while chain:
        yield chain
        chain = chain.partition(".")[2]


def scan_program(
    main_file: str, loaded: Iterable[str], search: Sequence[str], cache: ScanCache | None
) -> SourceTree:
    """Scan a program by its main file, the files of modules loaded already, and all they import.

    Imports inside functions count too; they are found along the folders in `search`, without
    importing.  The standard library and this library are left out.  An installed package (below
    `site-packages`) that uses the library counts with all its files; imports of other installed
    packages are not followed.
    """
    with _no_garbage_collection():
        return _scan_program(main_file, loaded, search, SourceFiles(cache))


def scan_paths(paths: Iterable[str], cache: ScanCache | None) -> SourceTree:
    """Scan files, and folders with everything below them."""
    with _no_garbage_collection():
        return _scan_paths(paths, SourceFiles(cache))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    # Syntax trees are large and have no cycles: collecting garbage while they are made only costs
    # time.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _scan_program(
    main_file: str, loaded: Iterable[str], search: Sequence[str], files: SourceFiles
) -> SourceTree:
    modules.forget_folders()
    starts = [os.path.abspath(main_file), *map(os.path.abspath, loaded)]
    scans: dict[str, FileScan] = {}
    seen: set[str] = set()
    users: dict[str, set[str]] = {}  # of each installed package, the files that use the library
    roots = dict.fromkeys(search)  # and those of packages that a finder of their own imports
    waiting = starts[::-1]
    while waiting:
        file = waiting.pop()
        if file in seen or (not file.endswith((".py", ".pyw")) and file != starts[0]):
            continue
        seen.add(file)
        if is_foreign(file):
            continue
        package = installed_package(file)
        if package is not None:
            if package not in users:
                users[package] = set(files.users_in(package))
                waiting += users[package]
            if file not in users[package]:
                continue
        one = files.scan(file, may_lack=file != starts[0])
        if one is not None:
            scans[file] = one
            roots.setdefault(import_root(file))
        if one is not None or package is None:
            for name in files.imported_names(file):
                waiting += modules.files_of(name, file, list(roots))
    files.save()
    others = [file for file in seen if file not in scans and not installed_package(file)]
    return SourceTree(scans, files, (file for file in others if not is_foreign(file)))


def _scan_paths(paths: Iterable[str], files: SourceFiles) -> SourceTree:
    modules.forget_folders()
    scans: dict[str, FileScan] = {}
    for path in paths:
        is_folder = not path.endswith(".py") and os.path.isdir(path)
        for file in modules.files_below(path, files.problems) if is_folder else [path]:
            one = files.scan(file)
            if one is not None:
                scans[file] = one
    files.save()
    return SourceTree(scans, files)
