"""Scopes that come from elsewhere: with work, or at the start of a process.

Each kind has a frame with an owner of its own, because what arrives later goes above some of them,
takes the place of others, and never that of what this process has set itself.
"""

from __future__ import annotations

from _weakref import ref  # importing weakref takes longer
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from .._values.origin import Process
from . import ambient
from .ambient import CARRIED, INITIAL, PROCESS, STARTED, State, chain
from .frames import copy_over, detach, inherited_by, make_state, push_record, swap
from .recorder import Recorder
from .shadowed import note_visible
from .snapshot import Snapshot


def attach(
    snapshot: Snapshot, baseline: Snapshot | None = None, owner: object = CARRIED
) -> State | None:
    """Open the scopes of `snapshot` over what is active here; return what `detach` takes.

    With `baseline`, that is at the bottom of what is seen here, whatever other threads set.
    """
    before = ambient.active.get()
    if snapshot.depth or snapshot.closed or baseline is not None:
        below = before or ambient.baseline_state
        if before is not None and baseline is not None:
            below = _rebased(before, baseline)
        note_overrides(snapshot, below.record)
        inherited = None if any(not frame.is_record for frame in chain(before)) else baseline
        swap(make_state(below, owner, snapshot, below.record, inherited))
    return before


@contextmanager
def attached(snapshot: Snapshot, baseline: Snapshot | None = None) -> Iterator[None]:
    """Run the body inside the scopes of `snapshot`, over what is active here; see `attach`."""
    before = attach(snapshot, baseline)
    try:
        yield
    finally:
        detach(before)


def is_attached(snapshot: Snapshot) -> bool:
    """Tell whether the scopes of `snapshot` are open in this context."""
    return any(state.layer is snapshot for state in chain(ambient.active.get()))


def attach_here(snapshot: Snapshot, records: Sequence[Recorder]) -> State | None:
    """Open the scopes of work that was submitted in this process, over what is open here.

    Where there are some, they hide what an initializer has opened in this thread.
    """
    before = state = ambient.active.get()
    while state is not None and state.owner is not INITIAL:
        state = state.parent
    if state is not None and snapshot.depth:
        swap(_without(before, lambda frame: frame.owner is INITIAL))
    attach_records(records)
    attach(snapshot)
    return before


def attach_work(
    snapshot: Snapshot, baseline: Snapshot, records: Iterable[Recorder] = ()
) -> State | None:
    """Open the scopes of work from another process, over what this one has opened itself.

    They hide what this process was started with, also when there are none, and where there are
    some, what an initializer has opened.  What is read goes to the records too, innermost first.
    """
    before = ambient.active.get()
    swap(_opened_here(before, keeps_initial=not snapshot.depth))
    attach_records(records)
    attach(snapshot, baseline)
    return before


def attach_records(records: Iterable[Recorder]) -> None:
    """Send what is read here to the records as well, innermost first, that are not open here."""
    here = ambient.records()
    for record in reversed([record for record in records if record not in here]):
        push_record(record)


def attach_start(snapshot: Snapshot) -> None:
    """Open what this process is started with, in place of what it has had from its start."""
    swap(_opened_here(ambient.active.get(), keeps_initial=False))
    attach(snapshot, owner=STARTED)


def keep_start() -> None:
    """Let the work that is opened here next lie over what this process was started with."""
    frames, forked = chain(ambient.active.get()), _forked_frames()
    if not any(_is_from_start(frame, forked) for frame in frames):
        return
    top: State | None = None
    for frame in reversed(frames):
        if not frame.is_record and _is_from_start(frame, forked):
            below = top or ambient.baseline_state
            top = make_state(below, CARRIED, frame.layer, below.record, inherited_by(frame))
        else:
            top = copy_over(frame, top, inherited_by(frame))
    swap(top)


def attach_initial(snapshot: Snapshot, baseline: Snapshot | None = None) -> None:
    """Open what an initializer opens, in place of all that is open in this context."""
    swap(None)
    attach(snapshot, baseline, owner=INITIAL)


def attach_under(initial: State) -> None:
    """Show what an initializer has opened, unless scopes have been brought here."""
    brought = ambient.active.get()
    if all(frame.is_record for frame in chain(brought)):
        records = ambient.records()
        swap(initial)
        attach_records(records)


