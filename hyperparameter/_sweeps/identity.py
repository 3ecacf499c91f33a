"""What a run is known by: all that is set for it from outside, by value after conversion.

`--lr 0.10` and `--lr 0.1` are one run, `--tag 0.10` and `--tag 0.1` are two.  Secrets do not
count, nor does where a value was set.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from .._functions import registry
from .._records.exact_digest import exact_digest_of as digest_of
from .._scopes.snapshot import Snapshot
from .._values.annotations import hints_below
from .._values.checking import is_unmade, only_checking
from .._values.convert import NOTHING, Converter, Unconvertible, settled
from .._values.describe import describe
from .._values.hints import converter
from .._values.secrets import is_secret
from .._values.untyped import REMOVED, UntypedText, plain
from .run import Cell
from .store.cells import packed_cell

_UNSEEN = "?"


class Identity(NamedTuple):
    """A digest of what is set, and the digest of each key's value.

    `unseen` are the keys whose values cannot be compared, such as open files: a run with any of
    them is like no other.  Their parts are the same for the same object alone, and in no other
    launch.  `settings` is what is set beside the cell of the run, as the store keeps it.
    """

    digest: str
    parts: Mapping[str, str]
    unseen: tuple[str, ...] = ()
    settings: str = "{}"


class Identifier:
    """Says what runs are known by; a value that many runs share is looked at once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, str]] = {}
        self._last_settings: tuple[dict[str, str], str] = {}, "{}"

    def identity(
        self,
        snapshot: Snapshot,
        args: Sequence[object],
        kwargs: Mapping[str, object],
        cell: Cell,
    ) -> Identity:
        """Return what the run of a cell is known by, called so in the scopes of a snapshot."""
        given = {f"*{index}": value for index, value in enumerate(args)}
        given |= {f"**{name}": value for name, value in kwargs.items()}
        flat = snapshot.flat()
        parts = {key: self._part(key, value) for key, value in flat.items() if _counts(key, value)}
        parts |= {key: _digest("", value) for key, value in given.items()}
        unseen = tuple(key for key, digest in parts.items() if digest.startswith(_UNSEEN))
        whole = blake2b(digest_size=16)
        for key in sorted(parts):
            whole.update(f"{len(key)}:{key}={parts[key]};".encode("utf-8", "surrogatepass"))
        whole.update(f"repeat {cell.repeat}".encode())
        if unseen:
            whole.update(os.urandom(16))
        settings = self._settings({**flat, **given} if given else flat, parts, cell)
        return Identity(whole.hexdigest(), parts, unseen, settings)

    def _settings(self, values: Mapping[str, object], parts: Mapping[str, str], cell: Cell) -> str:
        """Return what is set beside the cell, packed again only where it is not as before."""
        below = tuple(f"{key}." for key in cell.values)
        rest = dict(parts)
        for key in [*cell.values, *(key for key in parts if key.startswith(below))]:
            rest.pop(key, None)
        if rest != self._last_settings[0]:
            set_beside = {key: values[key] for key in rest}
            self._last_settings = rest, packed_cell(set_beside, described(set_beside))
        return self._last_settings[1]

    def _part(self, key: str, value: object) -> str:
        known = self._known.get(key)
        # By identity: equal values may be of different types, and == of arrays is an array.
        if known is not None and (known[0] is value or _is_same_text(known[0], value)):
            return known[1]
        digest = _digest(key, value)
        self._known[key] = value, digest
        return digest


def described(values: Mapping[str, object]) -> dict[str, object]:
    """Return values by key as the program reads them, in plain data."""
    return {key: describe(key, reading(key, value)) for key, value in values.items()}


def reading(key: str, value: object) -> object:
    """Return what a value of a key means to the program: to the first declaration that takes it."""
    return next(_converted(key, value), plain(value))


def _is_same_text(one: object, other: object) -> bool:
    return type(one) is type(other) is UntypedText and one == other


def _counts(key: str, value: object) -> bool:
    return value is not REMOVED and not is_secret(key, value)


def _digest(key: str, value: object) -> str:
    """Return a digest of a value as its readers get it; of several different ones, of all.

    What only the user's code can make counts as it is written.
    """
    found = {digest for one in _converted(key, value) if (digest := digest_of(one))}
    found = found or {digest_of(plain(value)) or f"{_UNSEEN}{os.urandom(16).hex()}"}
    return " ".join(sorted(found))


def _converted(key: str, value: object) -> Iterator[object]:
    """Yield the value as each declaration of the key takes it."""
    for convert in _converters(key):
        try:
            with only_checking(may_lack=True):
                made = settled(convert, value, NOTHING)
        except Unconvertible:  # the check of values says so, if no other declaration takes it
            continue
        if not is_unmade(made):
            yield made


def _converters(key: str) -> Iterable[Converter]:
    """Yield the converters of the declarations of a key, or of what it is a part of."""
    names = key.split(".")
    for end in range(len(names), 1, -1):
        for signature in registry.declarations(".".join(names[:end])):
            name, below = names[end - 1], names[end:]
            if not below:
                yield signature.wanted(name).convert
                continue
            hints = [signature.hint(name)]
            for word in below:
                hints = [hint for one in hints for _, hint in hints_below(one, word)]
            yield from map(converter, hints)
