"""What a launched function takes by its `**kwargs`: names below its namespace that are free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._functions import registry
from .._scopes import ambient
from .._values.annotations import keyword_hint
from .._values.fields import UNKNOWN
from .program_keys import is_declared

if TYPE_CHECKING:
    from .._functions.signature import Signature
    from .._scan import SourceTree
    from .program_keys import LazyScan


def keywords_of(signature: Signature, scan: LazyScan) -> tuple[str, ...]:
    """Return the names of what is set here for `**kwargs`."""
    if not signature.varkw_name:
        return ()
    below = ambient.current().snapshot.below(signature.namespace)
    names = dict.fromkeys(key.partition(".")[0] for key in below)
    free = [name for name in names if _is_undeclared(signature, name)]
    return tuple(name for name in free if takes(signature, name, scan()))


def takes(signature: Signature, name: str, program: SourceTree | None) -> bool:
    """Tell whether a name is for `**kwargs`: nothing else declares it, or reads it by its key.

    Reads of keys that only the run makes do not count: they may mean any name.
    """
    if not signature.varkw_name or not _is_undeclared(signature, name):
        return False
    if keyword_hint(signature.hint(signature.varkw_name), name) is UNKNOWN:
        return False
    start = f"{signature.namespace}.{name}."
    findings = () if program is None else program.findings
    return not any(f"{one.key}.".startswith(start) for one in findings if not one.is_pattern)


def is_for_keywords(key: str, program: SourceTree | None) -> bool:
    """Tell whether any decorated function takes a key by its `**kwargs`."""
    for one in registry.declared():
        below = key.removeprefix(f"{one.namespace}.")
        if below != key and takes(one, below.partition(".")[0], program):
            return True
    return False


def _is_undeclared(signature: Signature, name: str) -> bool:
    key = f"{signature.namespace}.{name}"
    if is_declared(key):
        return False
    return not any(f"{one.namespace}.".startswith(f"{key}.") for one in registry.declared())
