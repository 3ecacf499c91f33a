"""`hp.config`: files, mappings, the environment and overrides as one scope or one object."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar, cast, overload

from .._scopes.scope import scope
from .._values.origin import site_of

if TYPE_CHECKING:
    from .load import Overrides
    from .sources import ConfigSource

T = TypeVar("T")


@overload
def config(
    source: ConfigSource | Iterable[ConfigSource],
    schema: None = None,
    overrides: Overrides | None = None,
    *,
    at: str | None = None,
    section: str | None = None,
    env_prefix: str | None = None,
    env: Mapping[str, str] | None = None,
) -> scope: ...
@overload
def config(
    source: ConfigSource | Iterable[ConfigSource],
    schema: type[T],
    overrides: Overrides | None = None,
    *,
    at: str | None = None,
    section: str | None = None,
    env_prefix: str | None = None,
    env: Mapping[str, str] | None = None,
) -> T: ...
def config(
    source: ConfigSource | Iterable[ConfigSource],
    schema: type[T] | None = None,
    overrides: Overrides | None = None,
    *,
    at: str | None = None,
    section: str | None = None,
    env_prefix: str | None = None,
    env: Mapping[str, str] | None = None,
) -> scope | T:
    """Read configuration and return it as a scope, or as an instance of `schema`.

    `source` is a TOML, YAML, JSON or Jsonnet file, a mapping, or several of them.  Later ones win,
    then environment variables with the prefix (with "APP", `APP_TRAIN__LR` sets `train.lr`), then
    `overrides`: a mapping, or texts such as `"train.lr=0.1"`.  References `${...}` are resolved
    last.  `schema` is a class with annotated fields: a dataclass, a NamedTuple, a TypedDict, an
    attrs class, a msgspec.Struct, a pydantic model or a plain class; or `dict`, for all of it as
    plain nested dicts.

    `at` is the key below which the files and mappings are put.  `section` takes one section of the
    whole, after its references have been resolved.

    `ConfigurationError` names the key, the file and line, and what to do.
    """
    # Imported on use: programs without configuration files should not pay for it.
    from .._functions import declared_defaults
    from .environment import Variables
    from .load import load
    from .result import Wanted

    here = site_of(sys._getframe(1))  # the caller is the origin of mappings and overrides
    known = os.environ if env is None else env
    wanted = Wanted(schema, section)  # before any file is read
    variables = None if env_prefix is None else Variables(env_prefix, known, wanted.names())
    loaded = load(
        source, overrides, variables, known, here,
        declarations=wanted.declarations(declared_defaults), at=at,
    )  # fmt: skip
    return cast("T", wanted.of(loaded.sources, here))
