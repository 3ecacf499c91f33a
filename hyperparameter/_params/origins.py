"""Where the values of a `Params` were bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._values.origin import Origin, Source, resolve, this_process


class Origins(dict[str, Source]):
    """Places by full dotted path.

    What is not listed has the place of the nearest value around it, in the end `default`.
    """

    __slots__ = ("default",)

    def __init__(self, default: Source, listed: Mapping[str, Source] | None = None) -> None:
        super().__init__(listed or {})
        self.default = default

    def __missing__(self, path: str) -> Source:
        while self and "." in path:
            path = path.rpartition(".")[0]
            if path in self:
                return self[path]
        return self.default

    def bind(self, path: str, source: Source) -> None:
        """Take note of a new value at `path`, in place of all that was there and below."""
        for below in [known for known in self if known.startswith(f"{path}.")]:
            del self[below]
        self[path] = source

    def __deepcopy__(self, memo: Any) -> Origins:
        return Origins(self.default, self)

    def __reduce__(self) -> tuple[Any, ...]:
        return Origins, (_portable(self.default), {p: _portable(s) for p, s in self.items()})


def _portable(source: Source) -> Origin:
    """Return the place looked up, with its process: code objects cannot be pickled."""
    origin = resolve(source)
    return origin._replace(process=origin.process or this_process())
