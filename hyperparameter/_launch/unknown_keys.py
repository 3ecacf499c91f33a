"""What a program knows: parameters that are declared, and keys that its sources mention."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .._functions import registry
from .._values.keys import did_you_mean
from .._values.origin import Source, resolve
from ..exceptions import UsageError
from .options import Option, of_function

if TYPE_CHECKING:
    from .._functions.signature import Signature
    from .._scan import SourceTree

_MOST_NAMED = 3


def check(sources: Mapping[str, Source], scan: Scan) -> None:
    """Raise `UsageError` for keys that no part of the program knows.

    The sources are scanned only where a key is not declared; of a program without source files
    nothing is known, and nothing is refused.
    """
    strange = [key for key in sources if not _is_declared(key)]
    if not strange or (program := scan()) is None:
        return
    known = registry.keys() | {one.key for one in program.findings if not one.is_pattern}
    unknown = [key for key in strange if _is_namespace(key, known) or not program.mentions(key)]
    if not unknown:
        return
    named = [
        f"{key!r} ({resolve(sources[key])}) is no parameter of this program."
        f"{did_you_mean(key, known)}"
        for key in unknown[:_MOST_NAMED]
    ]
    more = len(unknown) - len(named)
    rest = f" And {more} more." if more else ""
    raise UsageError(
        f"{' '.join(named)}{rest} --allow-unknown sets it all the same.",
        key=unknown[0],
        origin=resolve(sources[unknown[0]]),
    )


def _is_namespace(key: str, known: set[str]) -> bool:
    """Tell a name that keys are below, and that is none itself."""
    return key not in known and any(one.startswith(f"{key}.") for one in known)


def _is_declared(key: str) -> bool:
    """Tell a parameter, and what is below one that takes a mapping."""
    name = key
    while name:
        for signature in registry.declarations(name):
            last = name.rpartition(".")[2]
            if name == key or signature.takes_mapping(last, signature.defaults.get(last)):
                return True
        name = name.rpartition(".")[0]
    return False


class Declared:
    """The parameters of all decorated functions, and the fields of those that are structures."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[tuple[Signature, Option]]] = {}
        for signature in registry.declared():
            for option in of_function(signature):
                self._by_key.setdefault(option.key, []).append((signature, option))

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def of(self, key: str) -> list[tuple[Signature, Option]]:
        return self._by_key.get(key, [])


class Scan:
    """The program's sources, scanned when first asked for."""

    def __init__(self, signature: Signature, env: Mapping[str, str]) -> None:
        self._file = signature.code.co_filename
        self._env = env
        self._program: SourceTree | None = None

    def __call__(self) -> SourceTree | None:
        """Return what the sources say, None where the program has none."""
        import os

        if self._program is None and os.path.isfile(self._file):
            from .._scan import cache_for, scan_program

            cache = cache_for(self._file, self._env)
            loaded = [
                file
                for module in list(sys.modules.values())
                if (file := getattr(module, "__file__", None)) and file.endswith(".py")
            ]
            self._program = scan_program(self._file, loaded, sys.path, cache)
        return self._program
