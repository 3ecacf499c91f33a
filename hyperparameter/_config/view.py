"""Sources that lie over each other: what each takes away of those below, and what all say.

A value replaces all that is below its key, a mapping the names that it has.  Each source stays a
layer of its own: where a value meets a mapping, only the reader knows how the two join.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .._scopes.markers import DELETED
from .._scopes.snapshot import Layer, Snapshot
from .._scopes.taken_away import in_words
from .._values.fields import is_structure
from .._values.landing import Spelling, is_inside
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
from .bindings import LEAVES, Binding, Bindings

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
        self._spelling = Spelling(self.has)
        self._written: dict[int, Binding] = {}  # of those whose names have landed on others
        for source in sources:
            self._add(source)

    def _add(self, source: Bindings) -> None:
        source = self._over(source) if self.sources else dict(source)
        self.sources.append(source)
        for key, binding in source.items():
            if binding.value is DELETED or binding.value is REMOVED:
                continue
            self.bindings[key] = binding
            if binding.names is not None:
                self._spelling.add(key, binding.names)
            for above in keys_above(key):
                if above in self._sections:
                    break
                self._sections.add(above)

    def _over(self, source: Bindings) -> Bindings:
        """Return what a source writes here, with what it takes away."""
        kept: Bindings = {}
        # Before anything is written: a name with dots may stand beside what replaces its place.
        for key, binding in source.items():
            if key in self._sections and not _joins(binding.value):
                self._take_away(key, binding, source, kept)
        for key, written in source.items():
            binding = self._landed(key, written)
            for above in keys_above(key):
                if above in self.bindings and is_inside(key, binding.names, above):
                    self._go_below(above, key, source, kept)
            if key in self._sections and sets_nothing(binding.value):
                continue
            if key in self.bindings and not may_join(binding.value):
                self._replace(self.bindings[key])
            kept[key] = binding
        return kept

    def _landed(self, key: str, binding: Binding) -> Binding:
        if binding.names is None and not self._spelling.has_dots:
            return binding
        names = self._spelling.landing(key, binding.names)
        if names == binding.names:
            return binding
        sections = tuple(one for one in binding.sections if is_inside(key, names, one))
        landed = binding._replace(names=names, sections=sections)
        self._written[id(landed)] = binding
        return landed

    def _replace(self, binding: Binding) -> None:
        """Note that nobody reads a binding any more."""
        self.replaced.update(map(id, (binding, self._written.get(id(binding), binding))))

    def _take_away(self, key: str, binding: Binding, source: Bindings, kept: Bindings) -> None:
        """Take away all that lies below a key whose value is replaced as a whole."""
        start, left = f"{key}.", []
        for name in [one for one in self.bindings if one.startswith(start)]:
            if not is_inside(name, self.bindings[name].names, key):
                left.append(name)
                continue
            for one in self.sources:
                if name in one:
                    self._replace(one[name])
            del self.bindings[name]
            if name not in source:
                kept[name] = Binding(DELETED, binding.origin)
        self._sections = {one for one in self._sections if not f"{one}.".startswith(start)}
        self._sections.update(above for name in left for above in keys_above(name))
        self._spelling = Spelling(self.has)
        for name, other in self.bindings.items():
            self._spelling.add(name, other.names)

    def _go_below(self, above: str, key: str, source: Bindings, kept: Bindings) -> None:
        """Write below a value of another source, which a mapping joins, or takes the place of."""
        lower, binding = self.bindings[above], source[key]
        _check_no_list_item(lower, above, key, binding)
        if binding.value is REMOVED:  # nothing is below a value, which stays
            return
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
                and (key not in self.bindings or is_inside(one, source[one].names, key))
            }


def as_snapshot(sources: Iterable[Bindings], here: RawOrigin) -> Snapshot:
    """Return a layer for each source that sets something, later ones over the others."""
    layers = [_layer(source, here) for source in sources if source]
    return Snapshot(tuple(reversed(layers)), len(layers))


def _layer(source: Bindings, here: RawOrigin) -> Layer:
    values = {key: binding.value for key, binding in source.items()}
    return Layer(
        {**in_words(values), **values},
        here,
        {key: binding.origin for key, binding in source.items()},
        names={
            **_names_of_sections(source),
            **{key: one.names for key, one in source.items() if one.names is not None},
            **dict(_instances(source)),
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


def _instances(source: Bindings) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, one in source.items():
        if type(one.value) not in LEAVES and is_structure(one.value):
            yield key, one.names or tuple(key.split("."))


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


def _joins(value: object) -> bool:
    return sets_nothing(value) or may_join(value)


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
