"""What a scope binds, in the forms that are quickest to make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._values.keys import KNOWN, PUBLIC_NAMES, check, flatten
from .._values.origin import RawOrigin
from .._values.scalars import SCALARS_AND_TEXT
from .._values.untyped import UntypedText
from ..exceptions import InvalidKey
from .snapshot import NO_KINDS, NO_NAMES, NO_ORIGINS, Layer, Snapshot

_new = tuple.__new__


def plain_layer(values: Mapping[str, Any], origin: RawOrigin) -> Layer:
    """Return a layer of values alone, for half the price of `Layer(...)`."""
    return _new(Layer, (values, origin, NO_ORIGINS, False, NO_NAMES, NO_KINDS))


UNNESTED = SCALARS_AND_TEXT | {list, tuple, UntypedText}
"""Types of values that are told from mappings at once."""


def written(params: Mapping[str, Any], site: RawOrigin) -> Layer:
    """Return the layer of values, nested or flat, that are written at one place."""
    if type(params) is dict and len(params) == 1:  # as most writes are
        ((key, value),) = params.items()
        if key.__class__ is str and key in KNOWN and type(value) in UNNESTED:
            return plain_layer({key: value}, site)
    values, names, kinds = flatten(params)
    return Layer(values, site, names=names, kinds=kinds)


Bindings = list[Any]
"""What a scope binds, fastest to make: its values and where they were bound, or a layer and None.

The third item is what other contexts are told of a scope that is open: the state below it, with
what it binds by now once it was written (`elsewhere`).  The last is for `reopened`.
"""


def as_layer(bindings: Bindings | Layer | Snapshot) -> Layer | Snapshot:
    if not isinstance(bindings, list):
        return bindings
    if bindings[1] is None:
        layer: Layer | Snapshot = bindings[0]
        return layer
    return plain_layer(bindings[0], bindings[1])


def own_name(name: str) -> str:
    """Return the key that an assignment to an attribute of a scope sets."""
    if name in PUBLIC_NAMES:
        raise InvalidKey(
            f"{name!r} is a method of scopes. To set the parameter, write scope[{name!r}] = ...",
            key=name,
        )
    return check(name)


def layer_of(
    texts: tuple[str, ...], params: dict[str, Any], origin: RawOrigin, closed: bool = False
) -> Layer | Snapshot:
    """Return what texts and keywords set; if `closed`, it inherits nothing."""
    values, names, kinds = flatten(params)
    made = with_texts(texts, Layer(values, origin, names=names, kinds=kinds))
    if not closed:
        return made
    layers = made.scopes()
    return Snapshot((*layers[:-1], layers[-1]._replace(closed=True)), len(layers), True)


def with_texts(texts: tuple[str, ...], params: Layer) -> Layer | Snapshot:
    """Return both in the order in which they are written; text wins over a keyword."""
    if not texts:
        return params
    from .texts import joined  # most scopes have keywords alone

    return joined(texts, params)
