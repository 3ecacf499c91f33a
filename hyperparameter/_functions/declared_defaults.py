"""The defaults that decorated callables declare for a key: `Declarations` for who asks.

Not in `registry`, which every program imports.
"""

from __future__ import annotations

from .._values.declared import ABSENT, REQUIRED, Declared, default_below
from .._values.origin import Origin, location
from .registry import declarations, keys
from .signature import Signature

__all__ = ["defaults_of", "keys"]


def defaults_of(key: str, /) -> list[Declared]:
    """Return the default of each declaration of a key, which may be that of a field or an item."""
    found, names = [], key.split(".")
    for depth in range(len(names), 0, -1):
        parameter, name = ".".join(names[:depth]), names[depth - 1]
        for signature in declarations(parameter):
            whole = signature.default(name, REQUIRED)
            default = default_below(signature.hint(name), whole, names[depth:])
            if default is not ABSENT:
                found.append(Declared(parameter, default, Origin("default", _place(signature))))
    return found


def _place(signature: Signature) -> str:
    if signature.code.co_filename.endswith(".py"):
        return location(signature.site)
    return f"{signature.module}.{signature.qualname}"  # whose initializer a library has made
