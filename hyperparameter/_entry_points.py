"""What can be named of one kind: ours, and what other distributions offer by entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from ._values.keys import did_you_mean
from .exceptions import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Offers:
    """Runners, searches and whatever else other distributions can add to.

    `kind` has its article, as in "a runner".  `ours` are modules by name, with a colon and what is
    wanted of them.  What is offered has to be callable, or to have a `method` that is.
    """

    def __init__(self, group: str, kind: str, ours: Mapping[str, str], method: str = "") -> None:
        self._group = group
        self._kind = kind
        self._ours = ours
        self._method = method

    def find(self, name: str, typed: str = "") -> object:
        """Return what has this name, None if nobody offers it.

        What is `typed` begins the message of a `UsageError`.  Without it, two of one name are a
        `ValueError`, and one that cannot be used is an `ImportError` or a `TypeError`.
        """
        if name in self._ours:
            module, _, attribute = self._ours[name].partition(":")
            found = import_module(module)
            return getattr(found, attribute) if attribute else found
        points = {one.value: one for one in _points(self._group) if one.name == name}
        if len(points) > 1:
            problem = f"{name!r} is {self._kind} in {_owners(points.values())}."
            raise _error(ValueError, typed, f"{problem} Uninstall one of them.")
        return next((self._loaded(point, typed) for point in points.values()), None)

    def need(self, name: str, typed: str = "") -> object:
        """Return what has this name; where nobody offers it, raise what `find` raises for two."""
        found = self.find(name, typed)
        if found is None:
            known = sorted({*self._ours, *(point.name for point in _points(self._group))})
            problem = f"{name!r:.80} is not {self._kind}.{did_you_mean(name, known)}"
            raise _error(ValueError, typed, f"{problem} Installed are {', '.join(known)}.")
        return found

    def _loaded(self, point: EntryPoint, typed: str) -> object:
        where = f"{point.value}, which {_owners([point])} offers as {self._kind},"
        where = where if typed else f"{point.name!r}: {where}"
        try:
            found: object = point.load()
        except (ImportError, AttributeError) as error:
            problem = f"{where} cannot be imported: {error}"
            raise _error(ImportError, typed, problem) from error
        if not callable(getattr(found, self._method, None) if self._method else found):
            lacks = f"has no function {self._method!r}" if self._method else "cannot be called"
            raise _error(TypeError, typed, f"{where} {lacks}.")
        return found


def _points(group: str) -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points  # 26 ms, which what is ours does not need

    return entry_points(group=group)


def _owners(points: Iterable[EntryPoint]) -> str:
    """Return the names of the distributions that offer these entry points."""
    return " and ".join(sorted(one.dist.name if one.dist else "a distribution" for one in points))


def _error(kind: Callable[[str], Exception], typed: str, problem: str) -> Exception:
    return UsageError(f"{typed}: {problem}") if typed else kind(problem)
