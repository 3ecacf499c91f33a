"""A sweep that a command line asks for: what each cell means, what is run, what is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from .._console import print_message, print_output, terminal_width
from .._sweeps.objective import why_none
from .._sweeps.plan.checking import notes
from .._sweeps.plan.plan import Plan
from .._sweeps.request import Policy, Request
from .._sweeps.resuming import done_of
from .._sweeps.shown import overrides
from .._sweeps.store.rows import Row
from .._sweeps.store.stored import Stored
from .._sweeps.sweep import Sweep
from .._sweeps.tables.table import MOST_ROWS, failures_table, results_table
from .._sweeps.unread import unread_by_all
from .._termination import Terminated
from ..exceptions import UsageError
from . import options, sweep_options
from .asked import Asked
from .elsewhere import RunFailed, runner_options
from .meanings import Meanings, origins_of
from .program_keys import LazyScan
from .run_facts import run_of
from .sweep_plan import check_size, check_together, examples_of, goal_of, plan_of
from .sweep_words import SweepWords, sweep_words
from .unread import no_effect

if TYPE_CHECKING:
    from .._records.run import Run
    from .._sweeps.resuming import Resume
    from .program import Program
    from .sources import Sources


def sweep(
    program: Program, given: Asked, sources: Sources | None, scan: LazyScan, argv: Sequence[str]
) -> object:
    """Run the function for each cell of the sweep, print the results, and return the runs."""
    if given.function is None:
        raise UsageError("no command given, so there is nothing to sweep. See --help.")
    words = sweep_words(given.parsed.given)
    check_together(given.invocation, words)
    plan = plan_of(words, given, scan)
    meanings = Meanings(program, given, sources, scan, origins_of(plan))
    is_searched = words.asks(sweep_options.SEARCH)
    check_size(plan, is_searched=is_searched)
    meanings.check(examples_of(plan) if is_searched else plan)
    for note in notes(plan):
        print_message(f"{program.name}: {note}")
    if words.asks(sweep_options.DRY_RUN):
        print_output("\n".join(_listed(plan)))
        return None
    run = run_of(given.function, argv, given.invocation)
    made = Sweep(_request(program, words, plan, meanings, run))
    try:
        made.run()
    except (KeyboardInterrupt, Terminated):  # a second Ctrl-C, which waits for nothing
        if made.folder:
            with Stored.read(made.folder) as stored:
                _say_how_to_resume(program, stored.rows(), stored.sweep.name)
        raise
    is_strict = given.invocation.asks(options.STRICT)
    _print(program, made, words, meanings, is_strict=is_strict)
    return made


def _request(
    program: Program, words: SweepWords, plan: Plan, meanings: Meanings, run: Run
) -> Request:
    on = words.text(options.ON)
    return Request(
        function=meanings.function,
        function_name=run.name,
        program=program.name,
        plan=plan,
        prepare=meanings.prepared,
        on="local" if on is None else on,
        options=runner_options(words, is_sweep=True),
        goal=goal_of(words),
        policy=Policy(
            words.whole(sweep_options.RETRIES, 0),
            words.asks(sweep_options.FAIL_FAST),
            words.asks(sweep_options.SKIP_UNREAD),
        ),
        search=words.text(sweep_options.SEARCH) or "",
        prune=words.text(sweep_options.PRUNE) or "",
        resume=cast("Resume | None", words.text(sweep_options.RESUME)),
        name=words.text(sweep_options.NAME),
        words=tuple(text for _, text in words.grid),
        argv=tuple(run.argv),
        run=run,
    )


def _listed(plan: Plan) -> Iterator[str]:
    for number, cell in enumerate(plan, 1):
        yield f"{number:>5}  {overrides(cell)}"
    for left in plan.left_out():
        yield f"   --  {overrides(left.cell)}  ({left.reason})"


def _print(
    program: Program, made: Sweep, words: SweepWords, meanings: Meanings, *, is_strict: bool
) -> None:
    """Print the results and the failures; raise for a sweep that is not done."""
    width = terminal_width(os.environ)
    with Stored.read(made.folder) as stored:
        rows, kept = [row for row in stored.rows() if row.number in made.numbers], stored.sweep
        found = unread_by_all(stored, rows).items()
    unread = {key: hint for key, hint in found if not meanings.may_be_unread(key)}
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    lines = results_table(rows, kept, width, MOST_ROWS if is_terminal else None)
    failures = failures_table(rows, kept, made.folder, width)
    if lines or failures:
        print_output("\n".join([*lines, *([""] if lines and failures else []), *failures]))
    for note in _notes(rows, made, words, unread):
        print_message(f"{program.name}: {note}")
    if made.was_interrupted:
        _say_how_to_resume(program, rows, kept.name)
        raise KeyboardInterrupt
    failed = [row for row in rows if row.state == "failed"]
    if failed:
        count = "1 run" if len(failed) == 1 else f"{len(failed)} runs"
        raise RunFailed(
            f"{count} of {len(rows)} failed. See one: hp log {kept.name}/{failed[0].number}"
        )
    if is_strict:
        _check_strictly(program, rows, unread)


def _check_strictly(program: Program, rows: Sequence[Row], unread: Collection[str]) -> None:
    """Raise `NoEffect` for what no run has read; say so where the records cannot tell."""
    if any(row.state == "done" and row.unread is None for row in rows):
        print_message(
            f"{program.name}: --strict-unused cannot tell what nobody has read: the record of some "
            "run is incomplete, or reads a whole."
        )
    elif unread:
        raise no_effect(len(unread))


def _say_how_to_resume(program: Program, rows: Sequence[Row], name: str) -> None:
    print_message(
        f"{program.name}: {done_of(rows)} To go on, give the same command with --name {name} "
        "--resume."
    )


def _notes(
    rows: Sequence[Row], made: Sweep, words: SweepWords, unread: Mapping[str, str]
) -> Iterator[str]:
    """Yield what the records tell of the sweep: which runs were the same, and what nobody read."""
    goal = None if words.asks(sweep_options.SEARCH) else goal_of(words)  # a search has said it
    finished = (row.results for row in rows if row.state == "done")
    if goal and (problem := why_none(finished, goal)):
        yield f"--{goal.direction} {goal.name}: no run has this number. {problem}"
    for key, hint in unread.items():
        yield f"{key} was set, and no run has read it.{hint}"
    if made.same and not words.asks(sweep_options.SKIP_UNREAD):
        which = {key for row in rows for key in row.unread or ()}.difference(unread)
        keys = f" ({', '.join(sorted(which))})" if which else ""
        yield (
            f"{len(made.same)} of {len(rows)} runs differ from others only in what those did not "
            f"read{keys}. --skip-unread leaves such runs out."
        )
