"""What a scan finds: a key or a pattern of keys, and where it is declared or read."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from .._values.describe import Description, describe
from .._values.keys import prefixes

_MOST_SHOWN = 200

NO_KNOWN_DEFAULT = Description("")
"""Stands in `Finding.default` for a default that does not exist or that nobody can see."""


class Finding(NamedTuple):
    """A parameter at the place where a program declares or reads it.

    `default` is plain data, a `Description` of the source that computes it, or
    `NO_KNOWN_DEFAULT`.  `function` is a qualified name, or `<module>`, and `doc` its docstring
    as it is written.  `kind` is "declared" or "read".  A field of a structure is where its class
    is written, and declared by the function that takes the structure, which is in `function_file`.
    `is_truth` tells a read of nothing but the truth of a value.
    """

    key: str
    default: object
    required: bool
    type: str | None
    file: str
    line: int
    function: str
    namespace: str
    doc: str
    kind: str
    function_file: str = ""
    is_truth: bool = False

    @property
    def declaring(self) -> tuple[str, str]:
        """The file and the qualified name of the function that declares or reads it."""
        return self.function_file or self.file, self.function

    @property
    def is_pattern(self) -> bool:
        """Tell whether parts of the key are known at run time only: each is a `*`."""
        return "*" in self.key

    @property
    def has_default(self) -> bool:
        return self.default is not NO_KNOWN_DEFAULT

    @property
    def shown_default(self) -> str | None:
        """Return the default for a message, masked; None where it is not known."""
        if not self.has_default:
            return None
        shown = repr(describe(self.key, self.default))
        return shown if len(shown) <= _MOST_SHOWN else f"{shown[: _MOST_SHOWN - 3]}..."


class Patterns:
    """Patterns of keys, of which most stand for all that is below one key, and keys themselves."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._keys: set[str] = set()
        self._wholes: set[str] = set()
        self._others: list[str] = []
        for pattern in patterns:
            above = pattern.removesuffix(".*")
            if "*" in above:
                self._others.append(pattern)
            else:
                (self._keys if above == pattern else self._wholes).add(above)

    def match(self, key: str) -> bool:
        """Tell whether `key` is what one of them may become."""
        if key in self._keys or not self._wholes.isdisjoint(prefixes([key])):
            return True
        return any(matches(one, key) for one in self._others)


def matches(pattern: str, key: str) -> bool:
    """Tell whether `key` is what `pattern` may become; a `*` is any text that is not empty."""
    return _compiled(pattern).fullmatch(key) is not None


@lru_cache(maxsize=4096)  # every unknown key is held against every pattern of a program
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, pattern.split("*"))), re.DOTALL)
