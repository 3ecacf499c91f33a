"""Carriers of text, of any make, and the names under which they have a scope.

An environment has `HYPERPARAMETER_SCOPE`.  Protocols change names: HTTP and gRPC have no case,
proxies drop headers with an underscore, WSGI puts `HTTP_` before them, ASGI has bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, MutableSequence
from typing import Any, Protocol

from ..exceptions import CarrierError

KEY = "HYPERPARAMETER_SCOPE"
_OF_WSGI = f"HTTP_{KEY}"
_HEADER = "hyperparameter-scope"  # gRPC and HTTP/2 take lower case alone
Name = str | bytes


class Named(Protocol):
    """A mapping, or what is like one without being one: headers of `http`, `email`, `wsgiref`."""

    def items(self) -> Iterable[tuple[Any, Any]]: ...


class WritableNamed(Named, Protocol):
    """The same, where names can be set and deleted."""

    def __setitem__(self, name: str, text: str, /) -> None: ...

    def __delitem__(self, name: str, /) -> None: ...


Carrier = Named | Iterable[tuple[Name, Name]]
WritableCarrier = WritableNamed | MutableSequence[Any]


def text_in_environment(env: Mapping[str, str]) -> str | None:
    """Return what an environment has: a CGI server puts what a client sends under other names."""
    return env.get(KEY)


def text_in(carrier: Carrier) -> object:
    """Return what the carrier has under a spelling of the key, None where it has none.

    `CarrierError` where there are two different ones.
    """
    if isinstance(carrier, type(os.environ)):
        return text_in_environment(carrier)
    pairs = _pairs(carrier)
    found = [(name, value) for name, value in pairs if _is_key(name)]
    if any(name == "wsgi.version" for name, _ in pairs):
        # What has no `HTTP_` is not of the request, but of the environment of the server.
        found = [(name, value) for name, value in found if _text(name) == _OF_WSGI]
    values = [one for _, value in found for one in (value if isinstance(value, list) else [value])]
    texts = [value.decode("latin-1") if isinstance(value, bytes) else value for value in values]
    if any(text != texts[0] for text in texts):
        raise CarrierError(
            f"The carrier has two different scopes, under spellings of {KEY}. Keep one of them."
        )
    return texts[0] if texts else None


def put(carrier: WritableCarrier, text: str) -> None:
    """Put the text into the carrier, in place of what it has under any spelling of the key."""
    if isinstance(carrier, MutableSequence):
        _put_pair(carrier, text)
        return
    if not hasattr(carrier, "__setitem__") or not hasattr(carrier, "items"):
        raise TypeError(
            "hp_dist.inject writes into a mapping, into headers that can be changed or into a list "
            f"of pairs, not into {carrier!r:.80}. Inject into a dict, and make what you need of it."
        )
    # One at a time: deleting one spelling from headers deletes them all.
    while (old := next((name for name, _ in carrier.items() if _is_key(name)), None)) is not None:
        del carrier[old]
    name = KEY if isinstance(carrier, Mapping) else _HEADER
    carrier[name] = text
    if isinstance(carrier, Mapping) and carrier.get(KEY.lower()) is not None:  # it ignores case
        del carrier[KEY]
        carrier[_HEADER] = text


def _put_pair(pairs: MutableSequence[Any], text: str) -> None:
    """Append a pair of the kind that the others are."""
    found = [at for at, (name, _) in enumerate(pairs) if _is_key(name)]
    like = pairs[found[-1] if found else 0] if pairs else ("", "")
    for at in reversed(found):
        del pairs[at]
    name, value = like
    made = [
        _HEADER.encode() if isinstance(name, bytes) else _HEADER,
        text.encode() if isinstance(value, bytes) else text,
    ]
    pairs.append(made if isinstance(like, list) else tuple(made))


def _pairs(carrier: Carrier) -> list[tuple[Any, Any]]:
    """Return names and values; `TypeError` for what has none."""
    items = carrier.items() if hasattr(carrier, "items") else carrier
    if not isinstance(carrier, (str, bytes)):
        try:
            return [(name, value) for name, value in items]
        except (TypeError, ValueError):
            pass
    raise TypeError(
        f"hp_dist.extract takes a mapping, headers or a list of pairs, not {carrier!r:.80}."
    )


def _is_key(name: object) -> bool:
    return _text(name) in (KEY, _OF_WSGI)


def _text(name: object) -> object:
    text = name.decode("latin-1") if isinstance(name, bytes) else name
    return text.upper().replace("-", "_") if isinstance(text, str) else name
