"""Files without sections, as other tools write them: their names are parameters of one function."""

from __future__ import annotations

from collections.abc import Callable, Collection

from .bindings import Bindings, with_prefix


class FlatNames:
    """The parameters of one function, which files may name without its namespace.

    `is_taken` tells the names that mean something else at the top of a file.  `full` has the key of
    each name that was found in a file.
    """

    def __init__(
        self, namespace: str, names: Collection[str], is_taken: Callable[[str], bool]
    ) -> None:
        self.full: dict[str, str] = {}
        self._namespace = namespace
        self._names = frozenset(names)
        self._is_taken = is_taken

    def key_of(self, key: str) -> str:
        """Return the full key that a key means at the top of a file."""
        is_short = self._is_short(key.partition(".")[0])
        return f"{self._namespace}.{key}" if is_short else key

    def _is_short(self, top: str) -> bool:
        return top in self._names and top != self._namespace and not self._is_taken(top)

    def __call__(self, bindings: Bindings) -> Bindings:
        """Return what a file writes by full keys; a name that it also has in full keeps its own."""
        tops = {key.partition(".")[0] for key in bindings}
        in_full = {
            key[len(self._namespace) + 1 :].partition(".")[0]
            for key in bindings
            if key.startswith(f"{self._namespace}.")
        }
        short = {top for top in tops - in_full if self._is_short(top)}
        if not short:
            return bindings
        self.full |= {top: f"{self._namespace}.{top}" for top in short}
        found: Bindings = {}
        for key, one in bindings.items():
            if key.partition(".")[0] in short:
                found |= with_prefix({key: one}, self._namespace)
            else:
                found[key] = one
        return found
