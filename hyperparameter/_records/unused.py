"""Overrides that nobody read."""

from __future__ import annotations

import os
from collections.abc import Iterable

from .._values.keys import nearest
from .._values.origin import Origin, RawOrigin
from ..exceptions import CONTROLS
from .kept_reads import MOST_VALUES
from .read import Places, Read

_MOST_SHOWN = 3


def unused(
    overrides: Iterable[tuple[str, RawOrigin]], reads: list[Read], unknown: set[str]
) -> list[Unused]:
    """Return the overrides that no read has taken, but for those of keys that are `unknown`."""
    taken = Taken(reads)
    defaulted = {read.key for read in reads if read.default_used}
    places = Places()
    found: dict[tuple[str, str, str], Unused] = {}
    for key, source in overrides:
        if key in unknown:
            continue
        origin = places.origin(source)
        if not taken.has(key, origin):
            identity = key, origin.kind, origin.location  # several processes are one program
            if identity not in found:
                found[identity] = Unused(key, origin, taken, defaulted)
    return list(found.values())


class Taken:
    """Which bindings reads have taken: by key, where they were made."""

    def __init__(self, reads: Iterable[Read]) -> None:
        self._origins: dict[str, dict[tuple[str, str] | None, Origin | None]] = {}
        self._counts: dict[str, int] = {}
        for read in reads:
            origins = self._origins.setdefault(read.key, {})
            origins.setdefault(_place(read.origin), read.origin)
            self._counts[read.key] = self._counts.get(read.key, 0) + 1

    @property
    def keys(self) -> Iterable[str]:
        return self._origins.keys()

    def has(self, key: str, origin: Origin) -> bool:
        """Tell whether a read took a binding, or may have: of one key, so many reads are kept."""
        if key not in self._origins:
            return False
        return _place(origin) in self._origins[key] or self._counts[key] >= MOST_VALUES

    def of(self, key: str) -> list[Origin | None]:
        """Return where the values that were read of a key were set; None for a default."""
        return list(self._origins.get(key, {}).values())


def _place(origin: Origin | None) -> tuple[str, str] | None:
    """Return what tells an origin from others of its key, wherever it was looked up.

    The path of a file of code depends on the working directory at that time, and on the host.
    """
    if origin is None:
        return None
    kind, location, _ = origin
    return kind, os.path.basename(location) if kind == "code" else location


class Unused:
    """An override that nobody read.

    `suggestions` are keys that were read, of which one may have been meant.  `instead` is where
    the values were set that readers of the same key got, None for a default; empty if there was
    no reader.
    """

    __slots__ = ("_defaulted", "_taken", "key", "origin")

    def __init__(self, key: str, origin: Origin, taken: Taken, defaulted: set[str]) -> None:
        self.key = key
        self.origin = origin
        self._taken = taken
        self._defaulted = defaulted

    @property
    def suggestions(self) -> list[str]:
        if self.instead:
            return []
        # Not before somebody asks: to compare with each key that was read takes long.
        return nearest(self.key, self._taken.keys) or _beside(self.key, self._defaulted)

    @property
    def instead(self) -> list[Origin | None]:
        return self._taken.of(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unused) and (self.key, self.origin) == (other.key, other.origin)

    def __hash__(self) -> int:
        return hash((self.key, self.origin))

    def __repr__(self) -> str:
        return f"<Unused: {self}>"

    def __str__(self) -> str:
        return never_read(self.key, self.origin, self.suggestions, instead=self.instead)


def never_read(
    key: str,
    origin: Origin,
    suggestions: Iterable[str] = (),
    where: str = "",
    instead: list[Origin | None] | None = None,
) -> str:
    """Say that nobody read an override; `where` narrows it, as in "in this process"."""
    near = " or ".join(map(repr, suggestions))
    hint = f", did you mean {near}?" if near else ""
    got = f"; its readers got {what_was_read(instead)}" if instead else ""
    return f"{key} ({origin}) was never read{f' {where}' if where else ''}{hint}{got}".translate(
        CONTROLS
    )


def what_was_read(origins: list[Origin | None]) -> str:
    """Say where values come from, as in "the value of code train.py:5 and the default"."""
    given = [str(one) for one in origins if one is not None]
    shown = given if len(given) <= _MOST_SHOWN else [*given[:_MOST_SHOWN], "other places"]
    parts = [f"the value of {' or '.join(shown)}"] if shown else []
    return " or ".join([*parts, "the default"] if None in origins else parts)


def of_unknown(keys: list[str], reasons: list[str]) -> str:
    """Say of which overrides nobody can tell whether they were read; nothing if there are none."""
    if not keys:
        return ""
    shown = ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
    return (
        f"The record is incomplete, so it cannot tell whether workers read {shown}: "
        f"{'; '.join(reasons)}."
    ).translate(CONTROLS)


def _beside(key: str, candidates: set[str]) -> list[str]:
    """Return the candidates of the same namespace, when they are few enough to help."""
    namespace = key.rpartition(".")[0]
    found = sorted(c for c in candidates if namespace and c.rpartition(".")[0] == namespace)
    return found if len(found) <= 3 else []
