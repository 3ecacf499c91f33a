"""The check of values before the run: what no declaration takes is refused before hours of work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .._functions import registry
from .._scopes import ambient
from .._scopes.lookup import typed
from .._values.checking import made, only_checking
from .._values.convert import NOTHING, Unset
from ..exceptions import ConversionError, UsageError
from .program_keys import LazyScan, may_be_read, takes_names
from .settings import Settings

if TYPE_CHECKING:
    from .._functions.signature import Signature

_Declaration = tuple[str, "Signature"]


def check_values(settings: Settings, scan: LazyScan, launched: Signature) -> None:
    """Raise `UsageError` for a value from outside that nobody could take.

    The call of the launched function, which is next, checks its own parameters.
    """
    for fault in value_faults(settings, scan, launched, with_launched=False):
        raise fault


def value_faults(
    settings: Settings, scan: LazyScan, launched: Signature | None, *, with_launched: bool
) -> Iterator[UsageError]:
    """Yield an error for each value that all declarations of its key refuse, as a call would.

    Nothing of the user's is called.  A key that the program reads in other ways is left to them.
    """
    with settings.open():  # here, since a scope must not stay open between two steps
        checks = _Checks(ambient.current(), launched, with_launched=with_launched)
        refused = [(key, errors) for key in settings.origins if (errors := checks.refusals(key))]
    seen: set[str] = set()
    for key, errors in refused:
        error = errors[0]
        if str(error) not in seen and not may_be_read(key, scan()):
            seen.add(str(error))
            yield UsageError(str(error), key=error.key, origin=error.origin)


class _Checks:
    """The declarations of a program, asked for what they take of what is set in a state."""

    def __init__(
        self, state: ambient.State, launched: Signature | None, *, with_launched: bool
    ) -> None:
        self._state = state
        self._launched = launched
        self._with_launched = with_launched
        self._known: dict[tuple[str, object], ConversionError | None] = {}
        self._by_key: dict[str, list[Signature]] = {}
        for signature in registry.declared():
            for name in signature.names:
                self._by_key.setdefault(f"{signature.namespace}.{name}", []).append(signature)

    def declarations(self, key: str) -> list[_Declaration]:
        """Return what declares the key, or a parameter that it is a part of."""
        found = [(key, signature) for signature in self._by_key.get(key, ())]
        above = key
        while above := above.rpartition(".")[0]:
            for signature in self._by_key.get(above, ()):
                if takes_names(signature, above):
                    found.append((above, signature))
        return found

    def refusals(self, key: str) -> list[ConversionError]:
        """Return the errors of all declarations of a key; none if one of them takes its value."""
        found = self.declarations(key)
        if not self._with_launched and any(one is self._launched for _, one in found):
            return []
        errors = [self._refusal(*one) for one in found]
        return [] if None in errors else [error for error in errors if error is not None]

    def _refusal(self, key: str, signature: Signature) -> ConversionError | None:
        known = key, signature.key
        if known not in self._known:
            self._known[known] = self._asked(key, signature)
        return self._known[known]

    def _asked(self, key: str, signature: Signature) -> ConversionError | None:
        name = key.rpartition(".")[2]
        # Of the others, code of the program may set what is missing.
        with only_checking(may_lack=signature is not self._launched):
            wanted = signature.wanted(name)
            default = signature.defaults.get(name, NOTHING)
            if name in signature.factories:
                default = made(signature.factories[name])
            try:
                found = signature.found(self._state, key, wanted)
                if found is not None:
                    typed(key, found, wanted.convert, default)
            except Unset:  # an empty variable, say, which sets nothing
                return None
            except ConversionError as error:
                return error
        return None
