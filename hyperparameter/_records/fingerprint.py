"""Digests of values whose text does not tell them apart: objects, arrays, and what is long.

Equal values have equal digests in every process, so neither addresses nor the order of sets count.
What is secret in an object is left out: a digest of it could be found by trying.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any, cast

from .._values.describe import Description
from .._values.masking import masked_text
from .._values.scalars import SCALARS
from .._values.secrets import is_secret

_MOST_ITEMS = 100_000
_MOST_BYTES = 16 << 20
"""Of an array or a text; of a larger one the beginning and the end count, and `~` says so."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_CHECKSUM = re.compile(r", [0-9a-f]{8}>$")
_CUT = 200  # the length at which `describe` cuts words
_SHOWN = 60
_CONTAINERS = (str, bytes, bytearray, list, tuple, dict, set, frozenset)


class Unknown(Exception):
    """Raised for what has contents that cannot be seen, or too many of them."""


def told_apart_words(words: Description, value: object) -> Description:
    """Return the words for a value, with a digest where they do not tell it from others."""
    if type(value) is str and words.startswith("<"):
        start = masked_text(value[:_SHOWN])
        return Description(f"<str of {len(value)}, {digest_of(value)}: {start!r}...>")
    is_array = hasattr(type(value), "shape") and hasattr(type(value), "dtype")
    is_cut = len(words) == _CUT and words.endswith("...")
    is_large = type(value) in (int, *_CONTAINERS) and words.startswith("<")
    if not (is_array or is_cut or is_large or _ADDRESS.search(words)):
        return words
    found = digest_of(value)
    # The checksum that a description has may differ for equal data that was made in another way.
    text = _CHECKSUM.sub(">", _ADDRESS.sub("", words)) if found else _ADDRESS.sub("", words)
    found = found or "contents unknown"
    return Description(f"{text[:-1]}, {found}>" if text.endswith(">") else f"{text} [{found}]")


def digest_of(value: object, kind: type[Digest] | None = None) -> str:
    """Return a digest, empty for a value whose contents cannot be seen."""
    digest = (kind or Digest)()
    try:
        digest.add(value, "")
    except Exception:  # noqa: BLE001  # whatever a user's object raises must not get out
        return ""
    return digest.hexdigest()


class Digest:
    def __init__(self) -> None:
        self.hash = blake2b(digest_size=8)
        self._open: set[int] = set()
        self._is_sample = False
        self._items = 0

    def hexdigest(self) -> str:
        return f"{'~' if self._is_sample else ''}{self.hash.hexdigest()}"

    def put(self, data: bytes | bytearray | memoryview) -> None:
        self.hash.update(f"{len(data)}:".encode())  # so that "ab", "c" is not "a", "bc"
        if len(data) > _MOST_BYTES:
            self._is_sample = True
            self.hash.update(data[-_MOST_BYTES // 2 :])
            data = data[: _MOST_BYTES // 2]
        self.hash.update(data)

    def text(self, text: str) -> None:
        self.put(text.encode("utf-8", "surrogatepass"))

    def add(self, value: Any, name: str) -> None:
        self._items += 1
        if self._items > _MOST_ITEMS:
            raise Unknown
        kind = type(value)
        self.text(f"{kind.__module__}.{kind.__qualname__}")
        if kind is int:
            self.put(value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
        elif kind in SCALARS:
            self.text(repr(value))
        elif kind is str:
            self.text("" if name and is_secret(name, value) else value)
        elif id(value) in self._open:
            self.text("itself")
        else:
            self._open.add(id(value))
            self.parts(value, name)
            self._open.discard(id(value))

    def part_of_set(self, value: object) -> str:
        return digest_of(value)

    def parts(self, value: Any, name: str) -> None:
        if isinstance(value, _CONTAINERS):
            self.container(value, name)
        elif isinstance(value, type) or hasattr(value, "__code__"):
            self.text(f"{value.__module__}.{value.__qualname__}")
        elif not self.array(value):
            self.object(value)

    def container(self, value: Any, name: str) -> None:
        self.text(str(len(value)))
        if isinstance(value, (bytes, bytearray)):
            self.put(value)
        elif isinstance(value, (set, frozenset)):
            digests = sorted(map(self.part_of_set, value))
            if not all(digests):
                raise Unknown
            self.text("".join(digests))
        elif isinstance(value, dict):
            for key, item in value.items():
                self.add(key, "")
                self.add(item, key if isinstance(key, str) else name)
        else:
            for item in list(value):
                self.add(item, name)

    def array(self, value: Any) -> bool:
        """Add the numbers of an array; tell whether it is one."""
        try:
            view = memoryview(value)
        except TypeError:
            if not hasattr(type(value), "__array__"):
                return False
            value = value.__array__()
            view = memoryview(value)
        self.text(f"{view.format} {view.shape}")
        if "O" in view.format:  # addresses of objects
            self.add(value.tolist(), "")
            return True
        self.put(view.cast("B") if view.c_contiguous else memoryview(view.tobytes()))
        return True

    def object(self, value: Any) -> None:
        state = dict(getattr(value, "__dict__", {}))
        for kind in type(value).__mro__:
            slots = cast("Any", vars(kind).get("__slots__", ()))
            for slot in (slots,) if isinstance(slots, str) else slots:
                if hasattr(value, slot):
                    state[slot] = getattr(value, slot)
        if not state:
            raise Unknown
        for name in sorted(state):
            self.text(name)
            if not is_secret(name, state[name]):
                self.add(state[name], name)
