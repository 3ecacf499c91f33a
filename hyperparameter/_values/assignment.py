"""`KEY=VALUE`, wherever it is written: on a command line, in `hp.scope("k=v")`, in overrides."""

from __future__ import annotations

from ..exceptions import InvalidKey
from .keys import check
from .masking import masked_text
from .untyped import UntypedText


def parse_assignment(text: str) -> tuple[str, UntypedText]:
    """Return the key, and the value as text whose type is the reader's choice.

    `InvalidKey` for text without `=` and for a key that is not a dotted name.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        what = "no key before '='" if equals else "no '='"
        raise InvalidKey(
            f"{masked_text(text)!r:.200} has {what}. Write it as KEY=VALUE.",
            key="" if equals else masked_text(key),
        )
    return check(key.strip()), UntypedText(value)
