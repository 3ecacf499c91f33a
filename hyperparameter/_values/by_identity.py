"""What is made once for each annotation, told from others by what it is, not by what it equals."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, get_args

V = TypeVar("V")
H = TypeVar("H")

_MOST_KEPT = 1024
_MOST_LOCAL = 8
_local: deque[tuple[dict[int, Any], int]] = deque()


def by_identity(make: Callable[[H], V]) -> Callable[[H], V]:
    """Return a function that answers as `make` does, and remembers its latest answers.

    A class made in a function, with all that it holds, would otherwise stay for ever: the answers
    about these are remembered for a few.
    """
    kept: dict[int, tuple[H, V]] = {}

    def known(hint: H) -> V:
        # With the hint kept beside it: `list[A | B] == list[B | A]`, and some have no hash.
        found = kept.get(id(hint))
        if found is not None and found[0] is hint:
            return found[1]
        made = make(hint)
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        if not _is_local(hint):
            kept[id(hint)] = hint, made
        elif made is not None:  # which is quickly found again
            kept[id(hint)] = hint, made
            _local.append((kept, id(hint)))
            if len(_local) > _MOST_LOCAL:
                oldest, key = _local.popleft()
                oldest.pop(key, None)
        return made

    return update_wrapper(known, make)


def _is_local(hint: object) -> bool:
    """Tell a class that was made in a function, and a hint that contains one."""
    name = getattr(hint, "__qualname__", "")
    if isinstance(name, str) and "<locals>" in name:
        return True
    return any(map(_is_local, get_args(hint)))
