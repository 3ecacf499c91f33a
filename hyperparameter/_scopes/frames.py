"""Opening, closing and writing frames: whatever replaces the state of a context.

This is the only file that writes the ContextVar.
"""

from __future__ import annotations

from typing import Any, Self

from . import ambient
from .ambient import (
    BROUGHT,
    CARRIED,
    EMPTY_CACHE,
    IMPLICIT,
    PROCESS,
    RecordOverBaseline,
    State,
    chain,
    current,
)
from .bound import Bindings, as_layer
from .elsewhere import (
    Binding,
    ImplicitOwner,
    get_bindings,
    tell_elsewhere,
    told_after,
    told_again,
)
from .recorder import Recorder
from .shadowed import note_visible
from .snapshot import EMPTY, NOTHING, Layer, Snapshot


def push_record(record: Recorder) -> None:
    """Send what is read in this context to `record`, until its frame is removed."""
    note_visible(current().snapshot.layers, record)
    ambient.active.set(make_state(_innermost(), record, NOTHING, record))


def open_implicit(layer: Layer) -> None:
    """Open the frame of a write where no scope is active."""
    parent = _innermost()
    parent.record.override(layer)
    ambient.active.set(make_state(parent, ImplicitOwner(parent, layer), layer, parent.record))


def open_copy(owner: Enterable, change: Layer) -> None:
    """Open what a scope binds for this context, with a write that the places it is open in lack."""
    parent = _innermost()
    parent.record.override(change)
    layer = as_layer(owner.__hp_bindings__).bind(change)
    ambient.active.set(make_state(parent, owner, layer, parent.record))


# Looked up once: entering and leaving a scope are a few such steps.
_get_active, _set_active = ambient.active.get, ambient.active.set
_new = object.__new__


class Enterable(Binding):
    """A scope as a context manager; here, because it replaces the state.

    The two methods are the costly part of a `with` block, so they call as little as they can.
    """

    __slots__ = ()

    def __enter__(self) -> Self:
        bindings: Any = get_bindings(self)
        keys, origin, told, _ = bindings
        parent = _get_active() or ambient.baseline_state
        if told is None:
            bindings[2] = parent
        else:
            bindings[2] = told_again(bindings, parent, inside_itself=frame_of(self) is not None)
        if origin is None:
            bindings = keys
            keys = bindings.values
            if bindings.__class__ is Layer and not bindings.origins:  # all have one origin
                origin = bindings.origin
        record = parent.record
        known = record.overrides
        try:
            for key in keys:  # one that was set here before costs a lookup and a comparison
                if known[key] != origin and not (origin and record.override_again(key, origin)):
                    record.override(as_layer(bindings))
                    break
        except KeyError:
            record.override(as_layer(bindings))
        if parent.__class__ is RecordOverBaseline:
            state = make_state(parent, self, bindings, record)
        else:
            state = _new(State)  # half the price of `State(...)`, which does the same
            state.parent = parent
            state.owner = self
            state.record = record
            state.cache = EMPTY_CACHE
            state._bindings = bindings
            state.inherited = state._snapshot = None
        _set_active(state)
        return self

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        state = _get_active()
        if state is not None and state.owner is self:
            bindings: Any = state._bindings
            if bindings.__class__ is not list:
                bindings = get_bindings(self)  # as good, but to ask a scope takes longer
            parent = state.parent
            if bindings[2] is parent:
                bindings[2] = None
            else:
                bindings[2] = told_after(bindings, parent)
            _set_active(None if parent.parent is None else parent)  # type: ignore[union-attr]
        else:
            frame = self.__hp_frame__()
            self.__hp_bindings__[2] = told_after(self.__hp_bindings__, frame and frame.parent)
            remove(frame)

    def __hp_frame__(self) -> State | None:
        return frame_of(self)


def remove(frame: State | None) -> None:
    """Close a frame, wherever it stands in this context; nothing where there is none.

    Scopes above a scope that is closed inherit anew; closing a record changes nothing for them.
    """
    if frame is None:
        return
    frames = chain(ambient.active.get())
    top = frame.parent
    below = inherited_by(frame) if _is_lowest(frame) else None
    for state in reversed(frames[: frames.index(frame)]):
        if frame.is_record:
            top = copy_over(state, top, inherited_by(state))
        elif state.is_record:
            top = copy_over(state, top, None)
        else:  # anew, but for the baseline: that stays what the first scope found
            top, below = copy_over(state, top, below), None
    _activate(top)


def frame_of(owner: object) -> State | None:
    """Return the innermost state of `owner` in this context."""
    state = ambient.active.get()
    while state is not None and state.owner is not owner:
        state = state.parent
    return state


