"""Where the settings of a program come from beside its command line: files and the environment."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from .._config.environment import Variables, is_in, variables_with
from .._config.flat_names import FlatNames
from .._config.sources import FileAt
from .._files.document import Document
from .._files.text import FilePath, similar
from .._functions import declared_defaults, registry
from .._scopes import ambient
from .._values.declared import Declarations
from .._values.keys import flatten, is_key, is_nested
from ..exceptions import UsageError
from .program_keys import DeclaredParameters, LazyScan, sections_of

if TYPE_CHECKING:
    from .._config.known_names import KnownPlace
    from .._functions.signature import Signature


class Sources(NamedTuple):
    """What is read beside the command line; `flat` knows the names at the top of files.

    `declarations` has the default of a key that only a reference names.
    """

    files: Sequence[FileAt | Document]
    variables: Variables | None
    flat: FlatNames | None
    declarations: Declarations = declared_defaults

    def notes(self, used: Collection[str]) -> Iterator[str]:
        """Yield a line for each variable that sets nothing, and by its name was meant to.

        `used` are the keys that references took.
        """
        if self.variables is not None and self.variables.left_alone:
            yield from self.variables.notes(DeclaredParameters(), used)


def sources_of(
    files: Sequence[FileAt | Document],
    env_prefix: str | None,
    env: Mapping[str, str],
    scan: LazyScan,
    signature: "Signature | None",
) -> Sources:
    """Return the sources of a run of the function with this signature, None for no function."""
    if env_prefix == "":
        raise ValueError(
            "env_prefix is empty, so every environment variable would set a parameter. "
            'Give it a name, such as env_prefix="APP".'
        )
    variables = None
    if env_prefix is not None and (rest := [one for _, one in variables_with(env_prefix, env)]):
        program = _Names(scan, rest)
        variables = Variables(env_prefix, env, program.known, program.places(), program.is_meant)
    flat = None
    if files and signature is not None:
        flat = FlatNames(signature.namespace, signature.names, _TopNames(scan))
    return Sources(files, variables, flat)


def files_of(words: list[str], default: FilePath | None) -> list[FileAt]:
    """Return the `default` file of a program, if it has one, and those that `-C` names."""
    files = list(map(_file, words))
    if default is None:
        return files
    name = os.fspath(default)
    if not os.path.exists(name):
        raise _missing(f"{name}: the configuration file of this program", name)
    return [FileAt(name), *files]


def _missing(named: str, path: str) -> UsageError:
    return UsageError(
        f"{named} does not exist.{similar(path)} Relative paths start at {os.getcwd()}."
    )


def _file(word: str) -> FileAt:
    """Return the file that a word behind `-C` names: FILE, KEY=FILE, or - for standard input."""
    key, equals, path = word.partition("=")
    if not word or (equals and not path and is_key(key)):
        raise UsageError(
            f"-C {word or repr(word)}: no file is named. Write -C FILE or -C KEY=FILE."
        )
    if not equals or not is_key(key) or os.sep in key or os.path.exists(word):
        return FileAt(word)
    if path != "-" and not os.path.exists(path):
        raise _missing(f"-C {word}: the file {path}", path)
    return FileAt(path, key)


class _Names:
    """The keys that variables may mean, as the program declares or reads them."""

    def __init__(self, scan: LazyScan, variables: list[str]) -> None:
        self._scan = scan
        self.known = {*_declared(), *ambient.current().snapshot.flat()}
        in_lower_case = {key.lower() for key in self.known}
        if not all(name.lower().replace("__", ".") in in_lower_case for name in variables):
            self.known.update(_read_by(scan))
        self._tops = {key.partition(".")[0] for key in self.known if "." in key}
        self._tops |= {one.namespace for one in registry.declared() if one.varkw_name}

    def places(self) -> "Iterator[KnownPlace]":
        """Yield what may have names below it: declared parameters, and what is set at launch."""
        from .._config.known_names import KnownPlace, places_in

        for one in registry.declared():
            for name in one.names:
                default = partial(one.default, name, None)
                yield KnownPlace(f"{one.namespace}.{name}", one.hint(name), default)
        yield from places_in(ambient.current().snapshot.flat())

    def is_meant(self, key: str) -> bool:
        """Tell a key that a variable sets, and that is checked like any other."""
        program = self._scan()
        if program is None:  # it may read anything
            return True
        if "." not in key or not is_key(key):
            return False
        return is_in(key, self._tops | sections_of(program)) or program.takes(key)


def _declared() -> Iterator[str]:
    """Yield the keys of parameters, of fields, and of the names that defaults have."""
    declared = DeclaredParameters()
    for key in declared:
        yield key
        for _, option in declared.of(key):
            if is_nested(option.default):
                yield from flatten({key: option.default})[0]


def _read_by(scan: LazyScan) -> Iterator[str]:
    program = scan()
    for one in program.findings if program is not None else ():
        if not one.is_pattern:
            yield one.key


class _TopNames:
    """What the program itself calls by a name without namespace, or as a namespace."""

    def __init__(self, scan: LazyScan) -> None:
        self._scan = scan
        self._names: set[str] | None = None  # made when a file has a name that may be short

    def __call__(self, name: str) -> bool:
        if self._names is None:
            keys = {*registry.keys(), *_read_by(self._scan)}
            self._names = {key.partition(".")[0] for key in keys}
        return name in self._names
