"""Text taken apart at its commas, but not at those inside brackets and quotes.

Problems are `ValueError`: whoever knows what the user typed, and where, puts that in front.
"""

from __future__ import annotations

import json
import re

_SIGN = re.compile(r'[,"()\[\]{}]')
_BLANK = re.compile(r"\s*")
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
QUOTE_IT = "write text that has such signs in double quotes, inside those of the shell: '\"...\"'"


def split(text: str, *, named: bool = False) -> list[str]:
    """Return the parts of `text` between its outer commas, without the blanks around them.

    A quote opens a string where a value begins, and anywhere inside brackets and braces: elsewhere
    it is text, as in `5",7"`.  Values that are `named` begin behind `=`.
    """
    parts: list[str] = []
    open_brackets: list[str] = []
    start = position = 0
    begins = _after_blanks(text, 0)
    while found := _SIGN.search(text, position):
        sign, position = found[0], found.end()
        if sign == '"':
            in_json = bool(open_brackets) and open_brackets[-1] != ")"
            is_first = found.start() == begins or (named and text[found.start() - 1] == "=")
            if in_json or is_first:
                position = _end_of_string(text, found.start(), in_json)
            continue
        if sign == "," and not open_brackets:
            parts.append(text[start : found.start()].strip())
            start = position
        elif sign in _CLOSING:
            open_brackets.append(_CLOSING[sign])
        elif sign != "," and (not open_brackets or open_brackets.pop() != sign):
            raise ValueError(f"nothing opens the {sign!r} at character {position}; {QUOTE_IT}")
        if sign not in ")]}":
            begins = _after_blanks(text, position)
    if open_brackets:
        raise ValueError(f"{open_brackets[-1]!r} is missing at the end; {QUOTE_IT}")
    parts.append(text[start:].strip())
    return parts


def values_in(text: str, *, named: bool = False) -> list[str]:
    """Return the parts of `text`, none of which may be empty or in single quotes."""
    parts = split(text, named=named)
    for number, part in enumerate(parts, 1):
        if not part:
            raise ValueError(
                "it has no value"
                if len(parts) == 1
                else f"value {number} of {len(parts)} is empty; write '\"\"' for an empty text"
            )
        if part[0] == "'":
            raise ValueError(
                f"value {number} begins with a single quote, which does not quote here; "
                "write double quotes, inside those of the shell: '\"a,b\",c'"
            )
    return parts


def inside(text: str, opening: str = "(") -> str | None:
    """Return what is between `opening` and the bracket that closes it; None if more follows."""
    if not text.startswith(opening) or text[-1:] != ")":
        return None
    inner = text[len(opening) : -1]
    try:
        split(inner)
    except ValueError:  # as in "(a)+(b)": another bracket closes the first
        return None
    return inner


def quoted(word: str) -> str | None:
    """Return the text of a word in double quotes; None for any other word."""
    if not _STRING.fullmatch(word):
        return None
    try:
        text = json.loads(word, strict=False)
    except ValueError as error:
        raise ValueError(
            f"{word!r:.80} has an escape that JSON does not have; write '\\\\' for a backslash"
        ) from error
    assert isinstance(text, str)
    return text


def _after_blanks(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _end_of_string(text: str, start: int, in_json: bool) -> int:
    found = _STRING.match(text, start)
    if found is None:
        raise ValueError(f"nothing closes the quote at character {start + 1}")
    after = _after_blanks(text, found.end())
    if after < len(text) and not in_json and text[after] not in ",)]}":
        raise ValueError(f"something follows the closing quote at character {found.end()}")
    return found.end()
