"""From sources to bindings, and from bindings to layers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .._scopes.snapshot import Layer, Snapshot
from .._values.assignment import parse_assignment
from .._values.declared import Declarations
from .._values.keys import check
from .._values.origin import RawOrigin
from ..exceptions import ConfigurationError, InvalidKey
from .bindings import Binding, Bindings, of_mapping
from .environment import Variables
from .flat_names import FlatNames
from .from_record import check_complete
from .includes import Files
from .interpolation import interpolated
from .mentioned import mentioned
from .sources import (
    AnySource,
    IsMapping,
    check_no_include,
    each_source,
    in_nothing,
    read_source,
)
from .view import View, as_snapshot, keys_above

Overrides = Mapping[str, object] | Iterable[str]


class Loaded(NamedTuple):
    """What each source writes, the weakest first, and the keys that references take or name.

    `anchored` are sections of files that other sections take values from; `notes` say what a record
    does not set.
    """

    sources: list[Bindings]
    referenced: frozenset[str]
    anchored: frozenset[str]
    notes: list[str]

    def each(self) -> Iterator[tuple[str, object, RawOrigin]]:
        for source in self.sources:
            for key, one in source.items():
                yield key, one.value, one.origin


def load(
    sources: AnySource | Iterable[AnySource],
    overrides: Overrides | None,
    variables: Variables | None,
    env: Mapping[str, str],
    here: RawOrigin,
    *,
    declarations: Declarations,
    at: str | None = None,
    above: Iterable[Layer] = (),
    below: Layer | None = None,
    flat: FlatNames | None = None,
    is_mapping: IsMapping = in_nothing,
) -> Loaded:
    """Return what the sources write: later ones win, then the environment, then overrides.

    `here` is the origin of mappings and overrides; `declarations` has the default that a reference
    finds where nothing sets its key; `at` is the key below which the sources are put;
    the layers `above` win over all, the last one over the others; references find what the layer
    `below` has alone.  `flat` gives the names at the top of a file their full keys; what is put at
    a key that `is_mapping` tells has names of that mapping at its top, as they are written.
    """
    key = check(at) if at else ""
    read = [read_source(one, here, key, flat, is_mapping) for one in each_source(sources)]
    over = [] if overrides is None else _overrides(overrides, here)
    over.extend(map(_of_layer, above))
    files = Files(
        read, variables, over, env, flat=flat, declarations=declarations, is_mapping=is_mapping
    )  # fmt: skip
    files.below = {} if below is None else _of_layer(below)
    written = files.read()
    bindings = [one for one, _ in written]
    for index, (_, missing) in enumerate(written):
        check_complete(missing, bindings[index + 1 :])
    resolved, taken = interpolated(bindings, env, files.elsewhere)
    notes = [missing.note for _, missing in written if missing.note]
    used = taken | files.taken | mentioned(bindings, files.elsewhere.full)
    return Loaded(resolved, used, files.anchored(), notes)


def layers(sources: list[Bindings], here: RawOrigin) -> Snapshot:
    """Return a layer for each source, later ones over the others."""
    return as_snapshot(View(sources).sources if len(sources) > 1 else sources, here)


def _overrides(overrides: Overrides, here: RawOrigin) -> list[Bindings]:
    if isinstance(overrides, Mapping):
        return [check_no_include(of_mapping(overrides, here))]
    if not isinstance(overrides, Iterable):
        raise TypeError(
            f"overrides must be a mapping or texts KEY=VALUE, not {type(overrides).__name__}."
        )
    found: list[Bindings] = [{}]
    for text in [overrides] if isinstance(overrides, str) else overrides:
        if not isinstance(text, str):
            raise TypeError(f"An override must be text KEY=VALUE, not {type(text).__name__}.")
        try:
            key, value = parse_assignment(text)
        except InvalidKey as error:
            raise ConfigurationError(f"overrides: {error}", key=error.key) from None
        # If two write the same, the later one wins: it is a source of its own.
        if any(f"{one}.".startswith(f"{key}.") or key.startswith(f"{one}.") for one in found[-1]):
            found.append({})
        found[-1][key] = Binding(value, here)
    return [*map(check_no_include, found)]


def _of_layer(layer: Layer) -> Bindings:
    mappings = layer.names.keys() - layer.values.keys()
    return {
        key: Binding(
            value,
            layer.origin_of(key),
            layer.names.get(key),
            layer.kinds or None,
            tuple(one for one in reversed([*keys_above(key)]) if one in mappings),
        )
        for key, value in layer.values.items()
    }
