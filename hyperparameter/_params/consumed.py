"""The mapping below `Params`: its parts share one dict, and every read is logged and recorded."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from sys import _getframe
from types import FrameType
from typing import Any, Final, Self, TypeVar

from .._scopes import ambient
from .._scopes.refusal import refusal
from .._scopes.whole import Whole
from .._values.convert import Unconvertible
from .._values.describe import describe, show
from .._values.keys import KNOWN, did_you_mean
from .._values.origin import RawOrigin, outside_site, resolve, site_of
from .._values.rules import to_bool
from .._values.untyped import Untyped, UntypedText
from ..exceptions import ConfigurationError, ConversionError
from .merge import copied, copied_mapping, flattened
from .origins import Origins
from .text import log_text, record_key

T = TypeVar("T")

logger = logging.getLogger("hyperparameter.params")
INFO = logging.INFO  # a global of this module saves every pop a lookup


WANTED = {"int": "an int", "float": "a float", "bool": "true or false"}
Taken = tuple[str, Any, RawOrigin | None]
"""Full path, value and origin of what was popped; the origin of a default is None."""


class _Default:
    """The type of `DEFAULT`, which stands for "no default".

    It pickles and copies by its name in this module, so that it stays the same object.
    """

    def __repr__(self) -> str:
        return "Params.DEFAULT"

    def __reduce__(self) -> str:
        return "DEFAULT"


DEFAULT: Final = _Default()


class ConsumedMapping(MutableMapping[str, Any]):
    """A nested dict of parameters, with the path that leads to it as `history`.

    Dicts inside it, also those in lists, are returned as objects of this class that share them:
    whoever pops from a part takes it from the whole.
    """

    def __init__(
        self,
        params: Mapping[str, Any],
        history: str = "",
        loading_from_archive: bool = False,
        files_to_archive: dict[str, str] | None = None,
    ) -> None:
        self.params: dict[str, Any] = copied_mapping(params, "params", none=True)
        self.history = history
        self.loading_from_archive = loading_from_archive
        self.files_to_archive = {} if files_to_archive is None else files_to_archive
        self._origins = Origins(outside_site())
        # Paths whose default was used, here or in a part: what a misspelt key may have meant.
        self._defaulted: dict[str, None] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self.params:
            raise KeyError(key)
        frame = _getframe(1)
        if frame.f_code.co_filename == _ABC:  # items() and the like, which __iter__ has recorded
            return self._wrapped(key, self.params[key])
        return self._read_item(key, frame)

    def __setitem__(self, key: str, value: object) -> None:
        self.params[key] = copied(value)
        self._origins.bind(f"{self.history}{key}", site_of(_caller(_getframe(1))))

    def __delitem__(self, key: str) -> None:
        del self.params[key]

    def __contains__(self, key: object) -> bool:
        return key in self.params

    def __iter__(self) -> Iterator[str]:
        self._record_bulk(_getframe(1))
        return iter(self.params)

    def __len__(self) -> int:
        return len(self.params)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Mapping):
            return self.params == (
                other.params if isinstance(other, ConsumedMapping) else dict(other)
            )
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it can change

    def __repr__(self) -> str:
        shown = describe(self.history.rstrip("."), dict(self.params))
        return f"{self.history}{type(self).__name__}({shown})"

    def __hp_flat__(self) -> dict[str, Any]:
        """Return the dict to code that flattens mappings, which does not count as a read."""
        return self.params

    def _take(self, key: str, default: object) -> Taken:
        """Remove the value, or take the default."""
        path = f"{self.history}{key}"
        if key in self.params:
            origins = self._origins
            # An empty `origins` has only its default, and would cost a call of __missing__.
            return path, self.params.pop(key), origins[path] if origins else origins.default
        if default is DEFAULT:
            raise self._missing(key)
        self._defaulted[path] = None
        return path, default, None

    def _missing(self, key: str) -> ConfigurationError:
        place = f' at location "{self.history}"' if self.history else ""
        hint = did_you_mean(str(key), map(str, self.params))
        return ConfigurationError(
            f'key "{key}" is required{place}{"." if hint else ""}{hint}',
            key=f"{self.history}{key}",
            origin=resolve(self._origins[self.history.rstrip(".")]),
        )

    def _not_a_choice(self, taken: Taken, choices: list[Any]) -> ConfigurationError:
        path, value, origin = taken
        text = log_text(path, value)
        place = resolve(origin) if origin is not None else None
        near = did_you_mean(text, [choice for choice in choices if isinstance(choice, str)])
        return ConfigurationError(
            f"{text} not in acceptable choices for {path}: {choices}.{near} It comes from {place}.",
            key=path,
            value=show(path, value),
            origin=place,
        )

    def _choice(self, taken: Taken, choices: list[Any], allow_class_names: bool) -> Any:
        """Return the value, or what was written for it, as one of `choices` or a class name."""
        path, value, origin = taken
        if value in choices or (allow_class_names and isinstance(value, str) and "." in value):
            return value
        text = self._origins.written(path, value) if origin is not None else None
        if isinstance(text, UntypedText) and text.text in choices:
            return text.text
        raise self._not_a_choice(taken, choices)

    def _cast(self, taken: Taken, kind: Callable[[Any], T]) -> T | None:
        path, value, origin = taken
        if value is None:
            return None
        text = self._origins.written(path, value) if origin is not None else None
        try:
            return kind(value) if text is None else _from_text(text, value, kind)
        except (TypeError, ValueError, ArithmeticError, Unconvertible):
            wanted = WANTED[kind.__name__.strip("_")]
            problem = Unconvertible(wanted=wanted, value=value if text is None else text)
            if origin is None:
                shown = show(path, value)
                message = f"{path}: the default {shown} is not {wanted}."
                raise ConversionError(message, key=path, value=shown) from None
            found = Whole(value, origin, self._origins)  # of a mapping, those of its names
            raise refusal(ConversionError, path, found, problem) from None

    def _wrapped(self, key: str, value: object) -> Any:
        """Return `value` with its dicts wrapped, so that the wrappers share them."""
        if isinstance(value, dict):
            return self._part(value, f"{self.history}{key}.")
        if isinstance(value, list):
            return [self._wrapped(f"{key}.{i}", item) for i, item in enumerate(value)]
        return value

    def _part(self, params: dict[str, Any], history: str) -> Self:
        part = object.__new__(type(self))  # not by __init__, which would copy the dict
        vars(part).update(vars(self), params=params, history=history)
        return part

    def _read_item(self, key: str, frame: FrameType) -> Any:
        path, value = f"{self.history}{key}", self.params[key]
        if is_dict_free(value):  # otherwise its parts are recorded when they are read
            record_read(path, value, None, self._origins[path], frame)
        return self._wrapped(key, value)

    def _log_and_record(
        self, taken: Taken, used: object, default: object, frame: FrameType
    ) -> None:
        """Log the value as it was found, and record it as it is used."""
        path, value, origin = taken
        if logger.isEnabledFor(INFO):
            log_value(path, value)
        parts = self._origins if origin is not None else None
        record_read(path, used, None if default is DEFAULT else default, origin, frame, parts)

    def _record_bulk(self, frame: FrameType) -> None:
        site, note = site_of(_caller(frame)), ambient.current().record.note
        for path, value in flattened(self.params, self.history):
            note(record_key(path), value, None, self._origins[path], site, bulk=True)


def _from_text(text: Untyped, value: Any, kind: Callable[[Any], T]) -> Any:
    """Return text without a type as `kind`, exactly or not at all; `value` is what YAML reads."""
    if kind not in {int, float}:
        return to_bool(text)  # the words of a scope, such as `off`
    used = kind(value)
    if isinstance(value, bool) or (isinstance(value, (int, float)) and used != value):
        raise ValueError
    return used


_ABC = MutableMapping.pop.__code__.co_filename


def _caller(frame: FrameType) -> FrameType:
    """Return the frame that called, without those of the base class, such as of update()."""
    while frame.f_back and frame.f_code.co_filename == _ABC:
        frame = frame.f_back
    return frame


def record_read(  # noqa: PLR0917  # what a read is
    path: str,
    value: object,
    default: object,
    origin: RawOrigin | None,
    frame: FrameType,
    parts: Origins | None = None,
) -> None:
    """Record one read; `frame` is the reader's, whose line is looked up only when asked for.

    `parts` has the origins of the parts of a value.
    """
    note, site = ambient.current().record.note, (frame.f_code, frame.f_lasti)
    if isinstance(value, dict) and value:  # kept as a dict: all that is in it
        for below, part in flattened(value, f"{path}."):
            at = origin if parts is None else parts[below]
            note(record_key(below), part, default, at, site, bulk=True)
        return
    if path not in KNOWN:
        path = record_key(path)
    note(path, value, default, origin, site)


def log_value(path: str, value: object) -> None:
    logger.info("%s = %s", path, log_text(path, value))


def is_dict_free(value: object) -> bool:
    if isinstance(value, list):
        return all(map(is_dict_free, value))
    return not isinstance(value, dict)
