"""A sweep that a command line asks for: what each cell means, what is run, what is printed."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, starmap
from typing import TYPE_CHECKING, cast

from .._console import print_message, print_output, terminal_width
from .._scopes import ambient
from .._scopes.snapshot import Layer
from .._sweeps.agenda import Prepared
from .._sweeps.identity import Identifier, reading
from .._sweeps.objective import Goal, why_none
from .._sweeps.plan.checking import notes, too_many
from .._sweeps.plan.from_options import plan_from_options
from .._sweeps.plan.plan import Plan
from .._sweeps.plan.sameness import fields_of
from .._sweeps.plan.spaces import Choices, Domain, Floats, cell_of
from .._sweeps.request import Policy, Request
from .._sweeps.resuming import done_of
from .._sweeps.run import Cell
from .._sweeps.shown import overrides
from .._sweeps.store.rows import Row
from .._sweeps.store.stored import Stored
from .._sweeps.sweep import Sweep
from .._sweeps.tables.table import MOST_ROWS, failures_table, results_table
from .._sweeps.unread import unread_by_all
from .._termination import Terminated
from .._values.keys import is_key, set_by_both
from .._values.origin import Origin, resolve
from .._values.untyped import REMOVED
from ..context import Captured
from ..exceptions import UsageError
from . import options, sweep_options
from .asked import Asked
from .checked_values import value_faults
from .elsewhere import RunFailed, runner_options
from .invocation import Invocation
from .program_keys import LazyScan
from .recording import run_of
from .run import require
from .settings import Settings
from .sweep_words import SweepWords, sweep_words
from .unknown_keys import is_declared

if TYPE_CHECKING:
    from .._records.run import Run
    from .._sweeps.resuming import Resume
    from .program import Program
    from .sources import Sources

_SWEPT, _REPEATED = Origin("cli", "--sweep"), Origin("cli", "--repeat")
_MOST_KEPT = 64  # settings of cells; which keys files refer to seldom differs


def sweep(
    program: Program, given: Asked, sources: Sources | None, scan: LazyScan, argv: Sequence[str]
) -> object:
    """Run the function for each cell of the sweep, print the results, and return the runs."""
    if given.function is None:
        raise UsageError("no command given, so there is nothing to sweep. See --help.")
    words = sweep_words(given.parsed.given)
    _check_together(given.invocation, words)
    plan = _plan(words, given)
    repeated = plan.repeat and plan.repeat.key
    meanings = _Meanings(program, given, sources, scan, {repeated: _REPEATED} if repeated else {})
    is_searched = words.asks(sweep_options.SEARCH)
    _check_size(plan, is_searched=is_searched)
    meanings.check(_examples(plan) if is_searched else plan)
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
    _print(program, made, words, meanings)
    return made


def _request(
    program: Program, words: SweepWords, plan: Plan, meanings: _Meanings, run: Run
) -> Request:
    return Request(
        function=meanings.function,
        function_name=run.name,
        program=program.name,
        plan=plan,
        prepare=meanings.prepared,
        on=words.text(options.ON) or "local",
        options=runner_options(words, is_sweep=True),
        goal=_goal(words),
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


def _check_together(invocation: Invocation, words: SweepWords) -> None:
    """Refuse options that mean one run, or that contradict each other."""
    for option, advice in (
        (options.RECORD, "The record of each run is kept: hp show SWEEP/NUMBER."),
        (options.CHECK, "--dry-run checks all runs, and lists them."),
    ):
        if invocation.asks(option):
            raise UsageError(f"{option.flags[0]} is for one run, not for a sweep. {advice}")
    both = sweep_options.MINIMIZE, sweep_options.MAXIMIZE
    if all(map(words.asks, both)):
        raise UsageError("--minimize and --maximize cannot be given together. Remove one of them.")
    if words.asks(sweep_options.SKIP_UNREAD) and words.asks(options.REPEAT):
        raise UsageError(
            "--skip-unread and --repeat cannot be given together: repeats differ in chance, which "
            "no record has."
        )


def _goal(words: SweepWords) -> Goal | None:
    if (name := words.text(sweep_options.MAXIMIZE)) is not None:
        return Goal("maximize", name)
    if (name := words.text(sweep_options.MINIMIZE)) is not None:
        return Goal("minimize", name)
    return None


def _plan(words: SweepWords, given: Asked) -> Plan:
    return plan_from_options(
        [(f"--{key}", text) for key, text in words.grid],
        read=reading,
        is_searched=words.asks(sweep_options.SEARCH),
        full=partial(_full_key, given),
    )


def _full_key(given: Asked, name: str) -> str:
    """Return the key of a parameter that is named as its option is, as in `lr` or `batch-size`."""
    key = f"{given.signature.namespace}.{name.replace('-', '_')}"
    is_own = any(one.key == key for one in given.own)
    return key if is_own and not (is_key(name) and is_declared(name)) else name


def _check_size(plan: Plan, *, is_searched: bool) -> None:
    if not is_searched and (problem := too_many(plan, "--sample N")):
        raise UsageError(problem)


def _examples(plan: Plan) -> Iterator[Cell]:
    """Yield cells that have each listed value of the axes once: the search chooses the others."""
    for grid in plan.grids:
        middle = [_some_value(axis.domain) for axis in grid.axes]
        for index, axis in enumerate(grid.axes):
            for value in (
                axis.domain.values if isinstance(axis.domain, Choices) else [middle[index]]
            ):
                values = [*middle[:index], value, *middle[index + 1 :]]
                yield cell_of(grid.axes, values)


def _some_value(domain: Domain) -> object:
    return domain.low if isinstance(domain, Floats) else domain.at(0)


def _listed(plan: Plan) -> Iterator[str]:
    for number, cell in enumerate(plan, 1):
        yield f"{number:>5}  {overrides(cell)}"
    for left in plan.left_out():
        yield f"   --  {overrides(left.cell)}  ({left.reason})"


def _print(program: Program, made: Sweep, words: SweepWords, meanings: _Meanings) -> None:
    """Print the results and the failures; raise for a sweep that is not done."""
    width = terminal_width(os.environ)
    with Stored.read(made.folder) as stored:
        rows, kept = [row for row in stored.rows() if row.number in made.numbers], stored.sweep
        found = unread_by_all(stored, rows).items()
    unread = {key: hint for key, hint in found if not meanings.is_taken(key)}
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


def _say_how_to_resume(program: Program, rows: Sequence[Row], name: str) -> None:
    print_message(
        f"{program.name}: {done_of(rows)} To go on, give the same command with --name {name} "
        "--resume."
    )


def _notes(
    rows: Sequence[Row], made: Sweep, words: SweepWords, unread: Mapping[str, str]
) -> Iterator[str]:
    """Yield what the records tell of the sweep: which runs were the same, and what nobody read."""
    goal = None if words.asks(sweep_options.SEARCH) else _goal(words)  # a search has said it
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


class _Meanings:
    """What cells mean to the program; `origins` are those of keys that `--sweep` does not set."""

    def __init__(
        self, program: Program, given: Asked, sources: Sources | None, scan: LazyScan,
        origins: dict[str, Origin],
    ) -> None:  # fmt: skip
        self._program = program
        assert given.function is not None
        self.function = given.function
        self._given = given
        self._sources = sources
        self._scan = scan
        self._origins = origins
        self._identifier = Identifier()
        self._prepared: deque[Settings] = deque(maxlen=_MOST_KEPT)

    def is_taken(self, key: str) -> bool:
        """Tell a key that no run needs to read, since the files of some cell refer to it."""
        return any(settings.is_taken_by_files(key) for settings in self._prepared)

    def prepared(self, cell: Cell) -> Prepared:
        invocation, settings = self._settled(cell)
        require(self._given.own, self._given.signature, settings)  # completes structures, too
        with settings.open():
            snapshot = ambient.current().snapshot
        self._prepared.append(settings)
        captured = Captured(snapshot, ambient.baseline_state.snapshot)
        identity = self._identifier.identity(snapshot, invocation.args, invocation.extra, cell)
        return Prepared(captured, identity, *self._given.arguments(invocation))

    def check(self, cells: Iterable[Cell]) -> None:
        """Raise `UsageError` for the first cell that the program cannot take."""
        checked: set[frozenset[str]] = set()
        for cell in cells:
            _, settings = self._settled(cell)
            keys = frozenset(chain.from_iterable(starmap(fields_of, cell.values.items())))
            if keys not in checked:
                checked.add(keys)
                self._check_keys(keys, settings)
            require(self._given.own, self._given.signature, settings)
            for fault in value_faults(
                settings, self._scan, self._given.signature, (), may_lack=False
            ):
                raise fault

    def _check_keys(self, swept: frozenset[str], settings: Settings) -> None:
        invocation = self._given.invocation
        for layer in (*invocation.options, *invocation.defines):
            for key, value in layer.values.items():
                both = set_by_both(fields_of(key, value), swept)
                if both and (value is not REMOVED or key in swept):
                    where = resolve(layer.origin_of(key)).location
                    other = self._origins.get(both, _SWEPT).location
                    raise UsageError(f"{where} and {other} both set {both}. Remove one of them.")
        if settings.unchecked and not invocation.asks(options.ALLOW):
            settings.unknown(self._scan).check()
        for note in settings.notes:
            print_message(f"{self._program.name}: {note}")

    def _settled(self, cell: Cell) -> tuple[Invocation, Settings]:
        values = dict(cell.values)
        layers = (Layer(values, _SWEPT, self._origins),) if values else ()
        return self._given.settled(self._sources, self._scan.env, swept=layers)
