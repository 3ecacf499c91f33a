"""Carries the active scope to where code runs: processes, pools, Ray.

`install()` makes engines inherit it; `bind` and `initializer` do the same explicitly, without
patching anything; `inject` and `extract` take it through anything that carries text.
"""

from ._carry.bound import bind, initializer
from ._engines import install, uninstall
from ._text.propagation import extract, inject
from .exceptions import CarrierError, EngineError

__all__ = [
    "CarrierError",
    "EngineError",
    "bind",
    "extract",
    "initializer",
    "inject",
    "install",
    "uninstall",
]
