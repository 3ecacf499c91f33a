"""Sections of a file that are not for this program: it may be shared, or have parts for itself."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping

from .._values.origin import RawOrigin, resolve
from .program_keys import LazyScan

_SHARED = ("file", "env")  # what several programs may read; a command line is for one


class OtherSections:
    """What a program leaves alone of its files; `notes` tell the user."""

    def __init__(self, anchored: Collection[str] = ()) -> None:
        self.notes: list[str] = []
        self.keys: set[str] = set()
        self._anchored = anchored

    def without(
        self,
        unknown: list[str],
        origins: Mapping[str, RawOrigin],
        known: Collection[str],
        scan: LazyScan,
    ) -> list[str]:
        """Return the unknown keys that are not in a section for another reader.

        Such a section is unknown as a whole, and either has values for other sections of its file
        or is one of another program beside this one.
        """
        known_sections = {above for key in known for above in (key, *_above(key))}
        anchored = [one for one in self._anchored if one not in known_sections]
        self.keys = {key for key in unknown if any(_is_in(key, one) for one in anchored)}
        left = [key for key in unknown if key not in self.keys]
        sections = {
            key.partition(".")[0]: resolve(origins[key])
            for key in reversed(left)
            if "." in key and resolve(origins[key]).kind in _SHARED
        }
        whole = [one for one in sections if one not in known_sections]
        if not whole:
            return left
        beside = _sections_beside(scan)
        for one in whole:
            if one in beside:
                place, program = sections[one].location, os.path.basename(beside[one])
                self.notes.append(
                    f"{one} ({place}): this section is left alone. {program} reads it, and this "
                    "program does not."
                )
        self.keys.update(key for key in left if key.partition(".")[0] in beside.keys() & whole)
        return [key for key in left if key not in self.keys]


def _above(key: str) -> Iterator[str]:
    while key := key.rpartition(".")[0]:
        yield key


def _is_in(key: str, section: str) -> bool:
    return f"{key}.".startswith(f"{section}.")


def _sections_beside(scan: LazyScan) -> dict[str, str]:
    """Return the sections that programs beside this one know, each with a file that does."""
    from .._scan import cache_for, scan_paths

    found: dict[str, str] = {}
    main_file = os.path.abspath(scan.file)
    cache = cache_for(os.path.dirname(main_file), scan.env)
    for one in scan_paths(_files_beside(main_file), cache).findings:
        section, dot, _ = one.key.partition(".")
        if dot and "*" not in section:
            found.setdefault(section, one.file)
    return found


def _files_beside(main_file: str) -> Iterable[str]:
    """Yield the package that a file is in, or else the files and packages in its folder."""
    from .._values.whose import installed_package

    if (installed := installed_package(main_file)) is not None:
        yield installed
        return
    folder = os.path.dirname(main_file)
    package = ""
    while os.path.exists(os.path.join(folder, "__init__.py")):
        package, folder = folder, os.path.dirname(folder)
    if package:
        yield package
        return
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.name.endswith(".py") or os.path.exists(os.path.join(entry.path, "__init__.py")):
            yield entry.path
