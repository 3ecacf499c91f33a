"""The parameters of a program: those that it declares, and those that its source files read."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING

from .._functions import registry
from .._values.annotations import has_mapping, or_of_default
from .._values.checking import only_checking
from .options import Option
from .parameters import options_of

if TYPE_CHECKING:
    from .._functions.signature import Signature
    from .._scan import Finding, SourceTree


class DeclaredParameters:
    """The keys of all decorated functions, and of the fields of structures among them.

    What factories make is made and asked where the defaults are to be shown; keys need none of it.
    """

    def __init__(self, *, with_defaults: bool = False) -> None:
        self._by_key: dict[str, list[tuple[Signature, Option]]] = {}
        with nullcontext() if with_defaults else only_checking(may_lack=True):
            for signature in registry.declared():
                for option in options_of(signature):
                    self._by_key.setdefault(option.key, []).append((signature, option))

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def below(self, key: str) -> Iterator[str]:
        """Yield a key that is declared and those of its fields."""
        return (one for one in self._by_key if f"{one}.".startswith(f"{key}."))

    def of(self, key: str) -> list[tuple[Signature, Option]]:
        return self._by_key.get(key, [])


class LazyScan:
    """A scan of the program's source files, made on the first call: most runs need none."""

    def __init__(self, signature: Signature, env: Mapping[str, str]) -> None:
        self.signature = signature
        self.file = file_of(signature)
        self.env = env
        self._program: SourceTree | None = None

    def __call__(self) -> SourceTree | None:
        """Return what the source files declare and read, None for a program without any."""
        if self._program is None and os.path.isfile(self.file):
            from .._scan import cache_for, scan_program

            cache = cache_for(self.file, self.env)
            loaded = [
                file
                for module in list(sys.modules.values())  # a copy: threads may import meanwhile
                if (file := getattr(module, "__file__", None)) and file.endswith(".py")
            ]
            self._program = scan_program(self.file, loaded, sys.path, cache)
        return self._program


def file_of(signature: Signature) -> str:
    """Return the source file of a function or class; some initializers are made by a library."""
    file = signature.code.co_filename
    module = sys.modules.get(signature.module)
    return file if file.endswith(".py") else getattr(module, "__file__", None) or file


def takes_names(signature: Signature, key: str) -> bool:
    """Tell whether the parameter with this key takes the keys below it as parts."""
    with only_checking(may_lack=True):
        return signature.wanted(key.rpartition(".")[2]).takes_names


def is_declared(key: str) -> bool:
    """Tell whether the key is a declared parameter, or is below one that takes a mapping."""
    name = key
    while name:
        for signature in registry.declarations(name):
            if name == key or takes_names(signature, name):
                return True
        name = name.rpartition(".")[0]
    return False


def is_mapping(key: str) -> bool:
    """Tell whether all who declare a key, or what it is a part of, take a mapping there."""
    found, names = [], key.split(".")
    for count in range(len(names), 0, -1):
        for signature in registry.declarations(".".join(names[:count])):
            name = names[count - 1]
            hint = or_of_default(signature.hint(name), signature.defaults.get(name))
            found.append(has_mapping(hint, names[count:]))
    return bool(found) and all(found)


def may_be_read(key: str, program: SourceTree | None) -> bool:
    """Tell whether a program may take a key in another way than by its loaded declarations.

    It may read the key, or declare it, or what it is a part of, in code that has not run yet.
    """
    if program is None:  # it may read anything
        return True
    loaded = {
        (f"{one.namespace}.{name}", os.path.abspath(file_of(one)), one.qualname)
        for one in registry.declared()
        for name in one.names
    }
    return program.reads(key) or any(
        one.kind == "declared"
        and (f"{one.key}.".startswith(f"{key}.") or key.startswith(f"{one.key}."))
        and not any((above, *one.declaring) in loaded for above in _with_those_above(one.key))
        for one in program.findings
    )


def _with_those_above(key: str) -> Iterator[str]:
    while key:
        yield key
        key = key.rpartition(".")[0]


def sections_of(program: SourceTree) -> set[str]:
    """Return the sections that a program knows for a key which it makes at run time alone.

    It reads `tasks.*.size`, so a file's `tasks` is for this program.
    """
    starts = (one.key.partition("*")[0] for one in program.findings if one.is_pattern)
    return {above for start in starts for above in _with_those_above(start.rpartition(".")[0])}


def reads_in(program: SourceTree | None) -> list[Finding]:
    """Return the reads in scopes; what is declared, the registry of the loaded program knows."""
    if program is None:
        return []
    # A key whose parts are all unknown says nothing.
    return [one for one in program.findings if one.kind == "read" and one.key.strip("*.")]


def place_of(one: Finding) -> str:
    """Return where a finding is, as lists and help name it."""
    return f"{relative(one.file)}:{one.line}"


def relative(file: str) -> str:
    """Return a path below the working folder without that folder, any other as it is."""
    return file.removeprefix(os.path.join(os.getcwd(), ""))
