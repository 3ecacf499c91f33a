"""JSON whose numbers and words keep their spelling: toward text, `3.10` and `true` stay so.

`json` has no hook for words, so a second pass puts them in, over values that have some.
"""

from __future__ import annotations

from .untyped import ScalarText, UntypedText, exact_int

_SPELLED: dict[object, ScalarText] = {True: ScalarText("true"), False: ScalarText("false")}
_NULL = UntypedText("null")


def loads(text: str, *, keeps_null: bool = False) -> object:
    """Return what JSON says, of any number of digits; `ValueError` for other text.

    With `keeps_null`, null is what it is in text without a type: None, or text toward text.
    """
    import json  # which few programs need

    # A function for each int takes time, and most texts have none that Python spells otherwise.
    whole = _whole if "-0" in text else None
    try:
        values = json.loads(
            text, parse_float=ScalarText, parse_constant=ScalarText, parse_int=whole
        )
    except json.JSONDecodeError:
        raise
    except ValueError:  # an int of more digits than the interpreter converts
        values = json.loads(
            text, parse_float=ScalarText, parse_constant=ScalarText, parse_int=_whole
        )
    has_words = "true" in text or "false" in text or (keeps_null and "null" in text)
    return with_words(values, keeps_null=keeps_null) if has_words else values


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
