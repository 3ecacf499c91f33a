"""Engines that carry scopes by themselves: install them, undo it, wait until one is imported."""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Callable
from threading import RLock
from types import TracebackType
from typing import Protocol, cast

from .exceptions import EngineError
from .subprocess import pick_up

# By name of the engine: the module that it needs, and the one here that patches it.
_ENGINES = {
    "futures": ("concurrent.futures.process", "hp_dist.futures"),
    "joblib": ("joblib", "hp_dist.joblib"),
    "loky": ("loky.process_executor", "hp_dist.loky"),
    "multiprocessing": ("multiprocessing.pool", "hp_dist.multiprocessing"),
    "ray": ("ray", "hp_dist.ray"),
}
_STANDARD = frozenset(["futures", "multiprocessing"])  # importing them costs little
_OURS = "hp_dist."
_MOST_WRAPPERS = 100  # something may have every attribute that it is asked for
_lock = RLock()  # patching imports modules, whose hooks may patch in turn
_active: dict[str, Patches] = {}
_waiting: set[str] = set()
_installed: tuple[str, ...] = ()


class EngineModule(Protocol):
    """A module that makes an engine carry scopes."""

    def patch(self, patches: Patches) -> None:
        """Replace what submits work; `EngineError` when the engine is not as expected."""


class Patches:
    """Functions of classes and modules that were replaced, with what was there before."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._undo: list[tuple[object, str, object, Callable[..., object]]] = []
        self._are_on = True

    def replace(self, owner: object, name: str, function: Callable[..., object]) -> None:
        """Set a function of a class or module, until `undo`."""
        original: Callable[..., object] = getattr(owner, name)

        @functools.wraps(function)
        def patched(*args: object, **kwargs: object) -> object:
            # Whoever has patched this in turn may call it, or put it back, for ever after.
            is_back = not self._are_on and vars(owner).get(name) is patched
            carries = self._are_on or (is_back and self._engine in _active)
            try:
                return (function if carries else original)(*args, **kwargs)
            except Exception as error:
                # As without us: what the user's code has raised there has its frames, and no more.
                error.__traceback__ = _without_ours(error.__traceback__, original.__module__)
                raise

        # Not getattr: what a class only inherits must be deleted again, not set on it.
        self._undo.append((owner, name, vars(owner).get(name, _NOTHING), patched))
        setattr(owner, name, patched)

    def are_in_place(self) -> bool:
        """Tell whether each is still there, or under what says that it wraps ours."""
        return all(_wraps(vars(owner).get(name), ours) for owner, name, _, ours in self._undo)

    def undo(self) -> None:
        """Put back what was there; what others have put over ours since stays."""
        self._are_on = False
        for owner, name, before, patched in reversed(self._undo):
            if vars(owner).get(name) is not patched:
                continue
            if before is _NOTHING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
        self._undo.clear()


def _without_ours(traceback: TracebackType | None, engine: str) -> TracebackType | None:
    """Return a traceback without the frames of this package that lead to the engine's module.

    An error that is raised in them, or in what else they call, keeps all.
    """
    rest = traceback
    while rest is not None and _module_of(rest).startswith(_OURS):
        rest = rest.tb_next
    return rest if rest is not None and _module_of(rest) == engine else traceback


def _module_of(traceback: TracebackType) -> str:
    return str(traceback.tb_frame.f_globals.get("__name__", ""))


def _wraps(function: object, ours: Callable[..., object]) -> bool:
    for _ in range(_MOST_WRAPPERS):
        if function is None or function is ours:
            break
        function = getattr(function, "__wrapped__", None)
    return function is ours


def install(*names: str) -> None:
    """Make engines carry scopes by themselves; all known engines when no name is given.

    An engine that has not been imported yet is patched on import.  To install it again puts back
    what somebody has replaced meanwhile.  In a program that was started with a scope in its
    environment, the first call opens that scope.
    """
    pick_up(os.environ)
    names = names or tuple(_ENGINES)
    with _lock:
        for name in names:
            if name in _active and not _active[name].are_in_place():
                _active.pop(name).undo()
                try:
                    _patch(name)
                finally:
                    _note_installed()
    install_all(names)


def install_all(names: tuple[str, ...]) -> None:
    """Install exactly these engines, none when there are no names."""
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
        raise EngineError(
            f"{name!r} is not an engine; known are {', '.join(sorted(_ENGINES))}. To any other, "
            "submit hp_dist.bind(function)."
        )
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
    names = tuple(sorted({*_active, *_waiting}))
    if names != _installed:  # else the same object, by which others tell that nothing has changed
        _installed = names


def _patch(name: str) -> None:
    module = cast(EngineModule, importlib.import_module(_ENGINES[name][1]))
    patches = Patches(name)
    try:
        module.patch(patches)
    except BaseException:
        patches.undo()
        raise
    _active[name] = patches


def _when_imported(target: str, name: str) -> None:
    import wrapt

    def imported(_: object) -> None:
        with _lock:
            if name in _waiting:  # wrapt's hooks cannot be removed: this one may be out of date
                _waiting.discard(name)
                _patch(name)

    wrapt.register_post_import_hook(imported, target)


_NOTHING = object()
