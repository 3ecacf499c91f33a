"""Which engines inherit scopes by themselves: installing, undoing, and waiting for an import."""

from __future__ import annotations

import importlib
import os
import sys
from threading import RLock
from typing import Any

from .exceptions import EngineError
from .subprocess import pick_up

# Name of the engine: the module that has to be there, and the one here that patches it.
_ENGINES = {
    "futures": ("concurrent.futures.process", "hp_dist.futures"),
    "joblib": ("joblib", "hp_dist.joblib"),
    "multiprocessing": ("multiprocessing.pool", "hp_dist.multiprocessing"),
    "ray": ("ray", "hp_dist.ray"),
}
_STANDARD = frozenset(["futures", "multiprocessing"])  # importing them costs little
_lock = RLock()
_active: dict[str, Patches] = {}
_waiting: set[str] = set()
_installed: tuple[str, ...] = ()


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
    A program that was started with a scope in its environment opens that, the first time.
    """
    pick_up(os.environ)
    install_all(names or tuple(_ENGINES))


def install_all(names: tuple[str, ...]) -> None:
    """Install exactly these engines, none where there is no name."""
    if names == _installed:  # as in all tasks of a worker but the first
        return
    with _lock:
        new = [name for name in names if name not in _active and name not in _waiting]
        try:
            for name in new:
                _install(name)
        except BaseException:
            _remove(new)
            raise
        finally:
            _note_installed()


def uninstall() -> None:
    """Put back everything that `install` replaced."""
    with _lock:
        _remove([*_active, *_waiting])
        _note_installed()


def _install(name: str) -> None:
    if name not in _ENGINES:
        raise EngineError(f"There is no engine {name!r}; known are {', '.join(sorted(_ENGINES))}.")
    target, _ = _ENGINES[name]
    if target in sys.modules or name in _STANDARD:
        _patch(name)
    else:
        _waiting.add(name)
        _when_imported(target, name)


def _remove(names: list[str]) -> None:
    for name in reversed(names):
        _waiting.discard(name)
        if name in _active:
            _active.pop(name).undo()


def installed() -> tuple[str, ...]:
    return _installed


def _note_installed() -> None:
    global _installed
    _installed = tuple(sorted({*_active, *_waiting}))


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
