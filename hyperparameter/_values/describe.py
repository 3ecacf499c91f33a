"""Values as a record keeps them: plain data copied, everything else described in words.

A record outlives what was read, so it must hold neither large objects nor ones that change.
"""

from __future__ import annotations

import os
from typing import Any

from .convert import is_enum
from .masking import MASK, masked_text, masked_value
from .scalars import SCALARS_AND_TEXT
from .secrets import is_number, is_secret, is_taken_out, remember_made_of_secrets
from .untyped import Untyped, UntypedText, UntypedTree, plain

_MOST_ITEMS = 256
_MOST_DEPTH = 20
_MOST_TEXT = 4096
_MOST_BITS = 2048  # larger ones Python refuses to write in decimal, sooner or later
_MOST_MARSHALLED = 1_000_000
_qualname_of = vars(type)["__qualname__"].__get__  # past a metaclass, which may fail
_FIELD_MARKS = ("__dataclass_fields__", "__struct_fields__", "_fields")


class Description(str):
    """Words that stand for a value which is not plain data, such as `<ndarray (3, 2) float64>`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Masked(Description):
    """What is shown in the place of a secret.

    `digest` tells two secrets apart.  A record may be read by others, who could try passwords, so
    only a digest under the key of the user leaves the process; that one `is_keyed`.
    """

    __slots__ = ("digest", "is_keyed")

    def __new__(cls, shown: str, digest: str = "", is_keyed: bool = False) -> Masked:
        self = super().__new__(cls, shown)
        self.digest = digest
        self.is_keyed = is_keyed
        return self

    digest: str
    is_keyed: bool

    def __reduce__(self) -> tuple[object, ...]:
        return Masked, (str(self), self.digest if self.is_keyed else "", self.is_keyed)


class Spelled(Description):
    """Words for a value, with plain data beside them that reads back as the value.

    What is secret in it is `Masked` in both.
    """

    __slots__ = ("data",)
    data: object

    def __new__(cls, words: str, data: object) -> Spelled:
        self = super().__new__(cls, words)
        self.data = data
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self), self.data)


class Landed(str):
    """A name as it was written; `data` spells the one that the mapping has for it."""

    __slots__ = ("data",)
    data: object

    def __new__(cls, written: str, data: object) -> Landed:
        self = super().__new__(cls, written)
        self.data = data
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return Landed, (str(self), self.data)


class Unrestored(Spelled):
    """Words and data for a value that its reader would not get again of this data."""

    __slots__ = ()


def describe(key: str, value: object, most_items: int = _MOST_ITEMS) -> Any:
    """Return `value` as plain data, in which what is a secret at `key` and below is `Masked`.

    More items than `most_items` are described in words.
    """
    kind = type(value)
    if kind in (float, bool, type(None)):
        return value
    return _copy(key, value, [most_items], _MOST_DEPTH)


def show(key: str, value: object) -> str:
    """Return `value` for a message: one line, not long, with its secrets masked."""
    described = describe(key, value)
    return _short(repr(described if is_taken_out(key) else with_masked_texts(described)))


def with_masked_texts(described: object) -> object:
    """Return what is shown of a described value: a secret may stand inside of other text."""
    if type(described) is str:
        return masked_text(described)
    if isinstance(described, dict):
        return {name: with_masked_texts(item) for name, item in described.items()}
    if isinstance(described, (list, tuple)):
        return type(described)([with_masked_texts(item) for item in described])
    return described


def has_secrets(described: object) -> bool:
    """Tell whether a described value or a part of it is masked."""
    if isinstance(described, dict):
        return any(map(has_secrets, described.values()))
    if isinstance(described, (list, tuple)):
        return any(map(has_secrets, described))
    if isinstance(described, Spelled):
        return has_secrets(described.data)
    return isinstance(described, Masked)


def has_spelled(described: object) -> bool:
    """Tell whether a described value or a part of it is spelled otherwise than it is."""
    if type(described) in SCALARS_AND_TEXT:
        return False
    if isinstance(described, dict):
        return any(map(has_spelled, described)) or any(map(has_spelled, described.values()))
    if isinstance(described, (list, tuple)):
        return any(map(has_spelled, described))
    return isinstance(described, Spelled)


def told_apart(described: object) -> str:
    """Return text that is the same for equal described values alone, secrets included."""
    return repr(described) if not has_secrets(described) else repr(_digests(described))


def _digests(described: object) -> object:
    if isinstance(described, Masked):
        return Masked, str(described), described.digest
    if isinstance(described, Spelled):
        return type(described), str(described), _digests(described.data)
    if isinstance(described, dict):  # in any order: the secret may be set after the others
        return {name: _digests(described[name]) for name in sorted(described, key=repr)}
    if isinstance(described, (list, tuple)):
        return type(described)([_digests(item) for item in described])
    return described


def _copy(key: str, value: Any, budget: list[int], depth: int) -> object:
    kind = type(value)
    if kind in (float, bool, type(None)):
        return value
    if kind is int and value.bit_length() <= _MOST_BITS:
        return value
    # By its type: an object can lie about its class, or fail when it is asked for it.
    if issubclass(kind, Description):  # words that a scan of the source has for a default
        return value if kind is Masked else _words_shown(key, value)
    if issubclass(kind, Untyped):
        return _untyped(key, value, budget, depth)
    if kind in (list, tuple, dict) and len(value) <= budget[0] and depth:
        budget[0] -= len(value)
        if kind is dict:
            return {
                _name(name): _copy(below(key, name), item, budget, depth - 1)
                for name, item in value.items()
            }
        return kind([_copy(key, item, budget, depth - 1) for item in value])
    if kind is str:
        return _text(key, value)
    return _words(key, value, budget, depth)


def _untyped(key: str, value: Untyped, budget: list[int], depth: int) -> object:
    """Describe what nobody has typed yet: a password of digits is a secret and no number."""
    read = plain(value)
    if isinstance(value, UntypedTree):
        read = value.value
    elif type(value) is UntypedText and is_number(read) and is_secret(key, value.text):
        return read if isinstance(read, bool) else _masked(key, value.text)
    return _copy(key, read, budget, depth)


def _text(key: str, text: str) -> object:
    if is_secret(key, text) or (text[:1] in ("{", "[") and _has_named_secret(key, text)):
        return _masked(key, text)
    if len(text) <= _MOST_TEXT:
        return text
    return Description(f"<str of {len(text)}{_fingerprint(text)}>")


def _has_named_secret(key: str, text: str) -> bool:
    start = text[:_MOST_TEXT]
    return not is_taken_out(key) and masked_text(start) != start


def _masked(key: str, text: str) -> Masked:
    from hashlib import blake2b  # few programs have secrets, and none needs it to start

    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32)
    return Masked(_short(masked_value(key, text)), digest.hexdigest())


def _masked_by_its_type(key: str, value: Any) -> Description:
    """Mask a `SecretStr` of pydantic; the text that it was made of is a secret at this key, too."""
    found = value.get_secret_value()
    text = found.decode(errors="replace") if isinstance(found, bytes) else str(found)
    remember_made_of_secrets(text, key)
    return Masked(MASK, _masked(key, text).digest)


def below(key: str, name: object) -> str:
    """Return the key of a part; one whose name cannot be in a key has the key of the whole."""
    inner = name if type(name) is str else ""
    return f"{key}.{inner}" if key and inner else key or inner


def _name(key: object) -> object:
    if type(key) in (str, int, float, bool, type(None)):
        return key
    return _words("", key, [0], 0)


def _words(key: str, value: object, budget: list[int], depth: int) -> Description:
    """Return words for what is not plain data; those of a secret are a mask."""
    try:
        fields = _fields_of(value)
        if hasattr(type(value), "get_secret_value"):
            return _masked_by_its_type(key, value)
        if not fields and is_secret(key, value):
            return Masked(MASK)
        if fields and depth:
            parts = {n: _copy(below(key, n), getattr(value, n), budget, depth) for n in fields}
            shown = ", ".join(f"{name}={part!r}" for name, part in parts.items())
            kind = Masked if has_secrets(parts) else Description
            return kind(_short(f"{type(value).__qualname__}({shown})"))
        return _words_shown(key, _unguarded_words(value))
    except Exception as error:  # noqa: BLE001  # whatever a user's object raises must not get out
        return Description(f"<{_qualname_of(type(value))} that raises {type(error).__name__}>")


def _words_shown(key: str, words: str) -> Description:
    words = words[:_MOST_TEXT]
    shown = masked_value(key, words) if is_secret(key, words) else words
    shown = shown if is_taken_out(key) else masked_text(shown)
    return Masked(_short(shown)) if shown != words else Description(_short(words))


def _fields_of(value: object) -> list[str]:
    kind = type(value)
    return [field for mark in _FIELD_MARKS for field in getattr(kind, mark, ())]


def _unguarded_words(value: Any) -> str:
    kind = type(value)
    name = kind.__qualname__
    if is_enum(kind):
        return f"{name}.{value.name}"
    if hasattr(kind, "shape") and hasattr(kind, "dtype") and value.shape != ():  # not one number
        return f"<{name} {value.shape} {value.dtype}>"
    if isinstance(value, (list, tuple, dict, set, frozenset, str, bytes, bytearray)):
        return f"<{name} of {len(value)}{_fingerprint(value)}>"
    if isinstance(value, int):
        return f"<{name} of {value.bit_length()} bits>"
    if isinstance(value, type) or hasattr(value, "__code__"):
        return f"{value.__module__}.{value.__qualname__}"
    return os.fspath(value) if hasattr(kind, "__fspath__") else repr(value)


def _fingerprint(value: Any) -> str:
    """Return what tells plain data of the same length apart; nothing for other or large values."""
    import marshal
    import zlib

    if len(value) > _MOST_MARSHALLED:
        return ""
    try:
        return f", {zlib.crc32(marshal.dumps(value)):08x}"
    except ValueError:
        return ""


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:197]}..."
