"""The one mutable state: which scopes are open here, over which baseline.

Every context (thread, asyncio task) holds a chain of `State`s, one per scope or record that
is open in it, innermost first.  States never change: entering puts a new one on top, a write
replaces the chain (`_frames`).  So contexts that share a chain do not see each other's writes,
and leaving is putting a shorter chain back.

Below the last scope lies the ground, a `State` for the process baseline.  It is not part of
any chain, so that `set_baseline` is seen at once wherever no scope is open.
"""

from __future__ import annotations

from _thread import allocate_lock  # importing threading is a tenth of our import
from contextvars import ContextVar
from typing import Any

from .._values.origin import Process, Source
from .snapshot import ABSENT, EMPTY, NOTHING, Layer, Made, Snapshot, as_layer

CARRIED: Any = object()
"""Owner of the frame that holds scopes carried in from elsewhere."""

_NO_ANSWERS: dict[Any, Any] = {}
_MOST_ANSWERS = 4096
_MOST_STEPS = 8
lock = allocate_lock()


class State:
    """What is visible at one point: the frame of one scope or record, over its parent's.

    `answers` remembers what reads in this state gave; it lives and dies with the state.
    """

    __slots__ = ("_frame", "_made", "_snapshot", "answers", "owner", "parent", "record")
    inherited: Snapshot | None = None  # see Pinned
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

    def find(self, key: str) -> tuple[Any, Source] | None:
        """Return the value of `key` and where it was bound, None where nothing binds it.

        Most scopes are read once or twice: looking through a few of them costs less than making
        their snapshots.
        """
        state = self
        for _ in range(_MOST_STEPS):
            made = state._made
            if state._snapshot is not None or made.__class__ is not tuple:
                break
            value = made[0].get(key, ABSENT)
            if value is not ABSENT:
                return value, made[1]
            if state.inherited is not None or state.parent is None:
                break
            state = state.parent
        return state.snapshot.find(key)

    @property
    def is_record(self) -> bool:
        return self.owner is self.record

    def name_process(self, process: Process) -> None:
        """Give what is bound here its process, when this is another one now."""
        self._made = self.layer.portable(process)
        if self.inherited is not None:
            self.inherited = self.inherited.portable(process)  # type: ignore[misc]  # Pinned has it
        if self.parent is None:
            self._snapshot = self.snapshot.portable(process)
        elif not isinstance(self, Afloat):
            self._snapshot = None

    def settled(self) -> State:
        return self

    def remember(self, question: Any, answer: Any) -> None:
        if self.answers is _NO_ANSWERS or len(self.answers) >= _MOST_ANSWERS:
            self.answers = {}
        self.answers[question] = answer


class Pinned(State):
    """A state whose parent shows something else now than when the frame was entered."""

    __slots__ = ("inherited",)  # what it found at entry


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


def records() -> list[Any]:
    """Return the records open in this context, innermost first, and that of the process."""
    return [*(state.owner for state in chain(active.get()) if state.is_record), ground.record]


def renew_lock() -> None:
    """Replace the lock, which a thread may have held that a fork has left behind."""
    global lock
    lock = allocate_lock()


def set_baseline(snapshot: Snapshot) -> None:
    """Make `snapshot` what every context without an active scope sees, from now on."""
    global ground
    if snapshot is ground.snapshot:  # as for most tasks of a worker
        return
    with lock:
        state = view(snapshot.baseline(), ground.record)
        for layer in snapshot.layers:
            state.record.override(layer)
        ground = state


def swap_ground(state: State) -> State:
    """Put another baseline and process record in place, and return those that were there."""
    global ground
    with lock:
        before, ground = ground, state
    return before


def chain(state: State | None) -> list[State]:
    """Return the states of the frames open in `state`, innermost first, without the ground."""
    states = []
    while state is not None and state.parent is not None:
        states.append(state)
        state = state.parent
    return states
