"""What is known of types, kept for the next time, but not for good where a type is made anew."""

from __future__ import annotations

from collections import deque
from typing import Any, TypeVar, get_args

T = TypeVar("T")

_MOST_KEPT = 1024
_MOST_LOCAL = 8
_local: deque[tuple[dict[int, Any], int]] = deque()


def keep(kept: dict[int, tuple[object, T]], hint: object, answer: T) -> None:
    """Keep the answer about a type by its identity, with the type beside it.

    A class made in a function, with all that it holds, would otherwise stay for ever: the answers
    about these are kept for a few.
    """
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    if is_local(hint):
        if answer is None:  # it is quickly found again
            return
        _local.append((kept, id(hint)))
        if len(_local) > _MOST_LOCAL:
            oldest, key = _local.popleft()
            oldest.pop(key, None)
    kept[id(hint)] = hint, answer


def is_local(hint: object) -> bool:
    """Tell a class that was made in a function, and a hint that contains one."""
    name = getattr(hint, "__qualname__", "")
    if isinstance(name, str) and "<locals>" in name:
        return True
    return any(map(is_local, get_args(hint)))
