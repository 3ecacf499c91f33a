"""From a command line, the environment and files to the scopes that a program runs in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from .._scopes import ambient
from .._scopes.scope import scope_of
from .._scopes.snapshot import DELETED, Layer, Snapshot
from .._values.origin import Origin, RawOrigin
from .._values.untyped import REMOVED
from ..exceptions import ConfigurationError, UsageError
from .invocation import Invocation

_FILES = Origin("file", "-C")


class Settings:
    """What is set from outside the program.

    `layers` has the highest precedence first; `origins` tells where each key was set.
    """

    def __init__(
        self, invocation: Invocation, env_prefix: str | None, env: Mapping[str, str]
    ) -> None:
        if env_prefix == "":
            raise ValueError(
                "env_prefix is empty, so every environment variable would set a parameter. "
                'Give it a name, such as env_prefix="APP".'
            )
        self.layers = [invocation.options, invocation.defines]
        if invocation.files or env_prefix is not None:
            self.layers = list(_merged(invocation, env_prefix, env).scopes())
        self.origins: dict[str, RawOrigin] = {
            key: layer.origin_of(key) for layer in reversed(self.layers) for key in layer.values
        }
        self._options = frozenset(invocation.options.values)

    def sets(self, key: str | None) -> bool:
        """Tell whether the key or one below it is set."""
        return any(one == key or one.startswith(f"{key}.") for one in self.origins)

    def unchecked(self) -> dict[str, RawOrigin]:
        """Return the keys that may be unknown: those of options are parameters by definition."""
        return {key: at for key, at in self.origins.items() if key not in self._options}

    def open(self) -> ExitStack:
        """Enter the scopes; closing the stack leaves them."""
        stack = ExitStack()
        for layer in reversed(self.layers):
            stack.enter_context(scope_of(_removing(layer)))
        return stack


def _removing(layer: Layer) -> Layer:
    """Return the layer with a deletion of each key that is visible here below one it removes."""
    below = ambient.current().snapshot.below
    removed = [key for key, value in layer.values.items() if value is REMOVED]
    hidden = [flat for key in removed for name in below(key) if (flat := f"{key}.{name}")]
    # Not those that it sets itself: they must stay behind what removes the others.
    deleted = {key: DELETED for key in hidden if key not in layer.values}
    return layer._replace(values={**deleted, **layer.values}) if deleted else layer


def _merged(
    invocation: Invocation, env_prefix: str | None, env: Mapping[str, str]
) -> Layer | Snapshot:
    """Return everything merged: a reference in a file sees what the command line sets."""
    from .._config.load import layers, load

    above = [_without_references(layer) for layer in (invocation.defines, invocation.options)]
    try:
        settings = load(invocation.files, None, env_prefix, env, _FILES, above=above)
        return layers(settings, _FILES)
    except ConfigurationError as error:
        raise UsageError(str(error), key=error.key, origin=error.origin) from None


def _without_references(layer: Layer) -> Layer:
    """Return the layer with each `${` escaped: words of a shell mean what they say."""
    from .._config.bindings import as_literal

    return layer._replace(values={key: as_literal(value) for key, value in layer.values.items()})
