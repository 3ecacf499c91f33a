"""What travels with a piece of work: the scopes of its submission, and the baseline.

A `Carried` is made in the submitting thread; its `parcel` travels.  Where that arrives, as a
`Sent`, `open()` puts the scopes over what is active there; in another process it also brings the
baseline, and installs the engines that were installed where it comes from, so that work submitted
from there carries on.
"""

from __future__ import annotations

import functools
import os
import pickle
from typing import Any, NamedTuple, Protocol, Self

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter.context import Captured, Snapshot

from .. import _engines
from ..exceptions import CarrierError
from .attachments import Inline, Part, Store, part
from .recent import Recent
from .wire import Fetch, Payload, decode, encode, seal, unseal, weight_of

Home = tuple[bytes, int]


class Parcel(NamedTuple):
    """A `Carried` on its way: bytes, and what an engine has to see itself.

    `along` is empty, or has the values beside the scopes and the baseline, and by digest the places
    of the parts.
    """

    data: bytes
    along: tuple[Any, ...] = ()


class Travelling(Protocol):
    """A `Carried`, or a `Sent` that may become one."""

    def open(self) -> Any:
        """Open the scopes in this context; return what `context.detach` puts back."""

    def parcel(self, store: type[Store]) -> Parcel:
        """Return what travels; `CarrierError` when a value cannot."""

    def arrived(self) -> Carried:
        """Return the `Carried`; `CarrierError` when what was sent is damaged."""


class Carried:
    """The scopes and the baseline of one moment."""

    __slots__ = ("_engines", "_home", "baseline", "scopes")

    def __init__(self, captured: Captured, engines: tuple[str, ...], home: Home) -> None:
        self.scopes, self.baseline = captured
        self._engines = engines
        self._home = home  # the process where this was captured

    @classmethod
    def capture(cls) -> Self:
        """Return what is active in this context now."""
        return cls(context.capture(), _engines.installed(), (_token, os.getpid()))

    @property
    def is_home(self) -> bool:
        """Whether this is the process where it was captured."""
        return self._home == (_token, os.getpid())

    def open(self, over: Carried | None = None) -> Any:
        """Open the scopes, those of `over` below them, and the baseline at the bottom."""
        if self.is_home:
            return context.attach(self.scopes)
        scopes, baseline = self._from_afar()
        context.set_baseline(baseline)
        _engines.install_all(self._engines)
        if over is None or not over.scopes.depth:
            return context.attach(scopes, baseline)
        before = context.attach(over.scopes, baseline)
        context.attach(scopes)
        return before

    def open_for_good(self) -> None:
        """Open the scopes in a process that is there for them; tasks bring a later baseline."""
        scopes, baseline = (self.scopes, self.baseline) if self.is_home else self._from_afar()
        context.set_baseline(baseline)
        _engines.install_all(self._engines)
        context.attach(scopes)

    def _from_afar(self) -> tuple[Snapshot, Snapshot]:
        """Return scopes and baseline in a fork of the process, which they have to name now."""
        parent = interface.this_process()._replace(pid=self._home[1])
        return self.scopes.portable(parent), self.baseline.portable(parent)

    def parcel(self, store: type[Store]) -> Parcel:
        """Encode now, so that a value which cannot travel raises here, in the caller."""
        scopes, baseline = encode(self.scopes), encode(self.baseline)
        sealed: _Sealed | None = scopes.sealed
        of = baseline, self._engines, self._home
        if sealed is None or sealed.of != of:
            sealed = scopes.sealed = _Sealed(scopes, of)
        data, parts = sealed.data, sealed.parts
        if len(data) > store.most_bytes:
            whole = sealed.whole()
            data, parts = _IS_PART + whole.digest, [*parts, whole]
        if not parts and not any(sealed.beside):
            return Parcel(data)
        return Parcel(data, (*sealed.beside, {part.digest: store.keep(part) for part in parts}))

    def parts(self) -> list[Part]:
        """Return what of it travels apart."""
        return [*encode(self.scopes).parts, *encode(self.baseline).parts]

    def arrived(self) -> Carried:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Sent, (Inline, *self.parcel(Inline))


class _Sealed:
    """What of a parcel is the same in all stores; `of` tells what it was made from."""

    def __init__(self, scopes: Payload, of: tuple[Payload, tuple[str, ...], Home]) -> None:
        baseline, engines, home = self.of = of
        nothing_open = scopes is baseline
        body = (None if nothing_open else scopes.data, baseline.data, engines, home)
        self.data = seal(pickle.dumps(body, protocol=5))
        self.parts = [*baseline.parts, *(() if nothing_open else scopes.parts)]
        self.beside = () if nothing_open else scopes.beside, baseline.beside
        self._whole: Part | None = None

    def whole(self) -> Part:
        """Return the data as a part."""
        if self._whole is None:
            self._whole = part(self.data)
        return self._whole


