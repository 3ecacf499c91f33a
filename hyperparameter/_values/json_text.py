"""JSON whose numbers and words keep their spelling: toward text, `3.10` and `true` stay so.

`json` has no hook for words, so a second pass puts them in, over values that have some.
"""

from __future__ import annotations

from typing import Any

from .named_twice import NamedTwice, unique
from .untyped import ScalarText, UntypedText, exact_int

_SPELLED: dict[object, ScalarText] = {True: ScalarText("true"), False: ScalarText("false")}
_NULL = UntypedText("null")


def loads(text: str, *, is_word: bool = False) -> object:
    """Return what JSON says, of any number of digits; `ValueError` for other text.

    In a word without a type, null is what it is elsewhere: None, or text toward text.  No object
    there may name a key twice; of files, whoever knows the lines says so.
    """
    import json  # which few programs need

    # A function for each int takes time, and most texts have none that Python spells otherwise.
    whole = _whole if "-0" in text else None
    hooks: Any = {"parse_float": ScalarText, "parse_constant": ScalarText}
    if is_word:
        hooks["object_pairs_hook"] = unique
    try:
        values = json.loads(text, parse_int=whole, **hooks)
    except (json.JSONDecodeError, NamedTwice):
        raise
    except ValueError:  # an int of more digits than the interpreter converts
        values = json.loads(text, parse_int=_whole, **hooks)
    has_words = "true" in text or "false" in text or (is_word and "null" in text)
    return with_words(values, keeps_null=is_word) if has_words else values


def with_words(value: object, *, keeps_null: bool = False) -> object:
    """Return lists and mappings with the spelling of each true and false in them."""
    if type(value) is dict:
        return {name: with_words(one, keeps_null=keeps_null) for name, one in value.items()}
    if type(value) is list:
        return [with_words(one, keeps_null=keeps_null) for one in value]
    if type(value) is bool:
        return _SPELLED[value]
    return _NULL if value is None and keeps_null else value


def _whole(text: str) -> int | ScalarText:
    return ScalarText(text) if text == "-0" else exact_int(text)
