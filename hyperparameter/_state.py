"""The one mutable state: which scopes are open here, over which baseline.

Every context (thread, asyncio task) holds a chain of `State`s, one per scope or record that
is open in it, innermost first.  States never change: entering puts a new one on top, a write
replaces the chain.  So contexts that share a chain do not see each other's writes, and
leaving is putting a shorter chain back.

Below the last scope lies the ground, a `State` for the process baseline.  It is not part of
any chain, so that `set_baseline` is seen at once wherever no scope is open.
"""

from __future__ import annotations

from _thread import allocate_lock  # importing threading is a tenth of our import
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

from ._snapshot import EMPTY, NOTHING, Layer, Made, Snapshot, as_layer

CARRIED: Any = object()
"""Owner of the frame that holds scopes carried in from elsewhere."""

_NO_ANSWERS: dict[Any, Any] = {}
_MOST_ANSWERS = 4096
_lock = allocate_lock()


class State:
    """What is visible at one point: the frame of one scope or record, over its parent's.

    `answers` remembers what reads in this state gave; it lives and dies with the state.
    """

    __slots__ = ("_below", "_frame", "_made", "_snapshot", "answers", "owner", "parent", "record")
    _below: Snapshot  # what the frame inherits, where that is not what its parent shows now
    _frame: State  # the state that the frame began as, in its later states

    def __init__(
        self, parent: State | None, owner: Any, made: Made | Layer | Snapshot, record: Any
    ) -> None:
        self.parent = parent
        self.owner = owner
        self.record = record
        self.answers = _NO_ANSWERS
        self._made = made
        self._snapshot: Snapshot | None = None

    @property
    def layer(self) -> Layer | Snapshot:
        """What the frame's owner binds."""
        return as_layer(self._made)

    @property
    def frame(self) -> State:
        """The state that the frame began as: its identity when writes replace the state."""
        return getattr(self, "_frame", self)

    @property
    def inherited(self) -> Snapshot | None:
        """What the frame found at entry, where its parent has changed since; else None."""
        return getattr(self, "_below", None)

    @property
    def snapshot(self) -> Snapshot:
        """What is bound here; made when first asked for, from what the frame found at entry."""
        if self._snapshot is None:
            parent = self.parent
            if parent is not None and parent._snapshot is None:
                parent._make_snapshots()
            below = self.inherited or (parent.snapshot if parent is not None else EMPTY)
            self._snapshot = self.layer.onto(below)
        return self._snapshot

    def _make_snapshots(self) -> None:
        """Make those of the whole chain from below: it may be longer than the stack is deep."""
        pending: list[State] = [self]
        while (parent := pending[-1].parent) is not None and parent._snapshot is None:
            pending.append(parent)
        for state in reversed(pending):
            _ = state.snapshot

    @property
    def is_record(self) -> bool:
        return self.owner is self.record

    def settled(self) -> State:
        return self

    def remember(self, question: Any, answer: Any) -> None:
        if self.answers is _NO_ANSWERS or len(self.answers) >= _MOST_ANSWERS:
            self.answers = {}
        self.answers[question] = answer


class Afloat(State):
    """The state of a record with no scope below it: it floats on the baseline of the moment.

    What it answers is kept with the ground it was read from: a new baseline meets no old answers.
    """

    __slots__ = ("_settled",)

    def __init__(self, parent: State, owner: Any, made: Layer | Snapshot, record: Any) -> None:
        self.parent, self.owner, self.record = parent, owner, record
        self._made = made
        self._snapshot = ground.snapshot  # never read: the property below stands before it
        self._settled: tuple[State, State] | None = None

    def settled(self) -> State:
        below, settled = ground, self._settled
        if settled is None or settled[0] is not below:
            settled = self._settled = (below, view(below.snapshot, self.record))
        return settled[1]

    @property
    def snapshot(self) -> Snapshot:
        return ground.snapshot

    @property
    def answers(self) -> dict[Any, Any]:  # type: ignore[override]  # read-only, unlike the base's
        return self.settled().answers


def view(snapshot: Snapshot, record: Any) -> State:
    """Return a state that belongs to no context: `snapshot` as seen by reads into `record`."""
    state = State(None, None, NOTHING, record)
    state._snapshot = snapshot
    return state


implicit: Any = None
"""The scope whose frame a write opens where no scope is active."""

active: ContextVar[State | None] = ContextVar("hyperparameter", default=None)
ground = view(EMPTY, None)


def current() -> State:
    """Return the state of this context; its snapshot does not change any more."""
    return (active.get() or ground).settled()


def set_baseline(snapshot: Snapshot) -> None:
    """Make `snapshot` what every context without an active scope sees, from now on."""
    global ground
    with _lock:
        if snapshot is ground.snapshot:
            return
        state = view(snapshot.baseline(), ground.record)
        for layer in snapshot.layers:
            state.record.override(layer)
        ground = state


def push_record(record: Any) -> None:
    """Send what is read in this context to `record`, until its frame is removed."""
    for layer in current().snapshot.layers:
        record.override(layer)
    active.set(_make(active.get() or ground, record, NOTHING, record))


def open_implicit(layer: Layer) -> None:
    """Open the frame of a write where no scope is active."""
    parent = active.get() or ground
    parent.record.override(layer)
    active.set(_make(parent, implicit, layer, parent.record))


