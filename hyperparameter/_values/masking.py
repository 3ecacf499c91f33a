"""Text for people, with a mask in the place of each secret in it.

What somebody typed or what an object says of itself has no structure that could be walked, so the
text is searched: for a secret's name with a value behind it, for known keys, and for URLs.
"""

from __future__ import annotations

from .secrets import KNOWN_KEY, URL_LOGIN, is_made_of_secrets, is_secret, pattern

MASK = "***"

# A name that may be in quotes, and the sign before its value.
_NAMED = r"""(?<![\w.\-])(?P<name>[\w.\-]+)(?:\\?["'])?\s*(?P<sign>=|:(?!//))[ \t]*"""
_NOTHING = r"""(?:None|null|True|False|true|false|\\?"\\?"|'')?(?=[\s,;&)\]}]|$)"""
_KEY_ENDS = r"[^\s\"',;&)\]}]+"
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_MOST_TEXT = 4096


def masked_text(text: str) -> str:
    """Return text of any kind with its secrets masked, cut where it is very long."""
    text = text[:_MOST_TEXT]
    shown, position = [], 0
    for found in pattern(_NAMED).finditer(text):
        start = found.end()
        if found.start() < position or not is_secret(found["name"]):
            continue
        if pattern(_NOTHING).match(text, start):
            continue
        shown += [text[position:start], MASK]
        position = _end_of_value(text, start, found["sign"])
    return _without_keys("".join([*shown, text[position:]]))


def masked_value(key: str, text: str) -> str:
    """Return how text that is a secret is shown: the parts of it that are none as they are."""
    if is_secret(key) or is_made_of_secrets(key, text):
        return MASK
    shown = masked_text(text)
    return MASK if shown == text else shown


def _without_keys(text: str) -> str:
    text = pattern(URL_LOGIN).sub(rf"\1:{MASK}", text)
    shown, position = [], 0
    for found in pattern(KNOWN_KEY).finditer(text):
        if found.start() < position:
            continue
        shown += [text[position : found.start()], MASK]
        end = pattern(_KEY_ENDS).match(text, found.start())
        # A block of a key file has many lines.
        position = len(text) if found[0].startswith("-") or end is None else end.end()
    return "".join([*shown, text[position:]])


def _end_of_value(text: str, start: int, sign: str) -> int:
    """Return where the value of a name ends; an open bracket or quote takes all that follows."""
    open_brackets: list[str] = []
    position = start
    while position < len(text):
        character = text[position]
        if character in "\"'":
            position = _end_of_quotes(text, position)
            continue
        if character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif open_brackets:
            if character == open_brackets[-1]:
                open_brackets.pop()
        elif character in ",;&)]}\n" or (character.isspace() and sign == "="):
            return position
        position += 1
    return position


def _end_of_quotes(text: str, start: int) -> int:
    quote, position = text[start], start + 1
    while position < len(text) and text[position] != quote:
        position += 2 if text[position] == "\\" else 1
    return position + 1
