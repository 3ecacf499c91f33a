"""The loop of a sweep: give runs to the workers, take their outcomes, write the store.

It keeps the workers busy, and decides what is run again, what is not run, and when to stop.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .agenda import Agenda, Planned, Prepare, Prepared
from .listeners import Listeners
from .request import Policy
from .run import Outcome, State, Work
from .stand_ins import StandIns, digest_of_read
from .work.interrupts import Interrupts
from .work.outcomes import drop, drop_unfinished, kept_of, path_of, withdraw
from .work.runner import Ended, Event, Reported, Runner, Started

if TYPE_CHECKING:
    from .._records.run import Run
    from .identity import Identity
    from .progress.progress import Progress
    from .store.store import Store

_TICK = 0.2  # seconds after which Ctrl-C is noticed at the latest
_GRACE = 10.0  # seconds that runs have to clean up after Ctrl-C


class Driver:
    """One launch of a sweep."""

    def __init__(
        self,
        function: Callable[..., object],
        agenda: Agenda,
        prepare: Prepare,
        *,
        runner: Runner,
        store: Store,
        progress: Progress,
        policy: Policy,
        listeners: Listeners,
        record_of: Run | None = None,
    ) -> None:
        self.was_interrupted = self.was_terminated = False
        self.compares = True  # whether a run may stand for others
        self.same: dict[int, int] = {}  # runs that another one stands for, finished or not run
        self._function = function
        self._agenda = agenda
        self._prepare = prepare
        self._runner = runner
        self._store = store
        self._progress = progress
        self._policy = policy
        self._listeners = listeners
        self._record_of = record_of
        self._open: dict[int, _Open] = {}
        self._again: deque[Planned] = deque()
        self._taken: list[tuple[int, int]] = []  # attempts whose outcomes the store has
        self._stand_ins = StandIns()
        self._interrupts = Interrupts()
        self._stops = False
        self._deadline = 0.0

    def note_finished(self, number: int, read: str, unread: Sequence[str]) -> None:
        """Note a run of an earlier launch, which may stand for others."""
        self._stand_ins.add(number, read, unread)

    def run(self) -> Iterator[int]:
        """Run everything, and yield the number of each run as soon as it is in the store."""
        with Interrupts() as self._interrupts:
            interrupts = self._interrupts
            try:
                yield from self._refill()
                while self._open:
                    if interrupts.count and not self.was_interrupted:
                        self._interrupt()
                    yield from self._handle_all(self._runner.events(_TICK))
                    self._progress.tick()
                    if self.was_interrupted and time.monotonic() > self._deadline:
                        return
                    if not interrupts.count:
                        yield from self._refill()
                    self._drop_taken()
            finally:
                self.was_interrupted |= bool(interrupts.count)
                self._runner.close()
                for _ in self._open:  # no worker is left that could tell
                    self._listeners.end(None)
                self._drop_taken()
                drop_unfinished(self._store.folder)

    def _drop_taken(self) -> None:
        while self._taken:
            drop(self._store.folder, *self._taken.pop())

    def _refill(self) -> Iterator[int]:
        while not self._stops and len(self._open) < self._runner.capacity:
            run = self._again.popleft() if self._again else self._agenda.next()
            if run is None:
                return
            prepared = self._prepare(run.cell)
            stands = self._stand_ins.find(prepared.identity.parts) if self.compares else None
            if stands is not None:
                self.same[run.number] = stands
                if self._policy.skip_unread:
                    self._store.skipped(run.number, stands)
                    self._progress.skipped(run.number, run.cell, stands)
                    self._agenda.ended(run, "same", None)
                    yield run.number
                    continue
            self._submit(run, prepared)

    def _submit(self, run: Planned, prepared: Prepared) -> None:
        log = self._store.log_path(run.number, run.attempt)
        work = Work(
            run.number,
            run.attempt,
            self._function,
            prepared.args,
            prepared.keywords,
            log,
            self._record_of,
            path_of(os.path.abspath(self._store.folder), run.number, run.attempt),
        )
        self._open[run.number] = _Open(run, prepared.identity)
        self._listeners.begin()
        self._runner.submit(work, prepared.captured)

    def _handle_all(self, events: Iterable[Event]) -> Iterator[int]:
        # A list has happened already: a run that begins and ends in it is written once.
        happened = events if isinstance(events, list) else ()
        ends = {event.number for event in happened if isinstance(event, Ended)}
        for event in events:
            found = self._open.get(event.number)
            if found is not None:  # else it has been given up
                yield from self._handle(event, found, ends)

    def _handle(self, event: Event, found: _Open, ends: Collection[int]) -> Iterator[int]:
        if isinstance(event, Started):
            found.since = time.monotonic()
            if event.pid == os.getpid():
                self._interrupts.forget()
            if event.number not in ends:
                log = self._store.log_path(event.number, found.run.attempt)
                self._store.started(event.number, found.run.attempt, event.host, event.pid, log)
            self._progress.started(event.number, found.run.cell, event.host)
        elif isinstance(event, Reported):
            self._runner.answer(event.number, self.judge(event))
        else:
            del self._open[event.number]
            outcome = event.outcome
            if outcome.ending == "interrupted":
                outcome = self._interrupted(outcome)
            yield from self._ended(found, outcome)

    def judge(self, report: Reported) -> bool:
        """Tell whether a run that reports is to go on."""
        number, value = report.number, report.value
        step = report.step or 0
        found = self._open[number]
        self._store.reported(number, found.run.attempt, step, value)
        self._progress.reported(number, step, value)
        goes_on = self._agenda.reported(number, step, value)
        found.is_pruned |= not goes_on
        return goes_on

    def _ended(self, found: _Open, outcome: Outcome) -> Iterator[int]:
        run = found.run
        if outcome.record is None:  # of a worker that could not tell
            withdraw(self._store.folder, run.number, run.attempt)
            outcome = kept_of(self._store.folder, run.number, run.attempt) or outcome
        self._listeners.end(outcome)
        state = state_after(outcome, is_pruned=found.is_pruned)
        if outcome.ending == "terminated" and outcome.pid == os.getpid():
            state = "waiting"
        log = self._store.log_path(run.number, run.attempt)
        unread = outcome.unread
        read = "" if unread is None else digest_of_read(found.identity.parts, unread)
        self._store.ended(run.number, run.attempt, outcome, state, log, read=read)
        self._taken.append((run.number, run.attempt))
        if state == "waiting":  # in this process, signals raise in the run itself
            if found.since:
                self._progress.ended(run.number, run.cell, state, outcome, log)
            self._stops = True
            self.was_interrupted = outcome.ending == "interrupted"
            self.was_terminated = not self.was_interrupted
            return
        again = state == "failed" and run.tries <= self._policy.retries and not self._stops
        if again:
            self._again.append(run._replace(attempt=run.attempt + 1, tries=run.tries + 1))
        else:
            self._settle(found, state, outcome, read)
        self._progress.ended(run.number, run.cell, state, outcome, log, again=again)
        if outcome.log_problem:
            self._progress.note(f"run {run.number}: {outcome.log_problem}")
        self._stops |= state == "failed" and self._policy.fail_fast and not again
        yield run.number

    def _interrupted(self, outcome: Outcome) -> Outcome:
        """Return what a `KeyboardInterrupt` in a run means: without Ctrl-C, that it has failed."""
        is_here = outcome.pid == os.getpid()
        if self.was_interrupted or self._interrupts.count or not outcome.pid:
            return outcome._replace(traceback="")
        if is_here and self._interrupts.may_have_come():
            return outcome._replace(traceback="")
        problem = "KeyboardInterrupt, and nobody has pressed Ctrl-C"
        return outcome._replace(ending="raised", problem=problem)

    def _settle(self, found: _Open, state: State, outcome: Outcome, read: str) -> None:
        """Take note of a run that will not be run again."""
        run = found.run
        if state == "done" and outcome.unread is not None and self.compares:
            stands = self._stand_ins.find(found.identity.parts)
            if stands is None:
                self._stand_ins.add(run.number, read, outcome.unread)
            else:
                self.same[run.number] = stands
        self._agenda.ended(run, state, outcome)

    def _interrupt(self) -> None:
        self.was_interrupted = self._stops = True
        self._deadline = time.monotonic() + _GRACE
        count = len(self._open)
        runs = "1 run" if count == 1 else f"{count} runs"
        self._progress.note(
            f"interrupted: {runs} may clean up for {_GRACE:.0f} s. Ctrl-C again ends them at once."
        )
        self._runner.interrupt()


class _Open:
    """A run that has been submitted."""

    __slots__ = ("identity", "is_pruned", "run", "since")

    def __init__(self, run: Planned, identity: Identity) -> None:
        self.run = run
        self.identity = identity
        self.is_pruned = False
        self.since = 0.0


def state_after(outcome: Outcome, *, is_pruned: bool = False) -> State:
    """Return what an attempt that has ended so means for its run."""
    if outcome.ending == "returned":
        return "pruned" if is_pruned else "done"
    return "waiting" if outcome.ending == "interrupted" else "failed"
