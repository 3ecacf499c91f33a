"""All that is wrong with what a sweep sets, found without a run: `--check` with `--sweep`."""

from __future__ import annotations

from collections.abc import Iterator

from .._scopes.snapshot import Layer
from .._sweeps.plan.plan import Plan
from ..exceptions import UsageError
from . import sweep_options
from .asked import Asked
from .elsewhere import runner_options
from .faults import Faults
from .meanings import check_set_once, keys_of, origins_of, swept_layers
from .program_keys import LazyScan
from .sweep_plan import check_size, check_together, examples_of, plan_of
from .sweep_words import sweep_words


def sweep_faults(given: Asked, faults: Faults, scan: LazyScan) -> list[UsageError]:
    """Return the faults of the sweep's options and of all its cells.

    Where there is no plan, nobody knows what the cells set, and only files are asked beside it.
    """
    words = sweep_words(given.parsed.given)
    is_searched = words.asks(sweep_options.SEARCH)
    try:
        if given.function is None:
            raise UsageError("no command given, so there is nothing to sweep. See --help.")
        check_together(given.invocation, words)
        runner_options(words, is_sweep=True)
        words.whole(sweep_options.RETRIES, 0)
        plan = plan_of(words, given, scan)
        check_size(plan, is_searched=is_searched)
    except UsageError as error:
        return [*faults.found(()), error]
    twice: dict[str, UsageError] = {}
    found = faults.found(_layers(given, plan, twice, is_searched=is_searched))
    return [*twice.values(), *found]


def _layers(
    given: Asked, plan: Plan, twice: dict[str, UsageError], *, is_searched: bool
) -> Iterator[tuple[Layer, ...]]:
    """Yield what each cell sets; `twice` gets the errors of keys that something else sets, too."""
    origins = origins_of(plan)
    checked: set[frozenset[str]] = set()
    for cell in examples_of(plan) if is_searched else plan:
        keys = keys_of(cell)
        if keys not in checked:
            checked.add(keys)
            try:
                check_set_once(given.invocation, keys, origins)
            except UsageError as error:
                twice[str(error)] = error
        yield swept_layers(cell, origins)
