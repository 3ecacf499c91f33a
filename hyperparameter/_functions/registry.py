"""What `@hp.param` has declared in this process: the functions, their parameters and defaults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .signature import Signature

_declared: dict[tuple[str, str, str], Signature] = {}


def declare(signature: Signature) -> None:
    """Remember a decorated callable; declaring the same one again replaces it."""
    _declared[signature.namespace, signature.module, signature.qualname] = signature


def declared() -> list[Signature]:
    return list(_declared.values())


def declarations(key: str) -> Iterator[Signature]:
    """Yield what declares `key`."""
    namespace, _, name = key.rpartition(".")
    for signature in declared():
        if signature.namespace == namespace and name in signature.names:
            yield signature


def keys() -> set[str]:
    """Return every key that a decorated callable declares."""
    return {f"{s.namespace}.{name}" for s in declared() for name in s.names}
