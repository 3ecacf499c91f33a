"""What `@hp.param` has declared in this process: the functions, their parameters and defaults."""

from __future__ import annotations

from . import signature as signatures
from .signature import Signature


def declare(signature: Signature) -> None:
    """Remember a decorated callable; declaring the same one again replaces it."""
    name = signature.namespace, signature.module, signature.qualname
    signatures.declared[name] = signature


def declared() -> list[Signature]:
    return list(signatures.declared.values())


declarations = signatures.declarations


def keys() -> set[str]:
    """Return every key that a decorated callable declares."""
    return {f"{s.namespace}.{name}" for s in declared() for name in s.names}
