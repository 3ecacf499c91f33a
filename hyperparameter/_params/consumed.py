"""The dict inside a `Params`: given out in parts that share it, every read logged and recorded."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from sys import _getframe
from types import FrameType
from typing import Any, Self

from .._scopes import ambient
from .._values.describe import describe, show
from .._values.keys import KNOWN, did_you_mean
from .._values.origin import Source, outside_site, resolve, site_of
from ..exceptions import ConfigurationError, ConversionError
from .merge import copied, copied_mapping
from .origins import Origins
from .text import recordable, shown

logger = logging.getLogger("hyperparameter.params")
INFO = logging.INFO


Found = tuple[str, Any, Source | None]
"""Full path, value and origin of what was taken; no origin where it is the default."""


class _Default:
    """The default of reads that have none; its own copy wherever it goes."""

    def __repr__(self) -> str:
        return "Params.DEFAULT"

    def __reduce__(self) -> str:
        return "DEFAULT"


DEFAULT: Any = _Default()


class Consumed(MutableMapping[str, Any]):
    """A nested dict of parameters, with the path that leads to it as `history`.

    Dicts inside are given out as objects of this kind that share them, those in lists too, so
    that whatever reads a part consumes it.
    """

    def __init__(
        self,
        params: Mapping[str, Any],
        history: str = "",
        loading_from_archive: bool = False,
        files_to_archive: dict[str, str] | None = None,
    ) -> None:
        self.params: dict[str, Any] = copied_mapping(params, "What Params hold", none=True)
        self.history = history
        self.loading_from_archive = loading_from_archive
        self.files_to_archive = {} if files_to_archive is None else files_to_archive
        self._origins = Origins(outside_site())
        self._asked: dict[str, None] = {}  # paths whose default was used, here and in children

    def __getitem__(self, key: str) -> Any:
        if key not in self.params:
            raise KeyError(key)
        frame = _getframe(1)
        if frame.f_code.co_filename == _ABC:  # items() and their like, which iterate
            return self._wrapped(key, self.params[key])
        return self._read(key, frame)

    def __setitem__(self, key: str, value: Any) -> None:
        self.params[key] = copied(value)
        self._origins.bind(f"{self.history}{key}", site_of(_caller(_getframe(1))))

    def __delitem__(self, key: str) -> None:
        del self.params[key]

    def __contains__(self, key: object) -> bool:
        return key in self.params

    def __iter__(self) -> Iterator[str]:
        self._record_all(_getframe(1))
        return iter(self.params)

    def __len__(self) -> int:
        return len(self.params)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Mapping):
            return self.params == (other.params if isinstance(other, Consumed) else dict(other))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it can change

    def __repr__(self) -> str:
        return f"{self.history}{type(self).__name__}({describe('', self.params)})"

    def __hp_flat__(self) -> dict[str, Any]:
        return self.params

    def _take(self, key: str, default: Any) -> Found:
        """Remove the value; or give the default, which has no origin."""
        path = f"{self.history}{key}"
        if key in self.params:
            origins = self._origins
            return path, self.params.pop(key), origins[path] if origins else origins.default
        if default is DEFAULT:
            raise self._missing(key)
        self._asked[path] = None
        return path, default, None

    def _missing(self, key: str) -> ConfigurationError:
        place = f' at location "{self.history}"' if self.history else ""
        hint = did_you_mean(str(key), map(str, self.params))
        return ConfigurationError(
            f'key "{key}" is required{place}{"." if hint else ""}{hint}',
            key=f"{self.history}{key}",
            origin=resolve(self._origins[self.history.rstrip(".")]),
        )

    def _cast(self, found: Found, kind: Callable[[Any], Any]) -> Any:
        path, value, origin = found
        if value is None:
            return None
        try:
            return kind(value)
        except (TypeError, ValueError, ArithmeticError):
            wanted = kind.__name__.strip("_")
            place = resolve(origin) if origin is not None else None
            raise ConversionError(
                f"Cannot convert key {path!r}, which is {show(path, value)} "
                f"({type(value).__name__}, from {place or 'its default'}), to {wanted}.",
                key=path,
                value=show(path, value),
                origin=place,
            ) from None

    def _wrapped(self, key: str, value: Any) -> Any:
        """Return `value` with its dicts as Params that share them."""
        if isinstance(value, dict):
            return self._child(value, f"{self.history}{key}.")
        if isinstance(value, list):
            return [self._wrapped(f"{key}.{i}", item) for i, item in enumerate(value)]
        return value

    def _child(self, params: dict[str, Any], history: str) -> Self:
        child = object.__new__(type(self))
        vars(child).update(vars(self), params=params, history=history)
        return child

    def _read(self, key: str, frame: FrameType) -> Any:
        path, value = f"{self.history}{key}", self.params[key]
        if is_dict_free(value):
            record(path, value, None, self._origins[path], frame)
        return self._wrapped(key, value)

    def _note(self, found: Found, used: Any, default: Any, frame: FrameType) -> None:
        """Log the value as it was found, and record it as it is used."""
        path, value, origin = found
        if logger.isEnabledFor(INFO):
            log(path, value)
        record(path, used, None if default is DEFAULT else default, origin, frame)

    def _record_all(self, frame: FrameType) -> None:
        prefix = recordable(self.history.rstrip(".")) if self.history else ""
        ambient.current().record.note_bulk(prefix, site_of(_caller(frame)))


_ABC = MutableMapping.pop.__code__.co_filename


def _caller(frame: FrameType) -> FrameType:
    """Return the frame that called a method which the base class has on top of ours."""
    while frame.f_back and frame.f_code.co_filename == _ABC:
        frame = frame.f_back
    return frame


def record(path: str, value: Any, default: Any, origin: Source | None, frame: FrameType) -> None:
    if path not in KNOWN:
        path = recordable(path)
    ambient.current().record.note(path, value, default, origin, (frame.f_code, frame.f_lasti))


def log(path: str, value: Any) -> None:
    logger.info("%s = %s", path, shown(path, value))


def is_dict_free(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(is_dict_free, value))
    return not isinstance(value, dict)
