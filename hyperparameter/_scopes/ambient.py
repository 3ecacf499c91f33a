"""The one mutable state: which scopes are open here, over which baseline.

Every context (thread, asyncio task) holds a chain of `State`s, one per scope or record that
is open in it, innermost first.  What a state shows never changes: entering puts a new one on
top, a write replaces the chain (`frames`).  So contexts that share a chain do not see each
other's writes, and leaving is putting a shorter chain back.

Below the last scope lies the baseline state.  It belongs to no chain, so that `set_baseline` is
seen at once wherever no scope is open.
"""

from __future__ import annotations

from _contextvars import ContextVar  # importing contextvars takes longer
from _thread import RLock  # importing threading is a tenth of our import
from typing import Any

from .._values.origin import Process, RawOrigin
from .bound import Bindings, as_layer
from .joined import is_mapping
from .markers import ABSENT
from .recorder import Recorder, Unrecorded
from .reopened import opened_over
from .shadowed import as_baseline
from .snapshot import EMPTY, NOTHING, Layer, Snapshot


class _Owner:
    """The owner of a frame that no scope of the user opened."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


CARRIED = _Owner("CARRIED")
"""Owner of the frame that holds the scopes of work, carried in from elsewhere."""

STARTED = _Owner("STARTED")
"""Owner of the frame that holds what this process was started with: work that arrives hides it."""

INITIAL = _Owner("INITIAL")
"""Owner of the frame that an initializer has opened: work that brings scopes hides it."""

INHERITED = _Owner("INHERITED")
"""Owner of the frame that holds scopes from the environment of this program."""

OVER_INHERITED = _Owner("OVER_INHERITED")
"""Owner of the frame that shows over those what this process had made its baseline before."""

PROCESS = _Owner("PROCESS")
"""Owner of a baseline that this process has set itself."""

BROUGHT = frozenset([CARRIED, STARTED, INITIAL, INHERITED, OVER_INHERITED])

IMPLICIT = _Owner("IMPLICIT")
"""Stands for the owner of the frame that a write would open, where no scope is active."""

# Shared by all states that have answered nothing yet: most scopes are left without a read.
EMPTY_CACHE: dict[Any, Any] = {}
_MOST_CACHED = 4096
_MOST_STEPS = 8
lock = RLock()


class State:
    """What is visible at one point: the frame of one scope or record, over its parent's.

    `cache` keeps the answers of reads in this state, and lives and dies with it; so does `sent`,
    what an engine sends with work that is submitted in it.  `inherited` is what the frame found at
    entry, where its parent shows something else by now.
    """

    __slots__ = (
        "_bindings", "_frame", "_snapshot", "cache", "inherited", "owner", "parent", "record",
        "sent",
    )  # fmt: skip
    _frame: State  # the state that the frame began as, in its later states
    sent: Any  # not set before an engine does: most scopes are left without a submission

    def __init__(
        self,
        parent: State | None,
        owner: object,
        bindings: Bindings | Layer | Snapshot,
        record: Recorder,
        inherited: Snapshot | None = None,
    ) -> None:
        self.parent = parent
        self.owner = owner
        self.record = record
        self.inherited = inherited
        self.cache = EMPTY_CACHE
        self._bindings = bindings
        self._snapshot: Snapshot | None = None

    @property
    def layer(self) -> Layer | Snapshot:
        """What the frame's owner binds."""
        return as_layer(self._bindings)

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
            bindings = self._bindings
            if bindings.__class__ is not list:  # or they are the layer that a scope binds
                told = getattr(self.owner, "__hp_bindings__", None)
                bindings = told if told is not None and told[0] is bindings else bindings
            if bindings.__class__ is list:
                self._snapshot = opened_over(bindings, below)
            else:
                self._snapshot = self.layer.onto(below)
        return self._snapshot

    def _make_snapshots(self) -> None:
        """Make those of the whole chain from below: it may be longer than the stack is deep."""
        pending: list[State] = [self]
        while (parent := pending[-1].parent) is not None and parent._snapshot is None:
            pending.append(parent)
        for state in reversed(pending):
            _ = state.snapshot

    def find(self, key: str) -> tuple[Any, RawOrigin] | None:
        """Return the value of `key` and where it was bound, None where nothing binds it."""
        # Most scopes are read once or twice: looking through a few of them costs less than
        # making their snapshots.
        state, steps = self, _MOST_STEPS
        while steps and state._snapshot is None and state._bindings.__class__ is list:
            values, origin, _, _ = state._bindings
            value = values.get(key, ABSENT)
            if value is not ABSENT:
                return value, origin
            if state.inherited is not None or state.parent is None:
                break
            state, steps = state.parent, steps - 1
        return state.snapshot.find(key)

    def has_mapping(self, key: str) -> bool:
        """Tell whether what was written last at `key` is a mapping; `find` has nothing there."""
        state, steps = self, _MOST_STEPS
        while steps and state._snapshot is None and state._bindings.__class__ is list:
            if state.inherited is not None or state.parent is None:
                break
            state, steps = state.parent, steps - 1  # what is bound by a list has no names
        for values, _, _, _, names, _ in state.snapshot.layers:
            if key in names:
                return is_mapping(key, values)
            if key in values:
                return False
        return False

    @property
    def is_record(self) -> bool:
        return self.owner is self.record

    def name_process(self, process: Process) -> None:
        """Name `process` in the origins of what is bound here: this is another process now."""
        self._bindings = self.layer.portable(process)
        if self.inherited is not None:
            self.inherited = self.inherited.portable(process)
        if self.parent is None:
            self._snapshot = self.snapshot.portable(process)
        elif not isinstance(self, RecordOverBaseline):
            self._snapshot = None

    def frozen_view(self) -> State:
        """Return a state that shows the same and stays as it is."""
        return self

    def cache_answer(self, question: object, answer: object) -> None:
        """Keep the answer for the next time; a full cache starts anew."""
        if self.cache is EMPTY_CACHE or len(self.cache) >= _MOST_CACHED:
            self.cache = {}
        self.cache[question] = answer

    def cache_read(self, key: str, default: object, value: object) -> None:
        """Keep what `key` was read as with this very default, which other places may not have."""
        if self.cache is EMPTY_CACHE:  # most scopes are read once
            self.cache = {key: (default, value)}
        else:
            self.cache_answer((key, id(default)) if key in self.cache else key, (default, value))

    def read_before(self, key: str, default: object) -> tuple[object, object] | None:
        """Return what `cache_read` has kept for this key and default."""
        cache = self.cache
        answer: tuple[object, object] | None = cache.get(key)
        if answer is not None and answer[0] is not default:
            answer = cache.get((key, id(default)))  # alive, so no other object has its id
        return answer

    def forget_answers(self) -> None:
        self.cache = EMPTY_CACHE


