"""Which engines inherit scopes by themselves: installing, undoing, and waiting for an import."""

from __future__ import annotations

import importlib
import sys
from threading import RLock
from typing import Any

from .exceptions import EngineError

# Name of the engine: the module that has to be there, and the one here that patches it.
_ENGINES = {
    "multiprocessing": ("multiprocessing.pool", "hp_dist.multiprocessing"),
    "ray": ("ray", "hp_dist.ray"),
}
_lock = RLock()
_active: dict[str, Patches] = {}
_waiting: set[str] = set()


class Patches:
    """Replaced attributes, and what stood there before."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, Any]] = []

    def replace(self, owner: Any, name: str, value: Any) -> Any:
        """Set an attribute of a class or module and return the one that was found there."""
        self._undo.append((owner, name, vars(owner).get(name, _NOTHING)))
        found = getattr(owner, name)
        setattr(owner, name, value)
        return found

    def undo(self) -> None:
        for owner, name, before in reversed(self._undo):
            if before is _NOTHING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
        self._undo.clear()


def install(*names: str) -> None:
    """Make engines inherit scopes; all known ones where no name is given.

    An engine that has not been imported yet is patched when it is.  Doing it again does nothing.
    """
    install_all(names or tuple(_ENGINES))


def install_all(names: tuple[str, ...]) -> None:
    """Install exactly these engines, none where there is no name."""
    with _lock:
        for name in names:
            if name not in _ENGINES:
                raise EngineError(
                    f"There is no engine {name!r}; known are {', '.join(sorted(_ENGINES))}."
                )
            target, _ = _ENGINES[name]
            if name in _active or name in _waiting:
                continue
            if target in sys.modules or name == "multiprocessing":
                _patch(name)
            else:
                _waiting.add(name)
                _when_imported(target, name)


def uninstall() -> None:
    """Put back everything that `install` replaced."""
    with _lock:
        _waiting.clear()
        while _active:
            _active.popitem()[1].undo()


def installed() -> tuple[str, ...]:
    with _lock:
        return tuple(sorted({*_active, *_waiting}))


def _patch(name: str) -> None:
    module = importlib.import_module(_ENGINES[name][1])
    patches = Patches()
    try:
        module.patch(patches)
    except BaseException:
        patches.undo()
        raise
    _active[name] = patches


def _when_imported(target: str, name: str) -> None:
    import wrapt

    def imported(_: Any) -> None:
        with _lock:
            if name in _waiting:
                _waiting.discard(name)
                _patch(name)

    wrapt.register_post_import_hook(imported, target)


_NOTHING: Any = object()
