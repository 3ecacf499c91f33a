"""Overrides that nobody read."""

from __future__ import annotations

from collections.abc import Iterable

from .._values.keys import nearest
from .._values.origin import Origin, RawOrigin, resolve
from ..exceptions import CONTROLS
from .read import Read


def unused(
    overrides: Iterable[tuple[str, RawOrigin]], reads: list[Read], unknown: set[str]
) -> list[Unused]:
    """Return the overrides that are not among the reads, nor `unknown` to have been read."""
    used = {read.key for read in reads}
    defaulted = {read.key for read in reads if read.default_used}
    return [
        Unused(key, resolve(source), used, defaulted)
        for key, source in overrides
        if key not in used and key not in unknown
    ]


class Unused:
    """An override that nobody read.

    `suggestions` are keys that were read, of which one may have been meant.
    """

    __slots__ = ("_defaulted", "_used", "key", "origin")

    def __init__(self, key: str, origin: Origin, used: set[str], defaulted: set[str]) -> None:
        self.key = key
        self.origin = origin
        self._used = used
        self._defaulted = defaulted

    @property
    def suggestions(self) -> list[str]:
        # Not before somebody asks: to compare with each key that was read takes long.
        return nearest(self.key, self._used) or _beside(self.key, self._defaulted)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unused) and (self.key, self.origin) == (other.key, other.origin)

    def __hash__(self) -> int:
        return hash((self.key, self.origin))

    def __repr__(self) -> str:
        return f"<Unused: {self}>"

    def __str__(self) -> str:
        return never_read(self.key, self.origin, self.suggestions)


def never_read(key: str, origin: Origin, suggestions: Iterable[str] = (), where: str = "") -> str:
    """Say that nobody read an override; `where` narrows it, as in "in this process"."""
    near = " or ".join(map(repr, suggestions))
    hint = f", did you mean {near}?" if near else ""
    return f"{key} ({origin}) was never read{f' {where}' if where else ''}{hint}".translate(
        CONTROLS
    )


def warn_of_unknown(keys: list[str], reasons: list[str]) -> None:
    """Say of which overrides nobody can tell whether they were read."""
    import warnings  # a tenth of our import

    if not keys:
        return
    shown = ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
    warnings.warn(
        f"The record is incomplete, so it cannot tell whether workers read {shown}: "
        f"{'; '.join(reasons)}.".translate(CONTROLS),
        RuntimeWarning,
        stacklevel=3,
    )


def _beside(key: str, candidates: set[str]) -> list[str]:
    """Return the candidates of the same namespace, when they are few enough to help."""
    namespace = key.rpartition(".")[0]
    found = sorted(c for c in candidates if namespace and c.rpartition(".")[0] == namespace)
    return found if len(found) <= 3 else []
