"""One typed value for all readers of untyped text, from which each gets what it got of the text.

There need not be one: `1e3` is a number to who asks for no type, and text to who asks for text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .containers import parts_of
from .describe import Description, Spelled, told_apart
from .untyped import Layered, UntypedText, UntypedTree, infer

NONE_SERVES: Any = object()


def serving(written: object, values: Sequence[object]) -> Any:
    """Return the value that serves the readers who got the described `values` of what was written.

    `NONE_SERVES` where there is none, or where nobody can tell.
    """
    if len({exact(value) for value in values}) == 1:
        return values[0]
    if isinstance(written, Layered):
        written = written.parts
    if type(written) is UntypedText and not isinstance(parts_of(written), (dict, list)):
        return _serving_text(written.text, values)
    parts = parts_of(written) if isinstance(written, (UntypedText, UntypedTree)) else written
    if isinstance(parts, dict):
        return _serving_names(parts, values)
    if isinstance(parts, list):
        return _serving_items(parts, values)
    return NONE_SERVES if isinstance(written, (UntypedText, Description)) else written


def exact(value: object) -> str:
    """Return text that tells described values apart, those of different types too."""
    kind = Spelled if isinstance(value, Spelled) else type(value)
    return f"{kind.__name__} {told_apart(value)}"


def _serving_text(text: str, values: Sequence[object]) -> Any:
    inferred = infer(text)
    # Who got something else than text without a type means has said a type, and would get the
    # same of the text as a value of type str.
    if all(
        (type(value) is str and value == text) or exact(value) != exact(inferred)
        for value in values
    ):
        return text
    return inferred if all(_gets(value, inferred, text) for value in values) else NONE_SERVES


def _gets(value: object, inferred: object, text: str) -> bool:
    """Tell whether a reader that got this value of a text gets it of the number in it, too."""
    if exact(value) == exact(inferred):
        return True
    if type(inferred) is not int:
        return False
    if type(value) is str:
        return value == text == str(inferred)
    return type(value) is float and value == inferred


def _serving_names(parts: Mapping[Any, object], values: Sequence[object]) -> Any:
    each = [_data_of(value) for value in values]
    if not all(isinstance(value, dict) and value.keys() >= parts.keys() for value in each):
        return NONE_SERVES
    made = {name: serving(part, [value[name] for value in each]) for name, part in parts.items()}
    return NONE_SERVES if NONE_SERVES in made.values() else made


def _serving_items(parts: Sequence[object], values: Sequence[object]) -> Any:
    each = [_data_of(value) for value in values]
    if not all(isinstance(value, (list, tuple)) and len(value) == len(parts) for value in each):
        return NONE_SERVES
    made = [serving(part, [value[index] for value in each]) for index, part in enumerate(parts)]
    return NONE_SERVES if NONE_SERVES in made else made


def _data_of(value: object) -> Any:
    """Return the parts of a value; text that spells something else than text stays told apart."""
    if not isinstance(value, Spelled):
        return value
    if isinstance(value.data, dict):
        return {name: _as_spelled(one) for name, one in value.data.items()}
    if isinstance(value.data, (list, tuple)):
        return [_as_spelled(one) for one in value.data]
    return value.data


def _as_spelled(part: object) -> object:
    return Spelled(part, part) if type(part) is str else part
