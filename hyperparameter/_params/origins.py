"""Where the values of a `Params` were bound."""

from __future__ import annotations

from collections.abc import Mapping

from .._values.origin import Origin, RawOrigin, resolve, this_process


class Origins(dict[str, RawOrigin]):
    """Origins by full dotted path.

    A path that is not listed has the origin of the nearest value around it, or else `default`.
    """

    __slots__ = ("default",)

    def __init__(self, default: RawOrigin, listed: Mapping[str, RawOrigin] | None = None) -> None:
        super().__init__(listed or {})
        self.default = default

    def __missing__(self, path: str) -> RawOrigin:
        while self and "." in path:
            path = path.rpartition(".")[0]
            if path in self:
                return self[path]
        return self.default

    def bind(self, path: str, origin: RawOrigin) -> None:
        """Note a new value at `path`, in place of everything that was there and below."""
        for below in [known for known in self if known.startswith(f"{path}.")]:
            del self[below]
        self[path] = origin

    def __deepcopy__(self, memo: object) -> Origins:
        return Origins(self.default, self)

    def __reduce__(self) -> tuple[type[Origins], tuple[Origin, dict[str, Origin]]]:
        listed = {path: _portable(origin) for path, origin in self.items()}
        return Origins, (_portable(self.default), listed)


def _portable(source: RawOrigin) -> Origin:
    """Return the origin looked up, with its process: code objects cannot be pickled."""
    origin = resolve(source)
    return origin._replace(process=origin.process or this_process())
