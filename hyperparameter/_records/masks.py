"""Secrets that are known by their values, masked in the texts that records and sweeps keep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .._functions import registry
from .._scopes.snapshot import Snapshot
from .._values.describe import describe, has_secrets
from .._values.masking import MASK, masked_text
from .._values.structures import structure_of
from .._values.untyped import Untyped, plain

_LONG = 8  # a shorter secret may be a part of common words


class Masks:
    """Knows secrets by the values that were given for their keys."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def learn(self, values: Mapping[str, object]) -> None:
        """Note the texts of the secrets among values by key."""
        for key, value in values.items():
            if not has_secrets(describe(key, value)):
                continue
            structure = structure_of(type(value))
            if structure is None:
                self._texts.update(text for text in _texts(value) if text)
            else:
                fields = structure.values_of(value)
                self.learn({f"{key}.{name}": one for name, one in fields.items()})

    def learn_all(self, scopes: Iterable[Snapshot]) -> None:
        """Note the secrets that scopes have, and those that are defaults of what is declared."""
        for snapshot in scopes:
            self.learn(snapshot.flat())
        for signature in registry.declared():
            defaults = signature.defaults.items()
            self.learn({f"{signature.namespace}.{name}": one for name, one in defaults})

    def masked(self, text: str) -> str:
        """Return text of any length without its secrets."""
        text = self.without_known(text)
        if len(text) <= _MOST_AT_ONCE:
            return masked_text(text)
        return "".join(map(_masked_line, text.splitlines(keepends=True)))

    def word(self, text: str) -> str:
        """Return a word of a command line without its secrets, and never cut."""
        known = self.without_known(text)
        shown = masked_text(known)  # which cuts what is long
        return known if known.startswith(shown) else shown

    def without_known(self, text: str) -> str:
        """Return text without the secrets that were learnt."""
        for secret in sorted(self._texts, key=len, reverse=True):
            if len(secret) >= _LONG:
                text = text.replace(secret, MASK)
            else:
                text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
        return text


_MOST_AT_ONCE = 4096  # of which `masked_text` returns no more


def _masked_line(line: str) -> str:
    if len(line) <= _MOST_AT_ONCE:
        return masked_text(line)
    return f"{masked_text(line)}…{line[len(line.rstrip()) :]}"  # which is what `masked_text` cuts


def _texts(value: object) -> Iterable[str]:
    """Yield what is text in a value, as it was typed too."""
    if isinstance(value, Untyped):
        typed = getattr(value, "text", None)
        if isinstance(typed, str):
            yield typed
        value = plain(value)
    if isinstance(value, str):
        yield value
    inner: Iterable[object] = value.values() if isinstance(value, dict) else ()
    for one in value if isinstance(value, (list, tuple)) else inner:
        yield from _texts(one)
