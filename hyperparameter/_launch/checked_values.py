"""The check of values before the run: what no declaration takes is refused before hours of work."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from .._functions import registry
from .._scopes import ambient
from .._scopes.refusal import refusal
from .._values.checking import made, only_checking
from .._values.convert import NOTHING, Unconvertible, Unset
from .._values.default_again import or_default
from ..exceptions import ConversionError, UsageError
from .keywords import keywords_of
from .program_keys import LazyScan, may_be_read, takes_names
from .settings import Settings
from .usage_errors import FROM_OUTSIDE

if TYPE_CHECKING:
    from .._functions.signature import Signature


def check_values(settings: Settings, scan: LazyScan, launched: "Signature") -> None:
    """Raise `UsageError` for a value from outside that nobody could take.

    The call of the launched function, which is next, checks its own parameters.
    """
    checks = _Checks(key for key in settings.origins if not _declares(launched, key))
    for fault in _faults(settings, scan, checks):
        raise fault


def value_faults(
    settings: Settings,
    scan: LazyScan,
    launched: "Signature | None",
    unknown: Collection[str],
    *,
    may_lack: bool,
) -> list[UsageError]:
    """Return an error for each value from outside that nobody could take.

    Values of the keys in `unknown` are not known.  With `may_lack`, neither is all that is set.
    """
    checks = _Checks(settings.origins, launched, unknown, may_lack=may_lack)
    if launched is not None:
        with settings.open():
            checks.add(launched, keywords_of(launched, scan))
    return _faults(settings, scan, checks)


def _declares(signature: "Signature", key: str) -> bool:
    below = key.removeprefix(f"{signature.namespace}.")
    return below != key and below.partition(".")[0] in signature.names


def _faults(settings: Settings, scan: LazyScan, checks: "_Checks") -> list[UsageError]:
    """Return the errors of values; once one is known it is taken away, and the others are asked.

    A key that the program may take in another way is left to the run.
    """
    found: dict[str, UsageError] = {}
    state = _state(settings, checks.hidden)
    for key in checks.keys:
        while (refused := checks.refused(key, state)) is not None:
            error, blamed, is_certain = refused
            value = state.find(blamed)
            checks.hide(blamed)
            state = _state(settings, checks.hidden)
            is_ours = getattr(error.origin, "kind", None) in FROM_OUTSIDE
            if is_ours and (is_certain or not may_be_read(blamed, scan())):
                shown = None if value is None else value[0]
                one = UsageError(str(error), key=blamed, value=shown, origin=error.origin)
                found.setdefault(str(error), one)
    return list(found.values())


def _state(settings: Settings, hidden: Collection[str]) -> ambient.State:
    with settings.open(hidden):
        return ambient.current()


class _Refused(NamedTuple):
    error: ConversionError
    blamed: str  # the key of what has to be changed
    is_certain: bool = False  # since the launched function is called with it


class _Checks:
    """The declarations of a program, asked for what they take of what a state has.

    What the `launched` function lacks is missing unless there may be more; what others lack, code
    of the program may set.  The keys in `hidden` are not set.
    """

    def __init__(
        self,
        keys: Iterable[str],
        launched: "Signature | None" = None,
        hidden: Collection[str] = (),
        *,
        may_lack: bool = False,
    ) -> None:
        self.keys = dict.fromkeys(keys)
        self.hidden = set(hidden)
        self._launched = launched
        self._may_lack = may_lack
        self._known: dict[tuple[str, object], _Refused | None] = {}
        self._by_key: dict[str, list[Signature]] = {}
        for signature in registry.declared():
            self.add(signature, signature.names)

    def add(self, signature: "Signature", names: Iterable[str]) -> None:
        for name in names:
            self._by_key.setdefault(f"{signature.namespace}.{name}", []).append(signature)

    def refused(self, key: str, state: ambient.State) -> _Refused | None:
        """Return the error of what declares a key; None if one declaration takes its value."""
        if key in self.hidden:
            return None
        found = self._declarations(key)
        called = [one for one in found if one[1] is self._launched]
        refused = [self._answer(*one, state) for one in called or found]
        if not refused or None in refused:
            return None
        error, blamed, _ = next(filter(None, refused))
        known = blamed if blamed and blamed not in self.hidden else key
        return _Refused(error, known, bool(called))

    def hide(self, key: str) -> None:
        """Ask again for what a key that is no longer set is a part of."""
        self.hidden.add(key)
        for known in [known for known in self._known if f"{key}.".startswith(f"{known[0]}.")]:
            del self._known[known]

    def _declarations(self, key: str) -> "list[tuple[str, Signature]]":
        """Return what declares the key, or a parameter that it is a part of."""
        found = [(key, signature) for signature in self._by_key.get(key, ())]
        without_parts: list[tuple[str, Signature]] = []
        above = key
        while above := above.rpartition(".")[0]:
            for signature in self._by_key.get(above, ()):
                takes = takes_names(signature, above)
                (found if takes else without_parts).append((above, signature))
        return found or without_parts

    def _answer(self, key: str, signature: "Signature", state: ambient.State) -> _Refused | None:
        known = key, signature.key
        if known not in self._known:
            self._known[known] = self._asked(key, signature, state)
        return self._known[known]

    def _asked(self, key: str, signature: "Signature", state: ambient.State) -> _Refused | None:
        name = key.rpartition(".")[2]
        is_whole = signature is self._launched and not self._may_lack
        is_hidden = any(f"{one}.".startswith(f"{key}.") for one in self.hidden)
        with only_checking(may_lack=is_hidden or not is_whole):
            wanted = signature.wanted(name)
            default = signature.defaults.get(name, NOTHING)
            if name in signature.factories:
                default = made(signature.factories[name])
            try:
                found = signature.found(state, key, wanted)
                if found is None:
                    return None
                or_default(wanted.convert, found.value, default)
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
        while path and path not in self.keys:
            path = path.rpartition(".")[0]
        return path
