"""Opening, closing and writing frames: whatever replaces the state of a context.

This is the only file that writes the ContextVar.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from . import ambient
from .ambient import CARRIED, Afloat, Pinned, State, chain, current
from .snapshot import EMPTY, NOTHING, Layer, Made, Snapshot, as_layer


def push_record(record: Any) -> None:
    """Send what is read in this context to `record`, until its frame is removed."""
    for layer in current().snapshot.layers:
        record.override(layer)
    ambient.active.set(_make(ambient.active.get() or ambient.ground, record, NOTHING, record))


def open_implicit(layer: Layer) -> None:
    """Open the frame of a write where no scope is active."""
    parent = ambient.active.get() or ambient.ground
    parent.record.override(layer)
    ambient.active.set(_make(parent, ambient.implicit, layer, parent.record))


# Looked up once: entering and leaving a scope are a few such steps.
_get_active, _set_active = ambient.active.get, ambient.active.set


class Enterable:
    """What a scope is as a context manager; here, because it replaces the state.

    The two methods are the costly part of a `with` block, so they call as little as they can.
    """

    __slots__ = ()
    __hp_made__: Made | Layer | Snapshot

    def __enter__(self) -> Self:
        made = self.__hp_made__
        parent = _get_active() or ambient.ground
        record = parent.record
        known = record.overrides
        for key in made[0] if made.__class__ is tuple else as_layer(made).values:
            if key not in known:
                record.override(as_layer(made))
                break
        if parent.__class__ is Afloat:
            _set_active(_make(parent, self, as_layer(made), record))
        else:
            _set_active(State(parent, self, made, record))
        return self

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        state = _get_active()
        if state is not None and state.owner is self:
            parent = state.parent
            _set_active(parent if parent.parent is not None else None)  # type: ignore[union-attr]
        else:
            remove(self)


def remove(owner: Any) -> None:
    """Close the innermost frame of `owner`, wherever it stands; nothing if it has none here.

    Scopes above a scope that is closed inherit anew; closing a record changes nothing for them.
    """
    frames = chain(ambient.active.get())
    index = next((i for i, state in enumerate(frames) if state.owner is owner), None)
    if index is not None:
        gone = frames[index]
        top = gone.parent
        below = _kept(gone) if _is_lowest(gone) else None
        for state in reversed(frames[:index]):
            if gone.is_record:
                top = _copy(state, top, _kept(state))
            elif state.is_record:
                top = _copy(state, top, None)
            else:  # anew, but for the baseline: that stays what the first scope found
                top, below = _copy(state, top, below), None
        _activate(top)


def frame_of(owner: Any) -> State | None:
    """Return the innermost state of `owner` in this context."""
    state = ambient.active.get()
    while state is not None and state.owner is not owner:
        state = state.parent
    return state


def handle() -> Any:
    """Return the scope that a write in this context changes; `implicit` where it would open one."""
    state = ambient.active.get()
    while state is not None and state.is_record:
        state = state.parent
    if state is None or state.parent is None or state.owner is CARRIED:
        return ambient.implicit
    return state.owner


def write(frame: State, change: Layer) -> None:
    """Write `change` into `frame`; scopes opened over it keep what they inherited."""
    frames = chain(ambient.active.get())
    frame.record.override(change)
    top = _copy(frame, frame.parent, frame.inherited, frame.layer.bind(change))
    for state in reversed(frames[: frames.index(frame)]):
        top = _copy(state, top, _kept(state))
    _activate(top)


def rollback(before: State | None) -> None:
    """Undo what was written since `before` was the state of this context.

    Scopes opened since then and still open stay, scopes left since then stay left.
    """
    earlier = {state.frame: state for state in chain(before)}
    now = chain(ambient.active.get())
    top = now[-1].parent if now else None
    dropped = False
    for state in reversed(now):
        if state.frame not in earlier and state.owner is ambient.implicit:
            dropped = True
        else:
            as_it_was = earlier.get(state.frame, state)
            top = _copy(as_it_was, top, None if dropped else _kept(as_it_was))
    if top is not None and [s.frame for s in chain(top)] == list(earlier):
        top = before
    _activate(top)


def swap(state: State | None) -> State | None:
    """Put `state` in place of the state of this context, and return that."""
    old = ambient.active.get()
    ambient.active.set(state)
    return old


def restore(state: State | None) -> None:
    """Put back the state that was there before, whatever has been opened since."""
    ambient.active.set(
        state
    )  # in a function, which pickles where a method of the variable does not


class Steps:
    """Holds the state of a generator between its steps, and puts it back for each of them."""

    def __init__(self) -> None:
        self._inside = ambient.active.get()
        self._outside: State | None = None

    def __enter__(self) -> None:
        self._outside = swap(self._inside)

    def __exit__(self, *exc_info: object) -> None:
        self._inside = swap(self._outside)


def attach(snapshot: Snapshot, baseline: Snapshot | None = None) -> State | None:
    """Open the scopes of `snapshot` over what is active here; return what `restore` puts back.

    With `baseline`, that is at the bottom of what is seen here, whatever other threads set.
    """
    before = ambient.active.get()
    if snapshot.depth or baseline is not None:
        below = before or ambient.ground
        if before is not None and baseline is not None:
            below = _rebased(before, baseline)
        _note_overrides(snapshot, below.record)
        inherited = baseline if before is None else None
        ambient.active.set(_make(below, CARRIED, snapshot, below.record, inherited))
    return before


def _note_overrides(snapshot: Snapshot, record: Any) -> None:
    """Tell the records what is in force; the one of the process needs it once."""
    is_process = record is ambient.ground.record
    if not is_process or snapshot.noted_by is not record:
        for layer in snapshot.scopes():
            record.override(layer)
    if is_process:
        snapshot.noted_by = record


def _rebased(state: State, baseline: Snapshot) -> State:
    """Return the same frames over another baseline."""
    frames = chain(state)
    lowest = next((frame for frame in reversed(frames) if not frame.is_record), None)
    if lowest is None or _kept(lowest) is baseline:
        return state
    top: State | None = None
    for frame in reversed(frames):
        top = _copy(frame, top, baseline if frame is lowest else None)
    return top or state


def is_attached(snapshot: Snapshot) -> bool:
    """Tell whether the scopes of `snapshot` are open in this context."""
    return any(state.layer is snapshot for state in chain(ambient.active.get()))


@contextmanager
def attached(snapshot: Snapshot) -> Iterator[None]:
    """Run the body inside the scopes of `snapshot`, over what is active here."""
    before = attach(snapshot)
    try:
        yield
    finally:
        ambient.active.set(before)


def _activate(top: State | None) -> None:
    ambient.active.set(top if top is not None and top.parent is not None else None)


def _kept(state: State) -> Snapshot | None:
    """Return what a scope inherits, to keep it when its parent is replaced; None for a record."""
    if state.is_record:
        return None
    parent = state.parent
    return state.inherited or (parent.snapshot if parent is not None else EMPTY)


def _is_lowest(state: State) -> bool:
    """Tell whether there is no scope below, but the baseline and records."""
    parent = state.parent
    return parent is None or parent.parent is None or isinstance(parent, Afloat)


def _copy(
    state: State,
    parent: State | None,
    inherited: Snapshot | None,
    layer: Layer | Snapshot | None = None,
) -> State:
    """Return the same frame over another parent, or with another layer."""
    parent = parent or ambient.ground
    record = state.record if state.is_record else parent.record
    new = _make(parent, state.owner, layer or state.layer, record, inherited)
    new._frame = state.frame
    return new


def _make(
    parent: State,
    owner: Any,
    layer: Layer | Snapshot,
    record: Any,
    inherited: Snapshot | None = None,
) -> State:
    on_afloat = isinstance(parent, Afloat)
    if owner is record and (on_afloat or parent.parent is None):
        return Afloat(parent, owner, layer, record)
    if inherited is None and on_afloat:  # whose snapshot may change, what is inherited may not
        inherited = parent.snapshot
    if inherited is None:
        return State(parent, owner, layer, record)
    state = Pinned(parent, owner, layer, record)
    state.inherited = inherited
    return state
