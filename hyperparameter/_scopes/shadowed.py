"""Values that nothing can see: another is bound over them, for good.

A scope inside another only hides what it will show again.  What is carried or made the baseline
shows its lower layers never again, so neither needs such values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._values.containers import takes_place
from .._values.origin import RawOrigin
from .._values.scalars import MOST_SMALL_TEXT, is_small
from .._values.untyped import REMOVED, ScalarText, UntypedText
from .joined import is_mapping
from .markers import DELETED, SHADOWED
from .recorder import Recorder
from .snapshot import NOTHING, Layer, Snapshot

_MOST_LAYERS = 8


def as_baseline(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot as a baseline: it shows the same, has no scope, and keeps nothing else.

    `frozen()` may be called again and again: now and then the layers become one.
    """
    if not snapshot.depth and not snapshot.closed:
        return snapshot
    layers = snapshot.layers
    if len(layers) > _MOST_LAYERS:
        layers = _joined(layers)
    return Snapshot(_without_shadowed(layers))


def note_visible(layers: Iterable[Layer], record: Recorder) -> None:
    """Tell a record of the keys that these layers bind and it does not know."""
    if (new := _visible(layers, record.overrides)).values:
        record.override(new)


def _visible(layers: Iterable[Layer], without: Mapping[str, object]) -> Layer:
    """Return the innermost binding of each other key as a layer, that of its deletion too."""
    values: dict[str, Any] = {}
    origins: dict[str, RawOrigin] = {}
    for layer in layers:
        if layer.values.keys() <= without.keys():  # as those of most scopes that arrive
            continue
        for key, value in layer.values.items():
            if key not in values and key not in without:
                values[key], origins[key] = value, layer.origin_of(key)
    return Layer(values, NOTHING.origin, origins)


def is_shadowed(key: str, above: Iterable[Layer]) -> bool:
    """Tell whether one of the layers above has a value that takes the place of any below it."""
    return any(key in layer.values and _replaces(layer.values[key]) for layer in above)


def is_needless(key: str, value: object, above: Iterable[Layer]) -> bool:
    """Tell a value that nothing can see.  Small ones are needed: `explain` shows them."""
    return not _is_small(value) and is_shadowed(key, above)


def _is_small(value: object) -> bool:
    if value is DELETED or value is REMOVED:  # they decide in which order keys come
        return True
    if type(value) is ScalarText or type(value) is UntypedText:
        return len(value.text) <= MOST_SMALL_TEXT
    return is_small(value)


def _replaces(value: object) -> bool:
    return value is not DELETED and takes_place(value)


def _without_shadowed(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    found: list[Layer] = []
    above: set[str] = set()
    for layer in layers:
        drop = [
            key for key in above & layer.values.keys() if is_needless(key, layer.values[key], found)
        ]
        above |= layer.values.keys()
        kept = layer.values if not drop else {**layer.values, **dict.fromkeys(drop, SHADOWED)}
        found.append(layer._replace(values=kept) if drop else layer)
    return tuple(found)


def _joined(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Return as few layers as can show the same; keys may change their places among each other."""
    found: list[Layer] = []
    for layer in reversed(layers):
        joined = _over(layer, found[-1]) if found else layer
        if joined is None:
            found.append(layer)
            continue
        if len(found) <= 1:  # there is nothing below that a deletion could hide
            kept = {key: value for key, value in joined.values.items() if value is not DELETED}
            joined = joined._replace(values=kept)
        found[-1:] = [joined]
    return tuple(reversed(found))


def _over(layer: Layer, lower: Layer) -> Layer | None:
    """Return one layer that shows what the two show; None where there is no such layer."""
    both = layer.values.keys() & lower.values.keys()
    keeps_places = layer.can_join(lower)
    for key in both:
        value = layer.values[key]
        if not _replaces(value) and not (value is DELETED and keeps_places):
            return None
    if not keeps_places:
        rest = {key: value for key, value in lower.values.items() if key not in both}
        same = {
            k: lower.names[k] for k in both & lower.names.keys() if not is_mapping(k, lower.values)
        }
        layer = layer._replace(names={**same, **layer.names})
        lower = lower._replace(values=rest)
    return layer.over(lower)
