"""All that is wrong with what is set, found without a run: `--check`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from .._config.defaults import NOT_KNOWN
from .._config.sources import read_source
from .._functions import declared_defaults
from .._scopes.snapshot import Layer
from .._sweeps.work.runner import kind_of_runner
from .._values.checking import only_checking
from .._values.declared import Declared
from .._values.describe import describe, show, with_masked_texts
from .._values.origin import Origin
from .._values.untyped import UntypedText, UntypedTree
from ..exceptions import ConfigurationError, UsageError
from .asked import Asked
from .checked_values import value_faults
from .options import ALLOW, ON
from .program_keys import LazyScan
from .recording import check_writable
from .run import missing
from .settings import Settings
from .sources import files_of, sources_of

if TYPE_CHECKING:
    from .._config.sources import FileAt
    from .._files.text import FilePath

T = TypeVar("T")

_NOWHERE = Origin("default", "")


class Faults:
    """The faults of a command line, with its files and variables.

    What one fault leaves open is asked no further: a value that a wrong reference stands for fits,
    and where a file cannot be read nothing is missing.
    """

    def __init__(
        self, given: Asked, scan: LazyScan, config: FilePath | None, env_prefix: str | None
    ) -> None:
        self._given = given
        self._scan = scan
        self._faults: list[UsageError] = []
        files = list(self._files(config))
        self._lacks_files = bool(self._faults)
        signature = given.known
        sources = sources_of(files, env_prefix, scan.env, scan, signature)
        self._sources = sources._replace(declarations=_UnmadeDefaults())
        self._unknown: set[str] = set()  # keys whose values are not known
        self.notes: dict[str, None] = {}

    def found(self, swept: Iterable[tuple[Layer, ...]] = ((),)) -> list[UsageError]:
        """Return all faults: of files and references, keys, what is missing, and values.

        `swept` has what each cell of a sweep sets; a fault of several cells is one.
        """
        found = {str(one): one for one in self._faults}
        for layers in swept:
            self._faults = []
            settings = self._settled(layers)
            self._ask(settings)
            for one in self._faults:
                found.setdefault(str(one), _with_value(one, settings))
        self._faults = []
        self._try(lambda: check_writable(self._given.invocation.record))
        self._try(lambda: kind_of_runner(self._given.invocation.given.get(ON.key, ["local"])[-1]))
        return [*found.values(), *self._faults]

    def _ask(self, settings: Settings) -> None:
        given = self._given
        self.notes.update(dict.fromkeys(settings.notes))
        if not given.invocation.asks(ALLOW):
            self._faults += settings.unknown(self._scan).faults()
        may_lack = self._lacks_files or bool(self._unknown)
        if given.function is not None and not self._lacks_files:
            self._faults += missing(given.own, given.signature, settings)
        self._faults += value_faults(
            settings, self._scan, given.known, self._unknown, may_lack=may_lack
        )

    def _files(self, config: FilePath | None) -> Iterator[FileAt]:
        """Yield the files that can be read."""
        each: list[Callable[[], list[FileAt]]] = [lambda: files_of([], config)]
        each += [partial(files_of, [word], None) for word in self._given.invocation.files]
        for named in each:
            for one in self._try(named) or ():
                # Standard input can be read once, and is read with all the others.
                if one.path == "-" or self._try(partial(read_source, one, _NOWHERE)) is not None:
                    yield one

    def _settled(self, swept: tuple[Layer, ...]) -> Settings:
        """Return all that is set; a wrong reference is a fault, and its value is not known."""
        wrong: dict[str, object] = {}
        while True:
            over = (Layer(dict(wrong), _NOWHERE),) if wrong else ()
            try:
                _, settings = self._given.settled(self._sources, self._scan.env, over, swept)
            except UsageError as error:
                if NOT_KNOWN not in str(error):
                    self._faults.append(error)
                if error.key is not None and error.key not in wrong:
                    wrong[error.key] = UntypedText(NOT_KNOWN)
                    continue
                if not self._sources.files:
                    raise
                wrong.clear()
                self._sources = self._sources._replace(files=[], flat=None)
                self._lacks_files = True
                continue
            self._unknown = {
                key for key in settings.origins if _is_open(next(settings.values_at(key), None))
            }
            return settings

    def _try(self, ask: Callable[[], T]) -> T | None:
        """Return the answer, None if it is a fault."""
        try:
            return ask()
        except (ConfigurationError, UsageError) as error:
            self._faults.append(UsageError(str(error), key=error.key, origin=error.origin))
        return None


def _with_value(fault: UsageError, settings: Settings) -> UsageError:
    if fault.value is None and fault.key is not None:
        values = settings.values_at(fault.key)
        fault.value = next((one for one in values if not _is_open(one)), None)
    return fault


class _UnmadeDefaults:
    """What the program declares, without the defaults that only the run makes."""

    def keys(self) -> Iterable[str]:
        return declared_defaults.keys()

    def defaults_of(self, key: str, /) -> list[Declared]:
        with only_checking(may_lack=True):
            return declared_defaults.defaults_of(key)


def report(faults: Iterable[UsageError], form: str) -> str:
    """Return a line for each fault, or a list in JSON."""
    if form != "json":
        return "\n".join(" ".join(str(one).splitlines()) for one in faults) or "ok"
    return json.dumps(
        [
            {
                "key": one.key,
                "value": _shown(one.key or "", one.value),
                "origin": None if one.origin is None else str(one.origin),
                "message": str(one),
            }
            for one in faults
        ],
        indent=1,
    )


def _shown(key: str, value: object) -> object:
    """Return a value for JSON, text as it was typed, with its secrets masked."""
    value = value.text if isinstance(value, UntypedText) else value
    described = with_masked_texts(describe(key, value))
    try:
        json.dumps(described, allow_nan=False)
    except (TypeError, ValueError):
        return show(key, value)
    return described


def _is_open(value: object) -> bool:
    """Tell a value in which a wrong reference stands."""
    if isinstance(value, (UntypedText, str)):
        return NOT_KNOWN in (value if isinstance(value, str) else value.text)
    value = value.value if isinstance(value, UntypedTree) else value
    if isinstance(value, dict):
        return any(map(_is_open, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_is_open, value))
