"""Environment variables as configuration: `APP_TRAIN__LR` sets `train.lr`.

Variables are written in capitals, and names of Python and of files rarely are.  So a variable is
first held against the names that are known, and is lower case where it means none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from .._values.keys import is_key
from .._values.origin import Origin, resolve
from .._values.untyped import EmptyVariable, UntypedText
from .._values.variable_names import start_of, variable_for
from .bindings import Bindings, of_mapping, set_twice
from .literal import as_literal
from .view import keys_above

if TYPE_CHECKING:
    from .known_names import KnownPlace

_MOST_NAMED = 3


def variables_with(prefix: str, env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each variable with the prefix, and what follows it, in the order of their names."""
    start = start_of(prefix)
    for name in sorted(env):
        if name.startswith(start) and name != start:
            yield name, name[len(start) :]


def is_in(key: str, namespaces: Collection[str]) -> bool:
    """Tell a key in a namespace of the program: it is checked as any other, by who reads it."""
    return is_key(key) and any(above in namespaces for above in keys_above(key))


class Variables:
    """The variables with a prefix.

    `names` are keys that are known beside those of files, and `places` what may have names below
    it.  `is_meant` tells whether a variable that is none of them sets its key nevertheless, given
    the key; those that do not are `left_alone`.
    """

    def __init__(
        self,
        prefix: str,
        env: Mapping[str, str],
        names: Iterable[str] = (),
        places: Iterable[KnownPlace] = (),
        is_meant: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.left_alone: Bindings = {}
        self._prefix = prefix
        self._variables = dict(variables_with(prefix, env))
        self._env = env
        self._names = set(names) if self._variables else set()
        self._places = list(places) if self._variables else []
        self._is_meant = is_meant

    def bindings(self, files: Iterable[Bindings]) -> Bindings:
        """Return what the variables set beside what these files write."""
        found: Bindings = {}
        if not self._variables:
            return found
        self.left_alone = {}
        files = list(files)
        from .known_names import KnownNames  # most runs have no variables

        known = KnownNames(self._names, self._places)
        known.add_files(files)
        for name, rest in self._variables.items():
            origin = Origin("env", f"${name}")
            key = known.key_of(rest, origin)
            is_named = key in self._names or any(key in file for file in files)
            is_set = is_named or self._is_meant(key)
            if not is_set and not is_key(key):
                continue
            value = UntypedText(self._env[name]) if self._env[name] else EmptyVariable()
            into = found if is_set else self.left_alone
            # A variable has no references: `${` in a password means what it says.
            for one, binding in of_mapping({key: as_literal(value)}, origin).items():
                if one in into:
                    raise set_twice(one, origin, into[one].origin)
                into[one] = binding
        return found

    def notes(self, declared: Iterable[str], used: Collection[str]) -> Iterator[str]:
        """Yield a line for each variable that sets nothing, and by its name was meant to.

        It has the last name of a key that is `declared`, or all its names with one underscore
        between them; `used` are the keys that references took.
        """
        alone = {key: one for key, one in self.left_alone.items() if key not in used}
        known: dict[str, set[str]] = {}
        for key in declared if alone else ():
            for name in {_last(key), _joined(key)}:
                known.setdefault(name, set()).add(key)
        for key, binding in alone.items():
            if meant := sorted(known.get(_joined(key)) or known.get(_last(key), set())):
                advice = " or ".join(
                    f"{variable_for(self._prefix, one)} to set {one}" for one in meant[:_MOST_NAMED]
                )
                yield f"{resolve(binding.origin).location} sets nothing. Use {advice}."


def _last(key: str) -> str:
    return key.rpartition(".")[2].lower()


def _joined(key: str) -> str:
    return key.replace(".", "_").lower()
