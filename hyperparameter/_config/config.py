"""`hp.config`: files, mappings, the environment and overrides as one scope or one object."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar, overload

from .._scopes.scope import scope, scope_of
from .._values.origin import site_of

if TYPE_CHECKING:
    from .load import One, Overrides

T = TypeVar("T")


@overload
def config(
    source: One | Iterable[One],
    schema: None = None,
    overrides: Overrides | None = None,
    *,
    env_prefix: str | None = None,
    env: Mapping[str, str] | None = None,
) -> scope: ...
@overload
def config(
    source: One | Iterable[One],
    schema: type[T],
    overrides: Overrides | None = None,
    *,
    env_prefix: str | None = None,
    env: Mapping[str, str] | None = None,
) -> T: ...
def config(
    source: One | Iterable[One],
    schema: type[T] | None = None,
    overrides: Overrides | None = None,
    *,
    env_prefix: str | None = None,
    env: Mapping[str, str] | None = None,
) -> scope | T:
    """Read configuration and return it as a scope, or as an instance of `schema`.

    `source` is a file (TOML, YAML, JSON, Jsonnet), a mapping, or several of them; later ones win,
    then environment variables with the prefix (`APP_TRAIN__LR` is `train.lr` for `"APP"`), then
    `overrides`, a mapping or texts such as `"train.lr=0.1"`.  References `${...}` are resolved
    at last.  `schema` is a dataclass, a TypedDict, a msgspec.Struct or a pydantic model.

    `ConfigurationError` names the key, the file and line, and what to do.
    """
    from .load import layers, load

    here = site_of(sys._getframe(1))
    settings = load(source, overrides, env_prefix, os.environ if env is None else env, here)
    if schema is None:
        return scope_of(layers(settings, here))
    from .schema import build

    built: T = build(schema, settings)
    return built
