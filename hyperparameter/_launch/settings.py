"""From a command line, the environment and files to the scopes that a program runs in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from .._scopes.scope import scope_of
from .._scopes.snapshot import Layer, Snapshot
from .._values.convert import UntypedText
from .._values.origin import Origin, Source
from ..exceptions import ConfigurationError, UsageError
from .invocation import Invocation

_FILES = Origin("file", "-C")


class Settings:
    """What is set from outside the program, the strongest source first.

    `origins` tells where each key was set.
    """

    def __init__(self, line: Invocation, env_prefix: str | None, env: Mapping[str, str]) -> None:
        if env_prefix == "":
            raise ValueError("An empty env_prefix would take all variables. Give it a name.")
        self.layers: list[Layer | Snapshot] = [line.options, line.defines]
        if line.files or env_prefix is not None:
            self.layers = [_loaded(line, env_prefix, env)]
        self.origins: dict[str, Source] = {
            key: layer.origin_of(key) for layer in reversed(self.layers) for key in layer.values
        }
        self._options = frozenset(line.options.values)

    def sets(self, key: str | None) -> bool:
        """Tell whether the key is set, or one below it."""
        return any(one == key or one.startswith(f"{key}.") for one in self.origins)

    def not_options(self) -> dict[str, Source]:
        """Return the keys that may be wrong; options have been checked by name."""
        return {key: at for key, at in self.origins.items() if key not in self._options}

    def open(self) -> ExitStack:
        """Enter the scopes; leaving the stack leaves them."""
        stack = ExitStack()
        for layer in reversed(self.layers):
            stack.enter_context(scope_of(layer))
        return stack


def _loaded(line: Invocation, env_prefix: str | None, env: Mapping[str, str]) -> Layer | Snapshot:
    """Return all sources merged, so that a reference in a file sees what stands over the file."""
    from .._config.load import layers, load

    above = [_literally(layer) for layer in (line.defines, line.options)]
    try:
        settings = load(line.files, None, env_prefix, env, _FILES, above=above)
        return layers(settings, _FILES)
    except ConfigurationError as error:
        raise UsageError(str(error), key=error.key, origin=error.origin) from None


def _literally(layer: Layer) -> Layer:
    """Return the layer with `${` as text: a shell's user means what stands there."""
    return layer._replace(values={key: _literal(value) for key, value in layer.values.items()})


def _literal(value: Any) -> Any:
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if isinstance(value, UntypedText):
        return UntypedText(value.text.replace("${", "$${"))
    return value.replace("${", "$${") if isinstance(value, str) else value
