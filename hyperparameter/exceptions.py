"""The errors about keys, values, files and command lines.

There is one base class to catch, with subclasses that carry data.  A message names the key, where
its value came from, and what to do about it.  Wrong use of an interface from code is a `TypeError`,
`ValueError` or `RuntimeError`, as elsewhere in Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Protocol

    class _Origin(Protocol):
        """The part of `_values.origin.Origin` that users need; this file is below it."""

        @property
        def kind(self) -> str: ...

        @property
        def location(self) -> str: ...


CONTROLS = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}
"""The escapes, for `str.translate`, of characters that end a line or steer a terminal."""


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
    """A value without a default was read, and nothing has set it."""

    __str__ = Exception.__str__  # KeyError would show the repr of the message


class ConversionError(HyperparameterError, ValueError):
    """A value cannot become the wanted type without loss."""


class UsageError(HyperparameterError):
    """A command line cannot be used as it is."""


class ConfigurationError(HyperparameterError, ValueError):
    """A configuration file, a configuration value or a record cannot be used as it is."""
