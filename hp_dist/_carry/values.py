"""Values that may change after a submission: written anew, as they are, for each submission.

They are written by one pickler, so that what they share they share in the worker.  Only values of
more than 64 KiB are written apart, where they share nothing with the others: so they travel once.
Whatever cannot change, numbers and texts above all, is encoded once with its layer.
"""

import enum
import io
import pickle
import sys
import threading
import types
from collections.abc import Sequence
from typing import NamedTuple

from hyperparameter._engine_interface import (
    DELETED,
    REMOVED,
    Blank,
    EmptyVariable,
    Layer,
    ScalarText,
    UntypedText,
    UntypedTree,
    resolve,
)

from ..exceptions import CarrierError
from .attachments import Attachment, Store, make_attachment
from .buffers import SentBuffer
from .failures import said_by
from .picklers import Picklers, make_pickler
from .reductions import OpenedOnce

LARGE = 64 * 1024  # bytes; a larger value travels once, as an attachment
NUMBERS = frozenset([int, float, bool])
_PLAIN = NUMBERS | {str, bytes, complex, type(None)}
_UNTYPED = frozenset([UntypedText, ScalarText, Blank, EmptyVariable])
_FIXED = _PLAIN | _UNTYPED | {type(DELETED), type(REMOVED)}
# What two values may have in common without anybody being able to tell.
_NEVER_SHARED = _PLAIN | {
    tuple, frozenset, type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType,
}  # fmt: skip

Piece = bytes | tuple[bytes]
"""Bytes, or the digest of the attachment that has them."""

Group = tuple[tuple[int, ...], Piece, tuple[Piece, ...]]
"""Values written together: which they are, their pickles, and the buffers of these."""


def is_fixed(value: object, depth: int = 20) -> bool:
    """Tell values that never change and that any Python can unpickle."""
    kind = type(value)  # not isinstance: a subclass may pickle in its own way
    if kind in _FIXED:
        return True
    if kind is UntypedTree:  # which nobody gets to see: readers get copies
        return _is_builtin(value.value, depth)  # type: ignore[attr-defined]
    if kind is not tuple and kind is not frozenset:
        return False
    return depth > 0 and all(is_fixed(item, depth - 1) for item in value)  # type: ignore[attr-defined]


def _is_builtin(value: object, depth: int) -> bool:
    kind = type(value)
    if kind in _FIXED or not depth:
        return kind in _FIXED
    if kind is dict:
        items = [*value, *value.values()]  # type: ignore[misc, attr-defined]
        return all(_is_builtin(item, depth - 1) for item in items)
    if kind in (list, tuple, set, frozenset):
        return all(_is_builtin(item, depth - 1) for item in value)  # type: ignore[attr-defined]
    return False


class OpenValue:
    """A value that may change, and how it was written the last time.

    With `is_kind`, it is the empty mapping of the class that the key's value had.
    """

    __slots__ = ("attempt", "buffers", "is_kind", "is_large", "key", "layer")

    def __init__(self, key: str, layer: Layer, is_kind: bool = False) -> None:
        self.key = key
        self.layer = layer
        self.is_kind = is_kind
        self.attempt = 0  # which of the picklers could write it
        self.is_large = False
        self.buffers: tuple[SentBuffer, ...] = ()  # the large ones

    @property
    def value(self) -> object:
        return (self.layer.kinds if self.is_kind else self.layer.values)[self.key]

    def having(self, value: object) -> "OpenValue":
        """Return the same with another value."""
        origin = self.layer.origin_of(self.key)
        if self.is_kind:
            assert isinstance(value, dict)  # which it was written as
            return OpenValue(self.key, Layer({}, origin, kinds={self.key: value}), True)
        return OpenValue(self.key, Layer({self.key: value}, origin))

    def cannot_travel(self, error: BaseException) -> CarrierError:
        origin = self.layer.portable().origin_of(self.key)
        remedy = (
            "Pass it to the work as an argument instead."
            if isinstance(error, OpenedOnce)
            else "Set it in the worker instead, or give it a value that can be pickled."
        )
        return CarrierError(
            f"Hyperparameter {self.key!r} ({origin}) cannot be sent to another process: "
            f"{said_by(error)}. {remedy}",
            key=self.key,
            origin=origin,
        )

    def attach(self, raws: Sequence[memoryview], store: type[Store]) -> list[Attachment]:
        """Return attachments for its large buffers: those of the last time where they are equal."""
        name = f"Hyperparameter {self.key!r} ({resolve(self.layer.origin_of(self.key))})"
        sent = []
        for raw, before in zip(raws, [*self.buffers, *[None] * len(raws)], strict=False):
            # What is not in this store yet is read as a whole anyway, to put it there.
            known = before is not None and before.sends(
                raw, name, store not in before.attachment.places
            )
            sent.append(before if before is not None and known else SentBuffer(raw))
            # An equal array may have the same attachment, and may have been changed since.
            sent[-1].attachment.buffers = [raw]
        self.buffers = tuple(sent)
        return [each.attachment for each in sent]


class WrittenValues(NamedTuple):
    """The open values of a submission as they are now."""

    groups: tuple[Group, ...]
    attachments: list[Attachment]
    engine_values: list[object]


