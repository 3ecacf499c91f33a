"""The check of values before the run: what no declaration takes is refused before hours of work."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from .._functions import registry
from .._scopes import ambient
from .._scopes.markers import DELETED
from .._scopes.refusal import refusal
from .._scopes.scope import scope, scope_of
from .._scopes.snapshot import Layer
from .._values.checking import made, only_checking
from .._values.convert import NOTHING, Unconvertible, Unset, settled
from .._values.origin import Origin
from ..exceptions import ConversionError, UsageError
from .program_keys import LazyScan, may_be_read, takes_names
from .settings import Settings
from .usage_errors import FROM_OUTSIDE

if TYPE_CHECKING:
    from .._functions.signature import Signature


def check_values(settings: Settings, scan: LazyScan, launched: Signature) -> None:
    """Raise `UsageError` for a value from outside that nobody could take.

    The call of the launched function, which is next, checks its own parameters.
    """
    for fault in _faults(settings, scan, _Checks(settings.origins, called=launched)):
        raise fault


def value_faults(
    settings: Settings,
    scan: LazyScan,
    launched: Signature | None,
    unknown: Collection[str],
    *,
    may_lack: bool,
) -> list[UsageError]:
    """Return an error for each value from outside that nobody could take.

    Values of the keys in `unknown` are not known.  With `may_lack`, neither is all that is set.
    """
    whole = None if may_lack else launched
    return _faults(settings, scan, _Checks(settings.origins, whole=whole, hidden=unknown))


def _faults(settings: Settings, scan: LazyScan, checks: _Checks) -> list[UsageError]:
    """Return the errors of values; once one is known it is taken away, and the others are asked.

    A key that the program may take in another way is left to the run.
    """
    found: dict[str, UsageError] = {}
    with settings.open() as opened:
        opened.enter_context(_without(checks.hidden))
        for key in settings.origins:
            while (refused := checks.refused(key)) is not None:
                error, blamed = refused
                value = ambient.current().find(blamed)
                opened.enter_context(_without([blamed]))
                checks.hide(blamed)
                kind = getattr(error.origin, "kind", None)
                if kind in FROM_OUTSIDE and not may_be_read(blamed, scan()):
                    shown = None if value is None else value[0]
                    one = UsageError(str(error), key=blamed, value=shown, origin=error.origin)
                    found.setdefault(str(error), one)
    return list(found.values())


def _without(keys: Collection[str]) -> scope:
    return scope_of(Layer(dict.fromkeys(keys, DELETED), Origin("default", "")))


class _Refused(NamedTuple):
    error: ConversionError
    blamed: str  # the key of what has to be changed


class _Checks:
    """The declarations of a program, asked for what they take of what is set where it is called.

    Parameters of the `called` function are left to its call.  What the `whole` one lacks is
    missing; what others lack, code of the program may set.  The keys in `hidden` are not set.
    """

    def __init__(
        self,
        keys: Collection[str],
        *,
        called: Signature | None = None,
        whole: Signature | None = None,
        hidden: Collection[str] = (),
    ) -> None:
        self.hidden = set(hidden)
        self._keys = keys
        self._called = called
        self._whole = whole
        self._known: dict[tuple[str, object], _Refused | None] = {}
        self._by_key: dict[str, list[Signature]] = {}
        for signature in registry.declared():
            for name in signature.names:
                self._by_key.setdefault(f"{signature.namespace}.{name}", []).append(signature)

    def refused(self, key: str) -> _Refused | None:
        """Return the error of what declares a key; None if one declaration takes its value."""
        found = self._declarations(key)
        if key in self.hidden or any(one is self._called for _, one in found):
            return None
        refused = [self._answer(*one) for one in found]
        if not refused or None in refused:
            return None
        error, blamed = next(filter(None, refused))
        return _Refused(error, key if blamed in self.hidden or not blamed else blamed)

    def hide(self, key: str) -> None:
        """Ask again for what a key that is no longer set is a part of."""
        self.hidden.add(key)
        for known in [known for known in self._known if f"{key}.".startswith(f"{known[0]}.")]:
            del self._known[known]

    def _declarations(self, key: str) -> list[tuple[str, Signature]]:
        """Return what declares the key, or a parameter that it is a part of."""
        found = [(key, signature) for signature in self._by_key.get(key, ())]
        above = key
        while above := above.rpartition(".")[0]:
            for signature in self._by_key.get(above, ()):
                if takes_names(signature, above):
                    found.append((above, signature))
        return found

    def _answer(self, key: str, signature: Signature) -> _Refused | None:
        known = key, signature.key
        if known not in self._known:
            self._known[known] = self._asked(key, signature)
        return self._known[known]

    def _asked(self, key: str, signature: Signature) -> _Refused | None:
        name = key.rpartition(".")[2]
        is_whole = signature is self._whole and not any(
            one.startswith(f"{key}.") for one in self.hidden
        )
        with only_checking(may_lack=not is_whole):
            wanted = signature.wanted(name)
            default = signature.defaults.get(name, NOTHING)
            if name in signature.factories:
                default = made(signature.factories[name])
            try:
                found = signature.found(ambient.current(), key, wanted)
                if found is None:
                    return None
                settled(wanted.convert, found.value, default)
            except Unset:  # an empty variable, say, which sets nothing
                return None
            except ConversionError as error:
                return _Refused(error, self._set_at(key))
            except Unconvertible as problem:
                assert found is not None
                path = ".".join(map(str, [key, *problem.path]))
                return _Refused(refusal(ConversionError, key, found, problem), self._set_at(path))
        return None

    def _set_at(self, path: str) -> str:
        """Return the key that sets what is at the path, empty if it is made of several."""
        while path and path not in self._keys:
            path = path.rpartition(".")[0]
        return path
