"""`hp.config`: files, mappings, the environment and overrides as one scope or one object."""

from __future__ import annotations

import os
import sys
import warnings
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
    plain nested dicts.  With a class, variables that belong to no field set nothing.

    `at` is the key below which the files and mappings are put.  `section` takes one section of the
    whole, after its references have been resolved.

    `ConfigurationError` names the key, the file and line, and what to do.
    """
    # Imported on use: programs without configuration files should not pay for it.
    from .._functions import declared_defaults
    from .load import load
    from .result import Wanted

    here = site_of(sys._getframe(1))  # the caller is the origin of mappings and overrides
    known = os.environ if env is None else env
    wanted = Wanted(schema, section)  # before any file is read
    variables = wanted.variables(env_prefix, known)
    loaded = load(
        source, overrides, variables, known, here,
        declarations=wanted.declarations(declared_defaults), at=at, is_mapping=wanted.is_mapping,
    )  # fmt: skip
    for note in (*loaded.notes, *wanted.notes(variables, loaded.referenced)):
        warnings.warn(note, stacklevel=2)
    return cast("T", wanted.of(loaded.sources, here))
