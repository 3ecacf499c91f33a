"""`hp.config`: files, mappings, the environment and overrides as one scope or one object."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar, cast, overload

from .._scopes.scope import scope, scope_of
from .._values.origin import site_of

if TYPE_CHECKING:
    from .load import ConfigSource, Overrides

T = TypeVar("T")


@overload
def config(
    source: ConfigSource | Iterable[ConfigSource],
    schema: None = None,
    overrides: Overrides | None = None,
    *,
    env_prefix: str | None = None,
    env: Mapping[str, str] | None = None,
) -> scope: ...
@overload
def config(
    source: ConfigSource | Iterable[ConfigSource],
    schema: type[T],
    overrides: Overrides | None = None,
    *,
    env_prefix: str | None = None,
    env: Mapping[str, str] | None = None,
) -> T: ...
def config(
    source: ConfigSource | Iterable[ConfigSource],
    schema: type[T] | None = None,
    overrides: Overrides | None = None,
    *,
    env_prefix: str | None = None,
    env: Mapping[str, str] | None = None,
) -> scope | T:
    """Read configuration and return it as a scope, or as an instance of `schema`.

    `source` is a TOML, YAML, JSON or Jsonnet file, a mapping, or several of them.  Later ones win,
    then environment variables with the prefix (with "APP", `APP_TRAIN__LR` sets `train.lr`), then
    `overrides`: a mapping, or texts such as `"train.lr=0.1"`.  References `${...}` are resolved
    last.  `schema` is a class with annotated fields: a dataclass, a NamedTuple, a TypedDict, an
    attrs class, a msgspec.Struct, a pydantic model or a plain class.

    `ConfigurationError` names the key, the file and line, and what to do.
    """
    # Imported on use: programs without configuration files should not pay for it.
    from .load import layers, load

    here = site_of(sys._getframe(1))  # the caller is the origin of mappings and overrides
    known = os.environ if env is None else env
    if schema is None:
        return scope_of(layers(load(source, overrides, env_prefix, known, here), here))
    from .schema import build, structure_for

    structure = structure_for(schema)  # before any file is read
    return cast("T", build(structure, load(source, overrides, env_prefix, known, here).sources))