class Enterable:
    """What a scope is as a context manager; here, because it replaces the state.

    The two methods are the costly part of a `with` block, so they call as little as they can.
    """

    __slots__ = ()
    __hp_made__: Made | Layer | Snapshot

    def __enter__(self) -> Self:
        made = self.__hp_made__
        parent = active.get() or ground
        record = parent.record
        known = record.overrides
        for key in made[0] if made.__class__ is tuple else as_layer(made).values:
            if key not in known:
                record.override(as_layer(made))
                break
        state = State(parent, self, made, record)
        if parent.__class__ is Afloat:
            state._below = parent.snapshot
        active.set(state)
        return self

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        state = active.get()
        if state is not None and state.owner is self:
            parent = state.parent
            active.set(parent if parent.parent is not None else None)  # type: ignore[union-attr]
        else:
            remove(self)


def remove(owner: Any) -> None:
    """Close the innermost frame of `owner`, wherever it stands; nothing if it has none here.

    Scopes above a scope that is closed inherit anew; closing a record changes nothing for them.
    """
    chain = _chain(active.get())
    index = next((i for i, state in enumerate(chain) if state.owner is owner), None)
    if index is not None:
        gone = chain[index]
        top, below = gone.parent, gone.inherited
        for state in reversed(chain[:index]):
            if gone.is_record:
                top = _copy(state, top, _kept(state))
            elif state.is_record:
                top = _copy(state, top, None)
            else:  # the first scope inherits what the closed one did, the next ones anew
                top, below = _copy(state, top, below), None
        _activate(top)


def frame_of(owner: Any) -> State | None:
    """Return the innermost state of `owner` in this context."""
    state = active.get()
    while state is not None and state.owner is not owner:
        state = state.parent
    return state


def handle() -> Any:
    """Return the scope that a write in this context changes; `implicit` where it would open one."""
    state = active.get()
    while state is not None and state.is_record:
        state = state.parent
    if state is None or state.parent is None or state.owner is CARRIED:
        return implicit
    return state.owner


def write(frame: State, change: Layer) -> None:
    """Write `change` into `frame`; scopes opened over it keep what they inherited."""
    chain = _chain(active.get())
    frame.record.override(change)
    top = _copy(frame, frame.parent, frame.inherited, frame.layer.bind(change))
    for state in reversed(chain[: chain.index(frame)]):
        top = _copy(state, top, _kept(state))
    _activate(top)


def rollback(before: State | None) -> None:
    """Undo what was written since `before` was the state of this context.

    Scopes opened since then and still open stay, scopes left since then stay left.
    """
    earlier = {state.frame: state for state in _chain(before)}
    now = _chain(active.get())
    top = now[-1].parent if now else None
    dropped = False
    for state in reversed(now):
        if state.frame not in earlier and state.owner is implicit:
            dropped = True
        else:
            as_it_was = earlier.get(state.frame, state)
            top = _copy(as_it_was, top, None if dropped else _kept(as_it_was))
    if top is not None and [s.frame for s in _chain(top)] == list(earlier):
        top = before
    _activate(top)


def swap(state: State | None) -> State | None:
    """Put `state` in place of the state of this context, and return that."""
    old = active.get()
    active.set(state)
    return old


def restore(state: State | None) -> None:
    """Put back the state that was there before, whatever has been opened since."""
    active.set(state)


class Steps:
    """Holds the state of a generator between its steps, and puts it back for each of them."""

    def __init__(self) -> None:
        self._inside = active.get()
        self._outside: State | None = None

    def __enter__(self) -> None:
        self._outside = swap(self._inside)

    def __exit__(self, *exc_info: object) -> None:
        self._inside = swap(self._outside)


def attach(snapshot: Snapshot) -> State | None:
    """Open the scopes of `snapshot` over what is active here; return what `restore` puts back."""
    before = active.get()
    if snapshot.depth:
        below = before or ground
        for layer in snapshot.scopes():
            below.record.override(layer)
        active.set(_make(below, CARRIED, snapshot, below.record))
    return before


@contextmanager
def attached(snapshot: Snapshot) -> Iterator[None]:
    """Run the body inside the scopes of `snapshot`, over what is active here."""
    before = attach(snapshot)
    try:
        yield
    finally:
        active.set(before)


def _chain(state: State | None) -> list[State]:
    """Return the states of the frames open in `state`, innermost first, without the ground."""
    chain = []
    while state is not None and state.parent is not None:
        chain.append(state)
        state = state.parent
    return chain


def _activate(top: State | None) -> None:
    active.set(top if top is not None and top.parent is not None else None)


def _kept(state: State) -> Snapshot | None:
    """Return what a scope inherits, to keep it when its parent is replaced; None for a record."""
    if state.is_record:
        return None
    parent = state.parent
    return state.inherited or (parent.snapshot if parent is not None else EMPTY)


def _copy(
    state: State,
    parent: State | None,
    inherited: Snapshot | None,
    layer: Layer | Snapshot | None = None,
) -> State:
    """Return the same frame over another parent, or with another layer."""
    parent = parent or ground
    record = state.record if state.is_record else parent.record
    new = _make(parent, state.owner, layer or state.layer, record)
    new._frame = state.frame
    if inherited is not None:
        new._below = inherited
    return new


def _make(parent: State, owner: Any, layer: Layer | Snapshot, record: Any) -> State:
    on_ground = parent.parent is None or isinstance(parent, Afloat)
    if owner is record and on_ground:
        return Afloat(parent, owner, layer, record)
    state = State(parent, owner, layer, record)
    if isinstance(parent, Afloat):  # its snapshot may change later, what is inherited may not
        state._below = parent.snapshot
    return state
