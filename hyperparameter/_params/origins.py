"""Where the values of a `Params` were bound, and how they were written if nobody said a type.

A `Params` holds what text means without a type, since everything in it can be taken out at once.
Whoever says a type is given what was written: `3.10` is a choice of "3.9" and "3.10".
"""

from __future__ import annotations

from collections.abc import Mapping

from .._values.containers import parts_of
from .._values.origin import Origin, RawOrigin, resolve, this_process
from .._values.untyped import Layered, Untyped, UntypedTree, plain


class Origins(dict[str, RawOrigin]):
    """Origins by full dotted path.

    A path that is not listed has the origin of the nearest value around it, or else `default`.
    """

    __slots__ = ("default", "texts")

    def __init__(
        self,
        default: RawOrigin,
        listed: Mapping[str, RawOrigin] | None = None,
        texts: Mapping[str, Untyped] | None = None,
    ) -> None:
        super().__init__(listed or {})
        self.default = default
        self.texts = dict(texts or {})

    def __missing__(self, path: str) -> RawOrigin:
        while self and "." in path:
            path = path.rpartition(".")[0]
            if path in self:
                return self[path]
        return self.default

    def bind(self, path: str, origin: RawOrigin) -> None:
        """Note a new value at `path`, in place of everything that was there and below."""
        for table in (self, self.texts):
            for below in [known for known in table if f"{known}.".startswith(f"{path}.")]:
                del table[below]
        self[path] = origin

    def written(self, path: str, value: object) -> Untyped | None:
        """Return what was written for `value`, unless it is another value now."""
        text = self.texts.get(path)
        if text is None:
            return None
        meant = plain(text)
        return text if type(meant) is type(value) and meant == value else None

    def __deepcopy__(self, memo: object) -> Origins:
        return Origins(self.default, self, self.texts)

    def __reduce__(self) -> tuple[object, ...]:
        listed = {path: _portable(origin) for path, origin in self.items()}
        return Origins, (_portable(self.default), listed, self.texts)


def _portable(source: RawOrigin) -> Origin:
    """Return the origin looked up, with its process: code objects cannot be pickled."""
    origin = resolve(source)
    return origin._replace(process=origin.process or this_process())


def typed(value: object, path: str, texts: dict[str, Untyped]) -> object:
    """Return `value` with plain values for all text without a type, which goes into `texts`."""
    if type(value) is Layered:
        return typed(value.parts, path, texts)
    if isinstance(value, Untyped):
        texts[path] = value
        parts = parts_of(value)  # of text that is JSON too
        if not isinstance(parts, (dict, list)):
            return plain(value)
        value = parts
    start, count = f"{path}." if path else "", len(texts)
    made: object = value
    if type(value) is list:
        made = [typed(item, f"{start}{index}", texts) for index, item in enumerate(value)]
    elif type(value) is dict:
        named = ((plain(name), item) for name, item in value.items())
        made = {name: typed(item, f"{start}{name}", texts) for name, item in named}
    if len(texts) > count:  # it may become one value of a scope, which keeps the texts in it
        texts.setdefault(path, UntypedTree(value))  # type: ignore[arg-type]  # one of these
    return made
