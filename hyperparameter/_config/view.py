"""Sources that lie over each other: what each takes away of those below, and what all say.

A value replaces all that is below its key, a mapping the names that it has.  Each source stays a
layer of its own: where a value meets a mapping, only the reader knows how the two join.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .._scopes.markers import DELETED
from .._scopes.snapshot import Layer, Snapshot
from .._values.origin import RawOrigin, resolve
from .._values.untyped import (
    REMOVED,
    EmptyVariable,
    UntypedText,
    UntypedTree,
    may_be_mapping,
    sets_nothing,
)
from ..exceptions import ConfigurationError
from .bindings import Binding, Bindings, is_inside

_SIMPLE = (str, bytes, int, float, complex, list, tuple, type(None), UntypedText, UntypedTree)
"""What has no parts that a mapping could join."""


class View:
    """What is seen of sources, of which the later lie over the earlier.

    `sources` has what each of them writes here, with `DELETED` for what it takes away; `replaced`
    the identities of bindings that nobody reads any more.
    """

    def __init__(self, sources: Iterable[Bindings]) -> None:
        self.sources: list[Bindings] = []
        self.bindings: Bindings = {}
        self.replaced: set[int] = set()
        self._sections: set[str] = set()  # the keys that have others below them
        for source in sources:
            self._add(source)

    def _add(self, source: Bindings) -> None:
        source = self._over(source) if self.sources else dict(source)
        self.sources.append(source)
        for key, binding in source.items():
            if binding.value is DELETED or binding.value is REMOVED:
                continue
            self.bindings[key] = binding
            for above in keys_above(key):
                if above in self._sections:
                    break
                self._sections.add(above)

    def _over(self, source: Bindings) -> Bindings:
        """Return what a source writes here, with what it takes away."""
        kept: Bindings = {}
        for key, binding in source.items():
            for above in keys_above(key):
                if above in self.bindings and is_inside(key, binding, above):
                    self._go_below(above, key, source, kept)
            if key in self._sections:
                if sets_nothing(binding.value):
                    continue
                if not may_join(binding.value):
                    self._take_away(key, binding, source, kept)
            if key in self.bindings and not may_join(binding.value):
                self.replaced.add(id(self.bindings[key]))
            kept[key] = binding
        return kept

    def _take_away(self, key: str, binding: Binding, source: Bindings, kept: Bindings) -> None:
        """Take away all that lies below a key whose value is replaced as a whole."""
        start, left = f"{key}.", []
        for name in [one for one in self.bindings if one.startswith(start)]:
            if not is_inside(name, self.bindings[name], key):
                left.append(name)
                continue
            self.replaced.update(id(one[name]) for one in self.sources if name in one)
            del self.bindings[name]
            if name not in source:
                kept[name] = Binding(DELETED, binding.origin)
        self._sections = {one for one in self._sections if not f"{one}.".startswith(start)}
        self._sections.update(above for name in left for above in keys_above(name))

    def _go_below(self, above: str, key: str, source: Bindings, kept: Bindings) -> None:
        """Write below a value of another source, which a mapping joins, or takes the place of."""
        lower, binding = self.bindings[above], source[key]
        _check_no_list_item(lower, above, key, binding)
        if sets_nothing(lower.value):  # a section that is empty
            for one in self.sources:
                one.pop(above, None)
        elif not isinstance(lower.value, _SIMPLE) or may_join(lower.value):
            return
        elif above not in source:
            kept[above] = Binding(REMOVED, binding.origin)
        del self.bindings[above]

    def has(self, key: str) -> bool:
        """Tell whether something is bound at a key or below it."""
        return key in self.bindings or key in self._sections

    def at(self, key: str) -> Iterator[Bindings]:
        """Yield what each source has at a key and below it, the lowest first."""
        start = f"{key}."
        for source in self.sources:
            keys: Iterable[str] = [key] if key in source else []
            if key in self._sections:
                keys = [one for one in source if one == key or one.startswith(start)]
            yield {
                one: source[one]
                for one in keys
                if id(source[one]) not in self.replaced
                and (key not in self.bindings or is_inside(one, source[one], key))
            }


def as_snapshot(sources: Iterable[Bindings], here: RawOrigin) -> Snapshot:
    """Return a layer for each source that sets something, later ones over the others."""
    layers = [_layer(source, here) for source in sources if source]
    return Snapshot(tuple(reversed(layers)), len(layers))


def _layer(source: Bindings, here: RawOrigin) -> Layer:
    return Layer(
        {key: binding.value for key, binding in source.items()},
        here,
        {key: binding.origin for key, binding in source.items()},
        names={
            **_names_of_sections(source),
            **{key: one.names for key, one in source.items() if one.names is not None},
        },
        kinds={key: kind for one in source.values() for key, kind in (one.kinds or {}).items()},
    )


def _names_of_sections(bindings: Bindings) -> dict[str, tuple[str, ...]]:
    """Return the names of each mapping that a source writes as one, by its key."""
    found: dict[str, tuple[str, ...]] = {}
    known: tuple[str, ...] = ()
    for one in bindings.values():
        if one.sections is not known:  # as those of the value before, mostly
            known = one.sections
            for section in [section for section in known if section not in found]:
                found[section] = _names_of(section, one.names)
    return found


def _names_of(key: str, names: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the names of a mapping around a value, of which one may have a dot."""
    if names is None:
        return tuple(key.split("."))
    counts = range(1, len(names))
    return next(names[:n] for n in counts if len(".".join(names[:n])) == len(key))


def keys_above(key: str) -> Iterator[str]:
    while key := key.rpartition(".")[0]:
        yield key


def may_join(value: object) -> bool:
    """Tell what is a mapping, or may be one when it is read, from what replaces all below it."""
    if type(value) is EmptyVariable or isinstance(value, Mapping):
        return True  # an empty variable is not set where it is not a value
    text = UntypedText(value) if isinstance(value, str) else value
    is_reference = isinstance(text, UntypedText) and text.text.lstrip().startswith("${")
    return is_reference or may_be_mapping(text)


def _check_no_list_item(lower: Binding, above: str, key: str, binding: Binding) -> None:
    """Refuse to put a mapping such as `{"0": ...}` in the place of a list."""
    value = lower.value.value if isinstance(lower.value, UntypedTree) else lower.value
    step = key[len(above) + 1 :].partition(".")[0]
    if isinstance(value, (list, tuple)) and step.removeprefix("-").isdecimal():
        place = resolve(binding.origin)
        raise ConfigurationError(
            f"{place.location}: {key!r} would change an item of the list at "
            f"{resolve(lower.origin).location}. A list is replaced as a whole: set {above!r}.",
            key=key,
            origin=place,
        )
