"""A name on its way to a value: what `hp.scope.train.lr` is before `|` or `()` reads it.

An `Accessor` knows a key and nothing else, so one object per key serves the whole process.
It has no public names: every attribute is a longer key.
"""

from __future__ import annotations

import sys
from typing import Any

from . import _state
from ._keys import check
from ._origin import site_of
from ._reading import NO_DEFAULT, read, require, truth

_MOST_KEPT = 1024


class Accessor:
    """A key of the scope that is active where it is read."""

    __slots__ = ("__dict__", "_hp_key")  # the dict keeps the accessors for longer keys
    _hp_key: str

    def __init__(self, key: str) -> None:
        object.__setattr__(self, "_hp_key", key)

    def __or__(self, default: Any) -> Any:
        answer = (_state.active.get() or _state.ground).answers.get(self._hp_key)
        if answer is not None and answer[0] is default:
            return answer[1]
        return self._hp_read(default, 2)

    def __call__(self, default: Any = NO_DEFAULT) -> Any:
        answer = (_state.active.get() or _state.ground).answers.get(self._hp_key)
        if answer is not None and answer[0] is default:
            return answer[1]
        return self._hp_read(default, 2)

    def __bool__(self) -> bool:
        return truth(self._hp_state(), self._hp_key, site_of(sys._getframe(1)))

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        longer = self._hp_longer(check(f"{self._hp_key}.{name}"))
        if len(self.__dict__) < _MOST_KEPT:
            self.__dict__[name] = longer
        return longer

    def __getitem__(self, name: str) -> Any:
        return self._hp_longer(check(f"{self._hp_key}.{check(name)}"))

    def __setattr__(self, name: str, value: Any) -> None:
        self._hp_write(name, value)

    def __setitem__(self, name: str, value: Any) -> None:
        self._hp_write(check(name), value)

    def __delattr__(self, name: str) -> None:
        self._hp_handle()._hp_delete(f"{self._hp_key}.{name}")

    def __delitem__(self, name: str) -> None:
        self._hp_handle()._hp_delete(f"{self._hp_key}.{check(name)}")

    __iter__ = None  # or Python would try [0], [1], ... for ever

    def __repr__(self) -> str:
        return f"<hyperparameter {self._hp_key!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Accessor, (self._hp_key,)

    def _hp_read(self, default: Any, depth: int) -> Any:
        site = site_of(sys._getframe(depth))
        if default is NO_DEFAULT:
            return require(self._hp_state(), self._hp_key, site)
        if isinstance(default, Accessor):
            raise TypeError(
                f"The default of {self!r} is {default!r}, which has not been read: "
                "give that its own default first, a.b | (c.d | 1)."
            )
        return read(self._hp_state(), self._hp_key, default, site)

    def _hp_write(self, name: str, value: Any) -> None:
        self._hp_handle()._hp_update({f"{self._hp_key}.{name}": value}, 3)

    def _hp_longer(self, key: str) -> Accessor:
        return Accessor(key)

    def _hp_state(self) -> _state.State:
        return _state.current()

    def _hp_handle(self) -> Any:
        return _state.handle()


class BoundAccessor(Accessor):
    """A key of one scope, read through the object that `with ... as ps` gives."""

    __slots__ = ("_hp_scope",)
    _hp_scope: Any

    def __init__(self, key: str, scope: Any) -> None:
        object.__setattr__(self, "_hp_key", key)
        object.__setattr__(self, "_hp_scope", scope)

    def __or__(self, default: Any) -> Any:
        return self._hp_read(default, 2)

    def __call__(self, default: Any = NO_DEFAULT) -> Any:
        return self._hp_read(default, 2)

    def __reduce__(self) -> tuple[Any, ...]:
        return BoundAccessor, (self._hp_key, self._hp_scope)

    def _hp_longer(self, key: str) -> Accessor:
        return BoundAccessor(key, self._hp_scope)

    def _hp_state(self) -> _state.State:
        state: _state.State = self._hp_scope._hp_state()
        return state

    def _hp_handle(self) -> Any:
        return self._hp_scope
