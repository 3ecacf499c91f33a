"""Carry the active scope to where code runs: processes, pools, Ray.

`install()` makes engines inherit it; `bind` and `initializer` do the same explicitly, without
patching anything; `inject` and `extract` pass it through mappings, headers and metadata.
"""

from ._carry.bound import bind
from ._carry.initializer import Initializer, initializer
from ._engines import install, uninstall
from ._text.propagation import Extracted, extract, inject
from .exceptions import CarrierError, EngineError

__all__ = [
    "CarrierError",
    "EngineError",
    "Extracted",
    "Initializer",
    "bind",
    "extract",
    "initializer",
    "inject",
    "install",
    "uninstall",
]