def attach_error(
    error: Callable[[], Exception], initial: bool = False, whole_process: bool = False
) -> None:
    """Raise the error in whatever reads here, or in the process, where scopes should be open.

    What arrives later hides it, as it would hide those scopes.
    """
    unopened = _Unopened(error)
    if whole_process:
        record = ambient.baseline_state.record
        ambient.swap_baseline_state(ambient.view(unopened, record, CARRIED))
    below = ambient.active.get() or ambient.baseline_state
    owner = INITIAL if initial else STARTED
    swap(make_state(below, owner, unopened, below.record, unopened))


def bring_baseline(snapshot: Snapshot, at_start: bool = False) -> None:
    """Make what has arrived the baseline of this process, unless it has set one itself.

    `at_start` it has not: what its main module sets when it is imported, the sender has set too.
    """
    now = ambient.baseline_state
    if now.snapshot is not snapshot and (at_start or now.owner is not PROCESS):
        ambient.set_baseline(snapshot, CARRIED)


def _opened_here(state: State | None, keeps_initial: bool) -> State | None:
    """Return the frames that this process has opened itself."""
    if state is None:
        return None
    forked = _forked_frames()
    hidden = {STARTED} if keeps_initial else {STARTED, INITIAL}
    return _without(state, lambda frame: frame.owner in hidden or frame.frame in forked)


def _without(state: State | None, is_hidden: Callable[[State], bool]) -> State | None:
    """Return the frames, those of records all, without what is hidden."""
    frames = chain(state)
    shown = [frame for frame in frames if frame.is_record or not is_hidden(frame)]
    if len(shown) == len(frames):
        return state
    top: State | None = None
    for frame in reversed(shown):
        top = copy_over(frame, top, None)
    return top


def _forked_frames() -> list[State]:
    return [frame.frame for frame in chain(ambient.at_fork)]


def _is_from_start(frame: State, forked: list[State]) -> bool:
    return frame.owner is STARTED or frame.frame in forked


def note_sent(snapshot: Snapshot, records: Sequence[Recorder], *, is_told: bool) -> None:
    """Tell the records what may be read in another process, each layer once.

    `is_told` says that the other process will tell what it has read.
    """
    known: Snapshot | None = snapshot
    sent_by, new = (is_told, [*map(ref, records)]), []  # weakly: records may be large
    while known is not None and known.sent_by != sent_by:
        new.append(known)
        known = known.lower
    if not new:
        return
    told, upper = known.layers if known is not None else (), snapshot.upper
    if upper is not None and upper.depth == len(upper.layers):  # a scope's, perhaps opened again
        told += upper.layers if upper.sent_by == sent_by else ()
        new.append(upper)
    for layer in snapshot.layers:
        if not any(layer is sent for sent in told):
            for record in records:
                record.carry(layer, is_told=is_told)
    for each in new:
        each.sent_by = sent_by


def note_overrides(snapshot: Snapshot, record: Recorder) -> None:
    """Tell the records what is in force; the one of the process needs it once."""
    is_process = record is ambient.baseline_state.record
    if not is_process or snapshot.noted_by is not record:
        # Of a key that it knows, what comes may lie below what its work has brought.
        note_visible(snapshot.scopes(), record)
    if is_process:
        snapshot.noted_by = record


def _rebased(state: State, baseline: Snapshot) -> State:
    """Return the same frames over another baseline."""
    frames = chain(state)
    lowest = next((frame for frame in reversed(frames) if not frame.is_record), None)
    if lowest is None or inherited_by(lowest) is baseline:
        return state
    top: State | None = None
    for frame in reversed(frames):
        top = copy_over(frame, top, baseline if frame is lowest else None)
    return top or state


class _Unopened(Snapshot):
    """Scopes that could not be opened here."""

    __slots__ = ("_error",)

    def __init__(self, error: Callable[[], Exception]) -> None:
        self.depth, self.closed = 1, False
        self.lower = self.upper = self.encoded = self.noted_by = self.sent_by = None
        self.indexes = None
        self._error = error

    @property
    def layers(self) -> NoReturn:  # type: ignore[override]  # whatever is read needs them
        raise self._error()

    def onto(self, lower: Snapshot) -> Snapshot:
        return self  # `empty` over it hides the error as it would hide the scopes

    def portable(self, process: Process | None = None) -> Snapshot:
        return self