def written_frame() -> State | None:
    """Return the frame that a write in this context changes; None where it would open one."""
    state = _get_active()
    while state is not None and state.is_record:
        state = state.parent
    if state is None or state.parent is None or state.owner in BROUGHT:
        return None
    return state


def written_owner() -> object:
    """Return the owner of that frame, or `IMPLICIT`."""
    frame = written_frame()
    return IMPLICIT if frame is None else frame.owner


def write(frame: State, change: Layer) -> None:
    """Write `change` into `frame`; scopes opened over it keep what they inherited."""
    keys, origin = change[0], change[1]  # all of it was written at one place
    record = frame.record
    known = record.overrides
    try:
        for key in keys:  # as in `__enter__`
            if known[key] != origin and not record.override_again(key, origin):
                record.override(change)
                break
    except KeyError:
        record.override(change)
    layer = frame.layer.bind(change)
    tell_elsewhere(frame, layer)
    top = copy_over(frame, frame.parent, frame.inherited, layer)
    if frame is not _get_active():
        frames = chain(_get_active())
        for state in reversed(frames[: frames.index(frame)]):
            top = copy_over(state, top, inherited_by(state))
    _activate(top)


def write_here(change: Layer) -> None:
    """Write `change` into the innermost scope of this context, or open one for it."""
    frame = written_frame()
    if frame is None:
        open_implicit(change)
    else:
        write(frame, change)


def rollback(before: State | None) -> None:
    """Undo what was written since `before` was the state of this context.

    Scopes opened since then and still open stay, scopes left since then stay left.
    """
    if _get_active() is before:
        return
    earlier = {state.frame: state for state in chain(before)}
    now = chain(ambient.active.get())
    top = now[-1].parent if now else None
    dropped = False
    for state in reversed(now):
        if state.frame not in earlier and isinstance(state.owner, ImplicitOwner):
            dropped = True
        else:
            as_it_was = earlier.get(state.frame, state)
            if as_it_was._bindings is not state._bindings:
                tell_elsewhere(state, as_it_was._bindings)
            top = copy_over(as_it_was, top, None if dropped else inherited_by(as_it_was))
    if top is not None and [s.frame for s in chain(top)] == list(earlier):
        top = before
    _activate(top)


def swap(state: State | None) -> State | None:
    """Put `state` in place of the state of this context, and return that."""
    old = ambient.active.get()
    ambient.active.set(state)
    return old


class GeneratorContext:
    """Holds the state of a generator between its steps, and puts it back for each of them."""

    def __init__(self) -> None:
        self.before = self._inside = ambient.active.get()
        self._outside: State | None = None

    def __enter__(self) -> None:
        self._outside = swap(self._inside)

    def __exit__(self, *exc_info: object) -> None:
        self._inside = swap(self._outside)


def detach(before: State | None) -> None:
    """Put back the state that `attach` found, whatever has been opened since."""
    # A function, since a method of the variable cannot be pickled with what refers to it.
    ambient.active.set(before)


def freeze() -> None:
    """Make what is visible here the baseline; one that work sets is the work's, and replaceable."""
    owners = [state.owner for state in chain(ambient.active.get())]
    ambient.set_baseline(ambient.current().snapshot, CARRIED if CARRIED in owners else PROCESS)


def _innermost() -> State:
    return ambient.active.get() or ambient.baseline_state


def _activate(top: State | None) -> None:
    ambient.active.set(top if top is not None and top.parent is not None else None)


def inherited_by(state: State) -> Snapshot | None:
    """Return what a scope inherits, to keep it when its parent is replaced; None for a record."""
    if state.is_record:
        return None
    parent = state.parent
    return state.inherited or (parent.snapshot if parent is not None else EMPTY)


def _is_lowest(state: State) -> bool:
    """Tell whether only the baseline and records lie below."""
    parent = state.parent
    return parent is None or parent.parent is None or isinstance(parent, RecordOverBaseline)


def copy_over(
    state: State,
    parent: State | None,
    inherited: Snapshot | None,
    layer: Layer | Snapshot | None = None,
) -> State:
    """Return the same frame over another parent, or with another layer."""
    parent = parent or ambient.baseline_state
    owner, record = state.owner, state.record
    if owner is not record:  # of a record its own, of a scope that around it
        record = parent.record
    new = make_state(parent, owner, layer or state.layer, record, inherited)
    new._frame = state.frame
    return new


def make_state(
    parent: State,
    owner: object,
    bindings: Bindings | Layer | Snapshot,
    record: Recorder,
    inherited: Snapshot | None = None,
) -> State:
    over_record = isinstance(parent, RecordOverBaseline)
    if owner is record and (over_record or parent.parent is None):
        return RecordOverBaseline(parent, owner, as_layer(bindings), record)
    if inherited is None and over_record:  # whose snapshot may change, what is inherited may not
        inherited = parent.snapshot
    return State(parent, owner, bindings, record, inherited)
