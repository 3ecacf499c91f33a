"""The errors about keys, values, files and command lines.

There is one base class to catch, with subclasses that carry data.  A message names the key, where
its value came from, and what to do about it.  Wrong use of an interface from code is a `TypeError`,
`ValueError` or `RuntimeError`, as elsewhere in Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class _Origin(Protocol):
        """The part of `_values.origin.Origin` that users need; this file is below it."""

        @property
        def kind(self) -> str: ...

        @property
        def location(self) -> str: ...


CONTROLS = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}
"""The escapes, for `str.translate`, of characters that end a line or steer a terminal."""


_args: Any = vars(BaseException)["args"]


class HyperparameterError(Exception):
    """Base of all errors; `key`, `value` and `origin` are None where they do not apply.

    `value` is a description if the value itself is large or a secret.  The message is one line,
    whatever keys and texts of the user are in it: their control characters become escapes.
    """

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        value: object = None,
        origin: Any = None,
    ) -> None:
        super().__init__(message.translate(CONTROLS))
        self.key = key
        self.value = value
        self.origin: _Origin | None = origin


class InvalidKey(HyperparameterError, ValueError):
    """A key is not a dotted name, or a mapping cannot be flattened into keys."""


class MissingParameter(HyperparameterError, KeyError):
    """A value without a default was read, and nothing has set it.

    `hint` ends the message; it is asked when somebody looks, since many of these errors are caught.
    """

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        value: object = None,
        origin: Any = None,
        hint: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(message, key=key, value=value, origin=origin)
        self._hint = hint

    @property
    def args(self) -> tuple[Any, ...]:  # type: ignore[override]  # a descriptor, as the base has one
        """The message, in a tuple."""
        if (hint := self.__dict__.get("_hint")) is not None:
            self._hint = None
            message = f"{_args.__get__(self)[0]}{hint()}"
            _args.__set__(self, (message.translate(CONTROLS),))
        return _args.__get__(self)  # type: ignore[no-any-return]

    def __str__(self) -> str:  # KeyError would show the repr of the message
        return str(self.args[0]) if len(self.args) == 1 else str(self.args)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.args))})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, self.__dict__


class ConversionError(HyperparameterError, ValueError):
    """A value cannot become the wanted type without loss."""


class UsageError(HyperparameterError):
    """A command line cannot be used as it is."""


class ConfigurationError(HyperparameterError, ValueError):
    """A configuration file, a configuration value or a record cannot be used as it is."""
