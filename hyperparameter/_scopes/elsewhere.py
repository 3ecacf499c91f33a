"""What a scope shows where it is open, for contexts that it is not open in.

Engines pickle the arguments of a task in threads of their own, which have none of the frames of
the thread that submitted it.  So a scope tells in its bindings where it is open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .ambient import State
from .bound import Bindings, as_layer
from .snapshot import NOTHING, Layer, Snapshot

SEVERAL = "several"
"""Told in place of a state by a scope that is open twice at a time, or written in two contexts.

One of them may do somebody else's work, so others are shown none of them.
"""

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
    return bindings[2] is not None and bindings[2] is not SEVERAL


def shown_elsewhere(bindings: Bindings) -> Snapshot | None:
    """Return what the scope with these bindings shows where it is open, if that is one place."""
    told = bindings[2]
    if told is None or told is SEVERAL:
        return None
    below, now = told if told.__class__ is tuple else (told, bindings)
    snapshot: Snapshot = below.snapshot
    return as_layer(now).onto(snapshot)


def tell_elsewhere(frame: State, now: Bindings | Layer | Snapshot) -> None:
    """Note what the owner of a frame binds by now; records and carried scopes have no need."""
    if not isinstance(frame.owner, Binding):
        return
    bindings: Bindings = get_bindings(frame.owner)
    if bindings[2] is SEVERAL:
        return
    told = bindings[2]
    if told.__class__ is not tuple:
        bindings[2] = told or frame.parent, now
    else:  # unless it was written in another context since
        bindings[2] = (told[0], now) if told[1] is frame._bindings else SEVERAL
