"""`@hp.param`: functions and classes whose unbound parameters the scope fills.

The wrapper keeps the kind of what it wraps.  All kinds share the same three steps: ask the
signature what the scope adds to this call, call, and undo what the body wrote.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, ParamSpec, TypeVar, overload

from .._values.keys import check
from .filling import filled
from .registry import declare
from .signature import Signature

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)


@overload
def param(target: C, /) -> C: ...
@overload
def param(target: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def param(target: str | None = None, /) -> _Decorator: ...
def param(target: Any = None, /) -> Any:
    """Fill parameters that a call leaves unbound from the scope; `@param`, `@param("namespace")`.

    A call's own arguments come first, then the scope (`namespace.parameter`, the function's
    name by default), then the defaults.  What the body writes to the scope ends with the call.
    A generator takes its arguments and its scope when it is first advanced.

    A class stays the class that it was.  One that exists already, `param("a")(Class)`, is left
    alone: the result is a subclass for the namespace, whose calls make instances of `Class`.
    `TypeError` for a class that shows no parameters by name or that allows no subclasses.
    """
    if target is None or isinstance(target, str):
        return _Decorator(target)
    return _Decorator(None).decorate(target, sys._getframe(1))


class _Decorator:
    def __init__(self, namespace: str | None) -> None:
        self.namespace = None if namespace is None else check(namespace)

    @overload
    def __call__(self, target: C) -> C: ...
    @overload
    def __call__(self, target: Callable[P, R]) -> Callable[P, R]: ...
    def __call__(self, target: Any) -> Any:
        return self.decorate(target, sys._getframe(1))

    def decorate(self, target: Any, frame: FrameType) -> Any:
        if isinstance(target, (staticmethod, classmethod)):
            return type(target)(self.decorate(target.__func__, frame))
        name = str(self.namespace or getattr(target, "__name__", ""))
        if isinstance(target, type):
            return _decorate_class(target, name, frame)
        done = getattr(target, "__hp_signature__", None)
        if isinstance(done, Signature) and done.namespace == name:
            return target
        signature = Signature(target, name)
        declare(signature)
        return filled(target, signature)


def _decorate_class(cls: type, namespace: str, frame: FrameType) -> type:
    # Imported here, since most programs decorate functions alone.
    from . import classes, namespaced

    if namespaced.exists(cls, frame):
        return namespaced.class_for(cls, namespace)
    return classes.decorate(cls, namespace)