def write(values: Sequence[OpenValue], picklers: Picklers, store: type[Store]) -> WrittenValues:
    """Return the values as bytes; `CarrierError` names the key of one that cannot be written."""
    first = min(max(each.attempt for each in values), len(picklers) - 1)
    for attempt, pickler in enumerate(picklers[first:], first):
        try:
            return _written(values, pickler, store)
        except CarrierError as error:
            if attempt + 1 == len(picklers):
                raise
            next(each for each in values if each.key == error.key).attempt = attempt + 1
    raise AssertionError("there is a pickler")


def _written(
    values: Sequence[OpenValue], pickler: type[pickle.Pickler], store: type[Store]
) -> WrittenValues:
    engine_values: list[object] = []
    attachments: list[Attachment] = []
    groups = []
    for unit in _units(values, pickler, engine_values):
        by_value: dict[OpenValue, list[memoryview]] = {}
        for each, raw in unit.buffers:
            if raw.nbytes > LARGE:
                by_value.setdefault(each, []).append(raw)
        attached = {each: each.attach(raws, store) for each, raws in by_value.items()}
        attachments += [one for each in attached.values() for one in each]
        rest = {each: iter(found) for each, found in attached.items()}
        buffers: list[Piece] = [
            (next(rest[each]).digest,) if raw.nbytes > LARGE else bytes(raw)
            for each, raw in unit.buffers
        ]
        stream: Piece = unit.stream
        # Engine values have their numbers in this message: others cannot share the bytes.
        if len(unit.stream) > LARGE and not unit.has_engine_values:
            attachments.append(make_attachment(unit.stream))
            stream = (attachments[-1].digest,)
        groups.append((tuple(unit.positions), stream, tuple(buffers)))
    return WrittenValues(tuple(groups), attachments, engine_values)


def _units(
    values: Sequence[OpenValue], pickler: type[pickle.Pickler], engine_values: list[object]
) -> "list[_Unit]":
    """Write the values together, but each large one apart that shares nothing with the others."""
    while True:
        engine_values.clear()
        together = [at for at, each in enumerate(values) if not each.is_large]
        apart = [[at] for at, each in enumerate(values) if each.is_large]
        units = [
            _Unit(values, group, pickler, engine_values) for group in [together, *apart] if group
        ]
        if len(values) == 1 or not units[0].found_large():
            break
    mixed = _sharing(units)
    if not mixed:
        return units
    positions = sorted(at for unit in mixed for at in unit.positions)
    joint = _Unit(values, positions, pickler, engine_values)
    return [joint, *(unit for unit in units if unit not in mixed)]


class _Unit:
    """Values written by one pickler, each as a pickle that may refer to those before it."""

    def __init__(
        self,
        values: Sequence[OpenValue],
        positions: list[int],
        kind: type[pickle.Pickler],
        engine_values: list[object],
    ) -> None:
        self.positions = positions
        self.buffers: list[tuple[OpenValue, memoryview]] = []
        self._values = [values[at] for at in positions]
        self._sizes: list[int] = []
        known = len(engine_values)
        file, raws = io.BytesIO(), list[memoryview]()
        # It is kept, because it keeps what it has met: two objects may have one address otherwise.
        self._pickler = make_pickler(
            kind, file, lambda each: raws.append(each.raw()), engine_values
        )
        for value in self._values:
            start = file.tell()
            try:
                self._pickler.dump(value.value)
            except BaseException as error:  # whatever the value's own reduce raises
                if _may_be_a_signals(error):
                    raise
                raise value.cannot_travel(error) from error
            self._sizes.append(file.tell() - start)
            self.buffers += [(value, raw) for raw in raws]
            raws.clear()
        self.stream = file.getvalue()
        self.has_engine_values = len(engine_values) > known

    def found_large(self) -> bool:
        """Note which values have turned out to be large; tell whether some have to be parted."""
        if len(self._values) == 1 or len(self.stream) <= LARGE:
            return False
        large = [v for v, size in zip(self._values, self._sizes, strict=True) if size > LARGE]
        for value in large:
            value.is_large = True
        return bool(large)

    def met(self) -> dict[int, tuple[int, object]]:
        """Return what the pickler has met, by the addresses."""
        return self._pickler.memo.copy()


def _may_be_a_signals(error: BaseException) -> bool:
    # Handlers of signals run in the main thread.  In another, that of a pool above all, which
    # starts its workers, only the value itself can have raised this.
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and isinstance(error, (KeyboardInterrupt, SystemExit))


def _sharing(units: list[_Unit]) -> list[_Unit]:
    """Return the units that have objects in common with another."""
    if len(units) == 1:
        return []
    met = [unit.met() for unit in units]
    seen: set[int] = set()
    common: set[int] = set()
    for objects in met:
        common |= seen & objects.keys()
        seen |= objects.keys()
    for objects in met:
        common -= {at for at in common & objects.keys() if not _can_be_shared(objects[at][1])}
    return [unit for unit, objects in zip(units, met, strict=True) if common & objects.keys()]


def _can_be_shared(value: object) -> bool:
    if type(value) in _NEVER_SHARED or isinstance(value, (type, enum.Enum)):
        return False
    numpy = sys.modules.get("numpy")  # whose arrays of one type all have one object for it
    return numpy is None or not isinstance(value, numpy.dtype)
