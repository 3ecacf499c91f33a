"""What the cells of a sweep mean to a program: their settings, and whether it can take them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import chain, starmap
from typing import TYPE_CHECKING

from .._console import print_message
from .._scopes.captured import captured
from .._scopes.snapshot import Layer
from .._sweeps.agenda import Prepared
from .._sweeps.identity import Identifier
from .._sweeps.plan.plan import Plan
from .._sweeps.plan.sameness import fields_of
from .._sweeps.run import Cell
from .._values.keys import set_by_both
from .._values.origin import Origin, resolve
from .._values.untyped import REMOVED
from ..context import Captured
from ..exceptions import UsageError
from . import options
from .asked import Asked
from .checked_values import value_faults
from .invocation import Invocation
from .keywords import keywords_of
from .program_keys import LazyScan
from .run import require
from .settings import Settings

if TYPE_CHECKING:
    from .program import Program
    from .sources import Sources

_SWEPT, _REPEATED = Origin("cli", "--sweep"), Origin("cli", "--repeat")
_MOST_KEPT = 64  # settings of cells; which keys files refer to seldom differs


def origins_of(plan: Plan) -> dict[str, Origin]:
    """Return the origins of keys that another option than `--sweep` sets."""
    key = plan.repeat and plan.repeat.key
    return {key: _REPEATED} if key else {}


def swept_layers(cell: Cell, origins: dict[str, Origin]) -> tuple[Layer, ...]:
    """Return what the cell sets, as a layer if that is anything."""
    values = dict(cell.values)
    return (Layer(values, _SWEPT, origins),) if values else ()


def keys_of(cell: Cell) -> frozenset[str]:
    """Return the keys that the cell sets, those in mappings included."""
    return frozenset(chain.from_iterable(starmap(fields_of, cell.values.items())))


def check_set_once(
    invocation: Invocation, swept: frozenset[str], origins: Mapping[str, Origin]
) -> None:
    """Raise `UsageError` for a key that both the sweep and the command line set."""
    for layer in (*invocation.options, *invocation.defines):
        for key, value in layer.values.items():
            both = set_by_both(fields_of(key, value), swept)
            if both and (value is not REMOVED or key in swept):
                where = resolve(layer.origin_of(key)).location
                other = origins.get(both, _SWEPT).location
                raise UsageError(f"{where} and {other} both set {both}. Remove one of them.")


class Meanings:
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
        self._left_alone: set[str] = set()  # what files have for other programs

    def may_be_unread(self, key: str) -> bool:
        """Tell a key that no run needs to read, since files have it for others, or refer to it."""
        return key in self._left_alone or any(one.may_be_unread(key) for one in self._prepared)

    def prepared(self, cell: Cell) -> Prepared:
        invocation, settings = self._settled(cell)
        require(self._given.own, self._given.signature, settings)  # completes structures, too
        with settings.open():
            taken = Captured(*captured())
            keywords = keywords_of(self._given.signature, self._scan)
        self._prepared.append(settings)
        identity = self._identifier.identity(taken.scopes, invocation.args, {}, cell)
        return Prepared(taken, identity, invocation.args, keywords)

    def check(self, cells: Iterable[Cell]) -> None:
        """Raise `UsageError` for the first cell that the program cannot take."""
        checked: set[frozenset[str]] = set()
        for cell in cells:
            _, settings = self._settled(cell)
            keys = keys_of(cell)
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
        check_set_once(invocation, swept, self._origins)
        if settings.unchecked and not invocation.asks(options.ALLOW):
            written = set(settings.origins)
            settings.unknown(self._scan).check()
            self._left_alone |= written - settings.origins.keys()
        for note in settings.notes:
            print_message(f"{self._program.name}: {note}")

    def _settled(self, cell: Cell) -> tuple[Invocation, Settings]:
        swept = swept_layers(cell, self._origins)
        return self._given.settled(self._sources, self._scan.env, swept=swept)
