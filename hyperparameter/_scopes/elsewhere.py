"""What a scope shows where it is open, for contexts that it is not open in.

Engines pickle the arguments of a task in threads of their own, which have none of the frames of
the thread that submitted it.  So a scope tells in its bindings where it is open.
"""

from collections.abc import Callable
from typing import Any

from .ambient import State
from .bound import Bindings, as_layer
from .snapshot import EMPTY, NOTHING, Layer, Snapshot

SEVERAL = "several"
"""Told in place of a state by a scope that is open in two contexts, or written in two.

One of them may do somebody else's work, so others are shown none of them.
"""


class Again:
    """Told by a scope that is entered inside itself: of the inner frame, and of the outer ones."""

    __slots__ = ("inner", "outer")

    def __init__(self, inner: Any, outer: Any) -> None:
        self.inner = inner
        self.outer = outer


class Arrived:
    """Told by a scope that was open where it was pickled: what it has shown there."""

    __slots__ = ("snapshot",)

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot


IMPLICIT_LAYER = NOTHING._replace()
"""What handles on the frames bind which writes open: a layer that is told by its identity."""


def slot(kind: type, name: str) -> tuple[Callable[[object], Any], Callable[[object, object], None]]:
    """Return what gets and what sets a slot: attributes of scopes and accessors are parameters."""
    descriptor = vars(kind)[name]
    return descriptor.__get__, descriptor.__set__


class Binding:
    """What has bindings of its own: a scope, or what stands for one."""

    __slots__ = ("__hp_bindings__",)
    __hp_bindings__: Bindings


get_bindings, set_bindings = slot(Binding, "__hp_bindings__")


class ImplicitOwner(Binding):
    """The owner of the frame that a write opens where no scope is active."""

    __slots__ = ()

    def __init__(self, below: State, layer: Layer) -> None:
        self.__hp_bindings__ = [IMPLICIT_LAYER, None, (below, layer), None]


def is_open_elsewhere(bindings: Bindings) -> bool:
    """Tell, of a scope without a frame in this context, whether it is open in one other place."""
    return not isinstance(_told(bindings), Arrived | None)


def shown_elsewhere(bindings: Bindings) -> Snapshot | None:
    """Return what the scope with these bindings shows where it is open, if that is one place."""
    told = _told(bindings)
    if told is None:
        return None
    if isinstance(told, Arrived):
        return told.snapshot
    below, now = told if told.__class__ is tuple else (told, bindings)
    snapshot: Snapshot = below.snapshot
    return as_layer(now).onto(snapshot)


def _told(bindings: Bindings) -> Any:
    told = bindings[2]
    if told.__class__ is Again:
        told = told.inner
    return None if told is SEVERAL else told


def told_again(bindings: Bindings, parent: State, *, inside_itself: bool) -> object:
    """Return what a scope tells that is entered while it is open."""
    told = bindings[2]
    if isinstance(told, Arrived):
        return parent
    return Again(parent, told) if inside_itself and told is not SEVERAL else SEVERAL


def told_after(bindings: Bindings, parent: State | None) -> object:
    """Return what a scope tells when its frame over `parent` has been left."""
    told = bindings[2]
    if told.__class__ is Again:
        below = told.inner[0] if told.inner.__class__ is tuple else told.inner
        return told.outer if below is parent else SEVERAL  # tasks leave in any order
    return SEVERAL if told is SEVERAL else None


def rebound(bindings: Bindings, change: Layer) -> Bindings:
    """Return the bindings of a scope that is written and open nowhere."""
    bound = as_layer(bindings).bind(change)
    told = Arrived(bound.onto(EMPTY)) if isinstance(bindings[2], Arrived) else None
    return [bound, None, told, None]


def tell_elsewhere(frame: State, now: Bindings | Layer | Snapshot) -> None:
    """Note what the owner of a frame binds by now; records and carried scopes have no need."""
    if not isinstance(frame.owner, Binding):
        return
    bindings: Bindings = get_bindings(frame.owner)
    if bindings[2] is SEVERAL:
        return
    told = bindings[2]
    again = told.__class__ is Again
    inner = told.inner if again else told
    if inner.__class__ is not tuple:
        inner = inner or frame.parent, now
    elif inner[1] is frame._bindings:
        inner = inner[0], now
    else:  # it was written in another context since
        again, inner = False, SEVERAL
    bindings[2] = Again(inner, told.outer) if again else inner
