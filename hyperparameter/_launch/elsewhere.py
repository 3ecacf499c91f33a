"""A run in a worker: `--on processes` or `--on ray` without a sweep."""

from __future__ import annotations

import time
from collections.abc import Sequence

from .._console import print_message
from .._records.record import Record
from .._scopes import ambient
from .._scopes.captured import captured
from .._sweeps.amounts import parsed_resources
from .._sweeps.listeners import Listeners
from .._sweeps.run import Outcome, Work
from .._sweeps.work.interrupts import Interrupts
from .._sweeps.work.packing import unpack
from .._sweeps.work.runner import Ended, Options, Reported, Runner, runner_for
from ..context import Captured
from ..exceptions import UsageError
from . import options, sweep_options
from .asked import Asked
from .keywords import keywords_of
from .program_keys import LazyScan
from .recording import recorded
from .run import own_refusals
from .run_facts import run_of
from .settings import Settings
from .sweep_words import SweepWords, sweep_words
from .usage_errors import usage_errors

_TICK = 0.2  # seconds after which Ctrl-C is noticed at the latest
_GRACE = 10.0  # seconds that the run has to clean up after Ctrl-C


class RunFailed(UsageError):
    """Exit status 1: a worker has not come to the end of its run."""

    exit_status = 1


def run_elsewhere(
    given: Asked, settings: Settings, scan: LazyScan, argv: Sequence[str]
) -> tuple[object, Record]:
    """Return what the function returns in a worker, and the record of what it read there."""
    function, invocation = given.function, given.invocation
    words = sweep_words(given.parsed.given)
    assert function is not None
    runner = runner_for(words.text(options.ON) or "", runner_options(words, is_sweep=False))
    try:
        own = recorded(function, invocation, argv, whole_process=False)
        with own as (rec, masks), settings.open():
            if masks is not None:
                masks.learn_all([ambient.current().snapshot])
            taken = Captured(*captured())
            keywords = keywords_of(given.signature, scan)
            run = run_of(function, argv, invocation)
            runner.submit(Work(1, 1, function, invocation.args, keywords, None, run), taken)
            outcome = _told(runner)
            if outcome.log_problem:
                print_message(f"The output is not complete: {outcome.log_problem}.")
            with usage_errors(settings), own_refusals(function, settings):
                return _result(outcome), rec
    finally:
        runner.close()


def check_local(given: Asked) -> None:
    """Raise `UsageError` for what needs workers, where the words ask for none."""
    words = sweep_words(given.parsed.given)
    runner_for("local", runner_options(words, is_sweep=False)).close()


def runner_options(words: SweepWords, *, is_sweep: bool) -> Options:
    """Return what the command line asks of the runner."""
    resources = words.text(sweep_options.RESOURCES)
    gpus = words.asks(sweep_options.GPUS)
    return Options(
        gpus=words.whole(sweep_options.GPUS, 0) if gpus else None,
        resources={} if resources is None else parsed_resources(resources, "--resources"),
        time_limit=words.seconds(sweep_options.TIME_LIMIT),
        is_sweep=is_sweep,
    )


def _told(runner: Runner) -> Outcome:
    """Wait for the run, and have the records that are open here what it tells as it ends."""
    listeners, outcome = Listeners(), None
    listeners.begin()
    try:
        outcome = _outcome(runner)
    finally:
        listeners.end(outcome)
    return outcome


def _outcome(runner: Runner) -> Outcome:
    """Wait for the run; Ctrl-C raises in it, and a second one here."""
    deadline = None
    with Interrupts() as interrupts:
        while deadline is None or time.monotonic() < deadline:
            if interrupts.count and deadline is None:
                runner.interrupt()
                deadline = time.monotonic() + _GRACE
            for event in runner.events(_TICK):
                if isinstance(event, Reported):
                    runner.answer(event.number, True)
                elif isinstance(event, Ended):
                    return event.outcome
    raise KeyboardInterrupt


def _result(outcome: Outcome) -> object:
    if outcome.result is not None:
        return unpack(outcome.result)
    if outcome.error is not None:
        raise outcome.error
    if outcome.ending == "returned":
        return None
    if outcome.ending == "interrupted":  # before it had begun
        raise KeyboardInterrupt
    how = "" if outcome.ending == "raised" else f"the run was {outcome.ending}: "
    raise RunFailed(f"{how}{outcome.problem}")
