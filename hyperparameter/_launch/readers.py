"""The places of a program that read a key, and what each of them gets where it runs."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from .._functions import registry
from .._scopes import ambient
from .._scopes.lookup import find, read, require, truth
from .._values.describe import Description
from .._values.origin import outside_site
from .._values.untyped import (
    REMOVED,
    EmptyVariable,
    Layered,
    UntypedText,
    UntypedTree,
    is_null,
    plain,
)
from ..exceptions import ConversionError, MissingParameter
from .options import REQUIRED
from .program_keys import reads_in

if TYPE_CHECKING:
    from .._functions.signature import Signature
    from .._scan import Finding, SourceTree


class Reader(NamedTuple):
    """A place that reads a key; `ask` gives what it gets here, `REQUIRED` where that is nothing.

    `tells` says that of what is set it gets the very value, not just something to know it by.
    """

    key: str
    ask: Callable[[], object]
    tells: bool = True

    def gets(self) -> object:
        """Return what the place gets; a `ConversionError` that it raises is returned."""
        try:
            return self.ask()
        except ConversionError as error:
            return error

    def is_set(self) -> bool:
        """Tell whether anything is bound at the key or below it."""
        snapshot = ambient.current().snapshot
        return snapshot.find(self.key) is not None or bool(snapshot.below(self.key))


def readers_in(program: "SourceTree | None") -> Iterator[Reader]:
    """Yield each place that declares or reads a key which is known before the run."""
    for signature in registry.declared():
        yield from readers_of(signature, signature.names)
    for one in reads_in(program):
        if not one.is_pattern:
            is_known = one.required or (one.has_default and not _is_computed(one))
            yield Reader(one.key, partial(_read, one), is_known and not one.is_truth)


def readers_of(signature: "Signature", names: Iterable[str]) -> Iterator[Reader]:
    """Yield what reads each name for the call of a function."""
    for name in names:
        yield Reader(f"{signature.namespace}.{name}", partial(signature.value, name, REQUIRED))


def reader_of_anything(key: str) -> Reader:
    """Return what stands for all places that may read a key in ways that nobody knows."""
    return Reader(key, partial(_stored, key, REQUIRED), False)


def _read(one: "Finding") -> object:
    state, site = ambient.current(), outside_site()
    if one.is_truth:
        return truth(state, one.key, site)
    if one.required:
        try:
            return require(state, one.key, site)
        except MissingParameter:
            return REQUIRED
    if not one.has_default or _is_computed(one):
        return _stored(one.key, one.default if one.has_default else REQUIRED)
    return read(state, one.key, one.default, site)


def _is_computed(one: "Finding") -> bool:
    return isinstance(one.default, Description)


def _stored(key: str, missing: object) -> object:
    found = find(ambient.current(), key)
    return missing if found is None else _told_apart(found.value)


def _told_apart(value: object) -> object:
    """Return a value with words for each scalar: what it means without a type, and as text."""
    if type(value) is Layered:
        whole, parts = value.whole, _told_apart(value.parts)
        is_nothing = whole is None or whole is REMOVED or is_null(whole)
        below = {} if is_nothing else _told_apart(whole)
        is_joined = isinstance(below, dict) and isinstance(parts, dict)
        return {**below, **parts} if is_joined else below  # type: ignore[dict-item]  # both are
    if type(value) is EmptyVariable:
        return "an empty variable"
    found = value.value if isinstance(value, UntypedTree) else value
    if isinstance(found, dict):
        parts = {plain(name): one for name, one in found.items() if one is not REMOVED}
        return {name: _told_apart(one) for name, one in parts.items()}
    if isinstance(found, (list, tuple)):
        return [_told_apart(item) for item in found]
    text = value.text if isinstance(value, UntypedText) else str(value)
    return f"{plain(value)!r}, as text {text!r}"
