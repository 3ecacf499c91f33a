"""What every design has to pay: the yardsticks that the budgets are multiples of."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

_values: ContextVar[dict[str, Any]] = ContextVar("values")
_values.set({f"k{i}": i for i in range(10)} | {"a.b.c": 1})


def floor(key: str, default: Any) -> Any:
    return _values.get().get(key, default)


class Override:
    """The least a class-based context manager does: a copied dict in a ContextVar."""

    def __init__(self, **overrides: Any) -> None:
        self.overrides = overrides

    def __enter__(self) -> Override:
        values = dict(_values.get())
        values.update(self.overrides)
        self.token = _values.set(values)
        return self

    def __exit__(self, *exc_info: object) -> None:
        _values.reset(self.token)


def three(a: int = 1, b: int = 2, c: int = 3) -> int:
    return a


def passing(*args: Any, **kwargs: Any) -> Any:
    return three(*args, **kwargs)