class RecordOverBaseline(State):
    """The state of a record with no scope below it: it shows the baseline of the moment.

    Its answers are cached with the baseline state that they were read from, so a new baseline
    meets no old answers.
    """

    __slots__ = ("_view",)

    def __init__(
        self, parent: State, owner: object, bindings: Layer | Snapshot, record: Recorder
    ) -> None:
        self.parent, self.owner, self.record = parent, owner, record
        self.inherited = None
        self._bindings = bindings
        self._snapshot = baseline_state.snapshot  # never read: the property below hides it
        self._view: tuple[State, State] | None = None

    def frozen_view(self) -> State:
        below, known = baseline_state, self._view
        if known is None or known[0] is not below:
            known = self._view = (below, view(below.snapshot, self.record))
        return known[1]

    def forget_answers(self) -> None:
        self._view = None

    @property
    def snapshot(self) -> Snapshot:
        return baseline_state.snapshot

    @property
    def cache(self) -> dict[Any, Any]:  # type: ignore[override]  # read-only, unlike the base's
        return self.frozen_view().cache


def view(snapshot: Snapshot, record: Recorder, owner: object = None) -> State:
    """Return a state that belongs to no context: `snapshot` as seen by reads into `record`."""
    state = State(None, owner, NOTHING, record)
    state._snapshot = snapshot
    return state


active: ContextVar[State | None] = ContextVar("hyperparameter", default=None)
baseline_state = view(EMPTY, Unrecorded())
at_fork: State | None = None
"""What the process that forked this one had open."""
inherited: tuple[Snapshot, Snapshot] | None = None
"""The baseline that the environment has brought, and that of this process over it."""
launched: tuple[State, State] | None = None
"""What the program was launched with, and the baseline state that was made of it."""


def current() -> State:
    """Return the state of this context; its snapshot does not change any more."""
    return (active.get() or baseline_state).frozen_view()


def records() -> list[Recorder]:
    """Return the records open in this context, innermost first, and that of the process."""
    found = [state.record for state in chain(active.get()) if state.is_record]
    return [*found, baseline_state.record]


def renew_lock() -> None:
    """Replace the lock: a thread that a fork has left behind may have held it."""
    global lock
    lock = RLock()


def set_baseline(snapshot: Snapshot, owner: object = PROCESS) -> None:
    """Make `snapshot` what every context without an active scope sees, from now on.

    Its owner is `CARRIED` when it has come from another process.
    """
    global baseline_state
    with lock:
        if snapshot is baseline_state.snapshot:
            baseline_state.owner = owner
            return
        state = view(as_baseline(snapshot), baseline_state.record, owner)
        for layer in snapshot.layers:
            state.record.override(layer)
        baseline_state = state


def swap_baseline_state(state: State) -> State:
    """Put another baseline and process record in place, and return those that were there."""
    global baseline_state
    with lock:
        before, baseline_state = baseline_state, state
    return before


def chain(state: State | None) -> list[State]:
    """Return the states of the frames open in `state`, innermost first, without the baseline's."""
    states = []
    while state is not None and state.parent is not None:
        states.append(state)
        state = state.parent
    return states
