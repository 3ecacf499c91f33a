"""Carries the active scope to where code runs: processes, pools, Ray.

`install()` makes engines inherit it; `bind`, `initializer`, `encode` and `decode` do the same
explicitly, without patching anything.
"""

from ._bound import bind, initializer
from ._engines import install, uninstall
from .exceptions import CarrierError, EngineError

__all__ = ["CarrierError", "EngineError", "bind", "initializer", "install", "uninstall"]
