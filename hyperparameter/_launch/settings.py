"""From a command line, the environment and files to the scopes that a program runs in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .._functions import registry
from .._scopes import ambient
from .._scopes.markers import DELETED
from .._scopes.scope import scope_of
from .._scopes.snapshot import Layer
from .._values.origin import Origin, RawOrigin, resolve
from .._values.untyped import REMOVED, sets_nothing
from ..exceptions import ConfigurationError, UsageError
from .invocation import Invocation
from .program_keys import LazyScan, is_declared, is_mapping

if TYPE_CHECKING:
    from .._config.load import Loaded
    from .sources import Sources
    from .unknown_keys import UnknownKeys

_FILES = Origin("file", "-C")


class Settings:
    """What is set from outside the program.

    `layers` has the highest precedence first; `origins` tells where each key was set that is not
    taken away again.  What references in files took is `referenced`, and so used.  `notes` are for
    the user: what was not taken for a setting.
    """

    def __init__(
        self, invocation: Invocation, sources: Sources | None, env: Mapping[str, str]
    ) -> None:
        self.layers = [*invocation.options, *invocation.defines]
        is_defined = any(layer.values for layer in invocation.defines)
        self.has_more_than_options = is_defined or sources is not None
        self.referenced: frozenset[str] = frozenset()
        self._anchored: frozenset[str] = frozenset()
        self.notes: list[str] = []
        written = _each(reversed(self.layers))
        if sources is not None:
            loaded, self.layers = _merged(invocation, sources, env)
            written = loaded.each()
            self.referenced, self._anchored = loaded.referenced, loaded.anchored
            self.notes.extend([*loaded.notes, *sources.notes(self.referenced)])
        self.origins: dict[str, RawOrigin] = {}
        self._sections: set[str] = set()  # keys that are named to say something of those below
        self._written: dict[str, RawOrigin] = {}
        for key, value, origin in written:  # before merging, which may hide what is unknown
            self._note_written(key, value, origin)
        for key, value, origin in _each(reversed(self.layers)):
            self._note(key, value, origin)
        self._options = frozenset(key for layer in invocation.options for key in layer.values)

    def _note_written(self, key: str, value: object, origin: RawOrigin) -> None:
        """Note what one source writes, the weakest first."""
        if value is DELETED or _is_empty_section(key, value, origin):
            return
        if value is not REMOVED:
            self._sections.discard(key)
        elif key not in self._written:
            self._sections.add(key)
        self._written[key] = origin

    def _note(self, key: str, value: object, origin: RawOrigin) -> None:
        """Note what is in force of all that is written."""
        if value is DELETED:
            self.origins.pop(key, None)
        elif value is REMOVED:
            for one in [one for one in self.origins if f"{one}.".startswith(f"{key}.")]:
                del self.origins[one]
        elif not _is_empty_section(key, value, origin):
            self.origins[key] = origin

    def sets(self, key: str | None) -> bool:
        """Tell whether the key or one below it is set."""
        return any(one == key or one.startswith(f"{key}.") for one in self.origins)

    def is_taken_by_files(self, key: str) -> bool:
        """Tell a key whose value other parts of the files have taken."""
        return key in self.referenced or any(
            f"{key}.".startswith(f"{one}.") for one in self._anchored
        )

    def may_be_unread(self, key: str) -> bool:
        """Tell a key that files have taken, or that one has for other commands of the program."""
        origin = self.origins.get(key)
        is_of_file = origin is not None and resolve(origin).kind == "file"
        return self.is_taken_by_files(key) or (is_of_file and is_declared(key))

    def unknown(self, scan: LazyScan) -> UnknownKeys:
        """Return the keys that the program does not know; options it knows."""
        from .other_sections import OtherSections  # nothing is set in most runs
        from .unknown_keys import unknown_keys

        others = OtherSections(self._anchored)
        unknown = unknown_keys(self.unchecked, scan, self._sections, others, self.referenced)
        self.notes.extend(others.notes)
        for key in others.keys:
            self.origins.pop(key, None)
        return unknown

    @property
    def unchecked(self) -> dict[str, RawOrigin]:
        """The keys that are written, without options, and without what references take."""
        known = self._options | self.referenced
        return {key: at for key, at in self._written.items() if key not in known}

    def values_at(self, key: str) -> Iterator[object]:
        """Yield what is written at a key, as it is written, the strongest first."""
        return (one.values[key] for one in self.layers if key in one.values)

    def open(self, without: Collection[str] = ()) -> ExitStack:
        """Enter the scopes, as if some keys were not written; closing the stack leaves them."""
        stack = ExitStack()
        for layer in reversed(self.layers):
            if without:
                values = {key: one for key, one in layer.values.items() if key not in without}
                layer = layer._replace(values=values)  # noqa: PLW2901  # the part that counts
            stack.enter_context(scope_of(layer.removing(ambient.current().snapshot)))
        if ambient.inherited is not None:
            from .._scopes.inherited import rank_inherited  # most programs inherit nothing

            rank_inherited()
        return stack


def _each(lowest_first: Iterable[Layer]) -> Iterator[tuple[str, object, RawOrigin]]:
    for layer in lowest_first:
        for key, value in layer.values.items():
            yield key, value, layer.origin_of(key)


def _is_empty_section(key: str, value: object, origin: RawOrigin) -> bool:
    """Tell a section without anything in it: it sets nothing, whatever it is called."""
    return sets_nothing(value) and resolve(origin).kind == "file" and not _is_parameter(key)


def _is_parameter(key: str) -> bool:
    return next(registry.declarations(key), None) is not None


def _merged(
    invocation: Invocation, sources: Sources, env: Mapping[str, str]
) -> tuple[Loaded, list[Layer]]:
    """Return what each source writes, and everything merged.

    A reference in a file sees what the command line sets, and what is set where the program is
    launched.
    """
    from .._config.load import layers, load

    snapshot = ambient.current().snapshot
    flat_values = snapshot.flat()
    origins = {key: snapshot.origin_of(key) for key in flat_values}
    below = _without_references(Layer(flat_values, _FILES, origins))

    lowest_first = reversed([*invocation.options, *invocation.defines])
    above = [_without_references(layer) for layer in lowest_first]
    try:
        loaded = load(
            sources.files, None, sources.variables, env, _FILES,
            declarations=sources.declarations, above=above, below=below, flat=sources.flat,
            is_mapping=is_mapping,
        )  # fmt: skip
        merged = list(layers(loaded.sources, _FILES).scopes())
    except ConfigurationError as error:
        raise UsageError(str(error), key=error.key, origin=error.origin) from None
    return loaded, merged


def _without_references(layer: Layer) -> Layer:
    """Return the layer with each `${` escaped: words of a shell mean what they say."""
    from .._config.literal import as_literal

    return layer._replace(values={key: as_literal(value) for key, value in layer.values.items()})