class Sent:
    """A parcel that arrived, opened when it is needed."""

    __slots__ = ("_parcel", "_store")

    def __init__(self, store: type[Store], data: bytes, along: tuple[Any, ...] = ()) -> None:
        self._store = store
        self._parcel = Parcel(data, along)

    def arrived(self) -> Carried:
        return arrive(self._store, *self._parcel)

    def open(self) -> Any:
        return self.arrived().open()

    def parcel(self, store: type[Store]) -> Parcel:
        return self._parcel if store is self._store else self.arrived().parcel(store)

    def __reduce__(self) -> tuple[Any, ...]:
        return Sent, (Inline, *self.parcel(Inline))


def arrive(store: type[Store], data: bytes, along: tuple[Any, ...] = ()) -> Carried:
    """Return what was carried; the same bytes are decoded once.

    `CarrierError` when they are damaged, or when a part of them is not to be had.
    """
    if not isinstance(data, bytes):
        raise CarrierError(f"A carried scope is bytes, not {type(data).__name__}.")
    if len(along) not in (0, 3):
        raise CarrierError(f"The scope arrived with {len(along)} things along, not three.")
    known: Carried | None = _arrived.get(data)
    if known is None:
        aside, baseline_aside, places = along or ((), (), {})
        fetch = functools.partial(_fetch, store, places)
        body = unseal(fetch(data[1:]).stream if data[:1] == _IS_PART else data)
        scopes, baseline, engines, home = pickle.loads(body)
        bottom = _decode_once(baseline, fetch, baseline_aside)
        top = bottom if scopes is None else decode(scopes, fetch, aside)
        known = Arrived(Captured(top, bottom), engines, home)
        if not aside and not baseline_aside:  # they may be others next time
            _arrived.put(data, known, _weight(top) + _weight(bottom))
    return known


def _fetch(store: type[Store], places: dict[bytes, Any], digest: bytes) -> Part:
    if digest not in places:
        raise CarrierError("A part of the carried scope was lost on its way.")
    found = store.fetch(digest, places[digest])
    if getattr(found, "digest", None) != digest:
        raise CarrierError("A part of the carried scope is not the one that was sent.")
    return found


def _decode_once(data: bytes, fetch: Fetch, beside: Any) -> Snapshot:
    """Decode a baseline: it is told by its identity whether there is a new one."""
    known: Snapshot | None = None if beside else _arrived.get(data)
    if known is None:
        known = decode(data, fetch, beside)
        if not beside:
            _arrived.put(data, known, _weight(known))
    return known


def _weight(snapshot: Snapshot) -> int:
    return sum(weight_of(layer, blob.parts) for layer, blob in encode(snapshot).blobs)


# Tells this process, and with the pid those forked from it, from all others.
_token = os.urandom(8)
_IS_PART = b"#"
_arrived = Recent(256, 32 * 1024 * 1024)


class Arrived(Carried):
    """A `Carried` that has travelled: its origins were given their process when it left."""

    __slots__ = ("_opened",)

    def __init__(self, captured: Captured, engines: tuple[str, ...], home: Home) -> None:
        super().__init__(captured, engines, home)
        self._opened: tuple[Any, Any, Any] | None = None

    def open(self, over: Carried | None = None) -> Any:
        """Open the scopes; a worker that is where it was for the last task finds them open."""
        if over is not None or self.is_home:
            return super().open(over)
        if self._opened is not None:
            before, below, opened = self._opened
            if interface.active() is before and interface.baseline_state() is below:
                _engines.install_all(self._engines)
                return interface.swap(opened)
        before = super().open()
        self._opened = before, interface.baseline_state(), interface.active()
        return before

    def _from_afar(self) -> tuple[Snapshot, Snapshot]:
        return self.scopes, self.baseline


class CarriedToThreads(Carried):
    """A `Carried` that threads of its process open as it was, with the records open in it."""

    __slots__ = ("_state",)

    def __init__(self, captured: Captured, engines: tuple[str, ...], home: Home) -> None:
        super().__init__(captured, engines, home)
        self._state = interface.active()

    def open(self, over: Carried | None = None) -> Any:
        return interface.swap(self._state) if self.is_home else super().open(over)
