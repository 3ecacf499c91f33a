"""`KEY=VALUE`, wherever it is written: on a command line, in `hp.scope("k=v")`, in overrides."""

from __future__ import annotations

from ..exceptions import InvalidKey
from .keys import check
from .masking import masked_text
from .untyped import UntypedText


def parse_assignment(text: str) -> tuple[str, UntypedText]:
    """Return the key, and the value as text whose type is the reader's choice.

    `InvalidKey` for text without `=` and for a key that is not a dotted name, such as `~key`,
    which takes a key away on a command line and has no value.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        what = "no key before '='" if equals else "no '='"
        raise InvalidKey(
            f"{masked_text(text)!r:.200} has {what}. Write it as KEY=VALUE.",
            key="" if equals else masked_text(key),
        )
    name = key.strip()
    if name[0] == "~":
        raise InvalidKey(
            f"{masked_text(text)!r:.200} has a value, and '~' takes a key away. "
            f"Write {name[1:]}=VALUE to set it, or -D '{name}' to take it away.",
            key=name,
        )
    return check(name), UntypedText(value)
