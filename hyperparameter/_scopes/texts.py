"""`hp.scope("k=v", ...)`: texts and keywords as the layers of one scope."""

from __future__ import annotations

from typing import Any

from .._values.assignment import parse_assignment
from .._values.untyped import UntypedText, may_be_mapping
from ..exceptions import InvalidKey
from .snapshot import Layer, Snapshot
from .taken_away import in_words


def joined(texts: tuple[str, ...], params: Layer) -> Layer | Snapshot:
    """Return both in the order in which they are written; text wins over a keyword.

    A mapping in text may join one that is written before it, so it gets a layer of its own.
    """
    values: dict[str, Any] = {}
    layers: list[Layer] = []
    for key, value in map(_parsed, texts):
        if may_be_mapping(value):
            if key in values:
                layers.append(Layer(values, params.origin))
                values = {}
            values.update(in_words({key: value}))
        values.pop(key, None)  # what is written later stands behind what it is written over
        values[key] = value
    keywords = params.values
    lowest = {**keywords, **layers[0].values} if layers else {**values, **keywords, **values}
    first = params._replace(values=lowest)
    if not layers:
        return first
    found = [first, *layers[1:], Layer(values, params.origin)]
    return Snapshot(tuple(reversed(found)), len(found))


def _parsed(text: str) -> tuple[str, UntypedText]:
    if not isinstance(text, str):
        raise InvalidKey(
            "A positional argument of scope is text such as 'lr=0.1', "
            f"not {type(text).__name__}. Pass a mapping as keywords: hp.scope(**mapping).",
        )
    return parse_assignment(text)
