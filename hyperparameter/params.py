"""Parameters that are consumed as they are read, in the manner of AllenNLP.

    params = Params.from_file("experiment.jsonnet")
    model = params.pop("model")
    hidden = model.pop_int("hidden", 64)
    model.assert_empty("Model")

Every read is logged, and recorded like the reads of a scope, under the full path of its key.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from sys import _getframe
from typing import TYPE_CHECKING, Any, Self

from ._params.consumed import DEFAULT, INFO, Consumed, is_dict_free, log, logger, record
from ._params.file import Path, load, parse_overrides
from ._params.merge import (
    copied,
    flattened,
    infer_and_cast,
    override_paths,
    unflatten,
    with_fallback,
    with_overrides,
)
from ._params.origins import Origins
from ._params.scope import scope_from, visible
from ._params.text import dumps, ordered, shown
from ._values.describe import describe, show
from ._values.keys import did_you_mean
from ._values.origin import outside_site, resolve
from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections import OrderedDict

    from ._scopes.scope import scope


class Params(Consumed):
    """A nested dict of parameters, with the path that leads to it as `history`.

    Dicts inside are given out as `Params` that share them, those in lists too, so that whatever
    reads a part consumes it.  The text "None" becomes None when a Params is made.
    """

    DEFAULT: Any = DEFAULT

    def pop(self, key: str, default: Any = DEFAULT, keep_as_dict: bool = False) -> Any:
        """Remove the value and return it; without value and default, `ConfigurationError`."""
        found = self._take(key, default)
        _, value, origin = found
        if not keep_as_dict and isinstance(value, (dict, list)) and not is_dict_free(value):
            return self._wrapped(key, copied(value) if origin is None else value)
        self._note(found, value, default, _getframe(1))
        return value

    def pop_int(self, key: str, default: Any = DEFAULT) -> int | None:
        """Pop and make an int of what is not None."""
        found = self._take(key, default)
        used = found[1] if type(found[1]) is int else self._cast(found, int)
        self._note(found, used, default, _getframe(1))
        return used

    def pop_float(self, key: str, default: Any = DEFAULT) -> float | None:
        """Pop and make a float of what is not None."""
        found = self._take(key, default)
        used = found[1] if type(found[1]) is float else self._cast(found, float)
        self._note(found, used, default, _getframe(1))
        return used

    def pop_bool(self, key: str, default: Any = DEFAULT) -> bool | None:
        """Pop a bool, None, or one of the texts "true" and "false"."""
        found = self._take(key, default)
        used = found[1] if type(found[1]) is bool else self._cast(found, _bool)
        self._note(found, used, default, _getframe(1))
        return used

    def pop_choice(
        self,
        key: str,
        choices: list[Any],
        default_to_first_choice: bool = False,
        allow_class_names: bool = True,
    ) -> Any:
        """Pop one of `choices`; or any text with a dot, where class names are allowed."""
        default = choices[0] if default_to_first_choice and choices else DEFAULT
        found = self._take(key, default)
        path, value, origin = found
        is_name = allow_class_names and isinstance(value, str) and "." in value
        if value not in choices and not is_name:
            raise ConfigurationError(
                f"{shown(path, value)} not in acceptable choices for {path}: {choices}. You should "
                "either use the --include-package flag to make sure the correct module is loaded, "
                "or use a fully qualified class name in your config file like "
                '{"model": "my_module.models.MyModel"} to have it imported automatically.',
                key=path,
                value=show(path, value),
                origin=resolve(origin) if origin is not None else None,
            )
        self._note(found, value, default, _getframe(1))
        return value

    def get(self, key: str, default: Any = DEFAULT) -> Any:
        """Return the value, or `default`, or None; nothing is removed or logged."""
        if key in self.params:
            return self._read(key, _getframe(1))
        path, value = f"{self.history}{key}", None if default is DEFAULT else default
        self._asked[path] = None
        record(path, value, value, None, _getframe(1))
        return self._wrapped(key, copied(value))

    def as_dict(self, quiet: bool = False, infer_type_and_cast: bool = False) -> dict[str, Any]:
        """Return the dict that this is made of, or a cast copy; not `quiet`, log what it has."""
        self._record_all(_getframe(1))
        params = infer_and_cast(self.params) if infer_type_and_cast else self.params
        if not quiet and logger.isEnabledFor(INFO):
            for key, value in flattened(params, self.history):
                log(key, value)
        found: dict[str, Any] = params
        return found

    def as_flat_dict(self) -> dict[str, Any]:
        """Return the values by dotted key; lists and empty dicts are values."""
        self._record_all(_getframe(1))
        return dict(flattened(self.params))

    def as_ordered_dict(
        self, preference_orders: list[list[str]] | None = None
    ) -> OrderedDict[str, Any]:
        """Return the nested dict sorted by the preferences, the first list first, then by key."""
        self._record_all(_getframe(1))
        return ordered(self.params, preference_orders)

    def to_file(self, params_file: Path, preference_orders: list[list[str]] | None = None) -> None:
        """Write what is left as JSON, in the order of `as_ordered_dict`."""
        text = dumps(ordered(self.params, preference_orders), indent=4)
        with open(params_file, "w", encoding="utf-8") as file:
            file.write(text)

    def get_hash(self) -> str:
        """Return a checksum of what is left, the same in every process."""
        return str(zlib.adler32(dumps(self.params, sort_keys=True).encode()))

    def assert_empty(self, class_name: str) -> None:
        """Raise `ConfigurationError` when something is left, which `class_name` did not take."""
        if not self.params:
            return
        asked = [path[len(self.history) :] for path in self._asked if path.startswith(self.history)]
        hints = [
            f"{key!r} ({resolve(self._origins[f'{self.history}{key}'])}).{did_you_mean(key, asked)}"
            for key in map(str, list(self.params)[:3])
        ]
        first = f"{self.history}{next(iter(self.params))}"
        raise ConfigurationError(
            f"Extra parameters passed to {class_name}: {describe('', self.params)}. "
            f"Nothing took {' '.join(hints)}",
            key=first,
            origin=resolve(self._origins[first]),
        )

    def duplicate(self) -> Self:
        """Return a copy that shares nothing with this one, the archive's dict included."""
        return deepcopy(self)

    def add_file_to_archive(self, name: str) -> None:
        """Take note, before it is popped, that the file which `name` gives belongs to an archive.

        It is in `files_to_archive` of the topmost Params, by its full path.
        """
        if self.loading_from_archive:
            return
        if name not in self.params:
            raise self._missing(name)
        path, given = f"{self.history}{name}", self._read(name, _getframe(1))
        local = os.path.expanduser(given) if isinstance(given, (str, os.PathLike)) else ""
        if not os.path.exists(local):
            raise ConfigurationError(
                f"key {path!r} is {show(path, given)}, which is no file here to archive.", key=path
            )
        self.files_to_archive[path] = str(local)

    @classmethod
    def from_file(
        cls,
        params_file: Path,
        params_overrides: str | Mapping[str, Any] = "",
        ext_vars: Mapping[str, str] | None = None,
        roots: Iterable[Path] = (),
    ) -> Self:
        """Return the parameters of a JSON, Jsonnet, YAML or TOML file, overridden.

        Jsonnet imports from the file's directory downwards and from `roots`; its external
        variables are `ext_vars`, then those of the environment that it asks for.
        """
        values, origins = load(params_file, ext_vars, roots)
        if isinstance(params_overrides, str):
            overrides = parse_overrides(params_overrides, ext_vars)
        else:
            overrides = unflatten(params_overrides)
        here = outside_site()
        merged = with_fallback(overrides, values)
        for path in override_paths(overrides, merged):
            origins.bind(path, here)
        return cls._with_origins(merged, origins)

    @classmethod
    def from_scope(cls, scope: scope | None = None, prefix: str = "") -> Self:
        """Return what is visible below `prefix` in the active scope, or in `scope`, nested."""
        values, origins, history = visible(scope, prefix)
        return cls._with_origins(values, origins, history)

    def to_scope(self, prefix: str = "") -> scope:
        """Return a scope, to be entered, of what is left, each value with its origin."""
        self._record_all(_getframe(1))
        return scope_from(self.params, self._origins, self.history, prefix)

    @classmethod
    def _with_origins(cls, values: dict[str, Any], origins: Origins, history: str = "") -> Self:
        made = cls(values, history)
        made._origins = origins
        return made


def _bool(value: Any) -> bool:
    if value in ("true", "false") and isinstance(value, str):
        return value == "true"
    raise ValueError


def pop_choice(  # noqa: PLR0917  # the reference's signature
    params: dict[str, Any],
    key: str,
    choices: list[Any],
    default_to_first_choice: bool = False,
    history: str = "?.",
    allow_class_names: bool = True,
) -> Any:
    """Do what `Params.pop_choice` does, for a plain dict."""
    made = Params({}, history)
    made.params = params
    return made.pop_choice(key, choices, default_to_first_choice, allow_class_names)


def remove_keys_from_params(
    params: Params, keys: Iterable[str] = ("pretrained_file", "initializer")
) -> None:
    """Delete these keys at every level of nested dicts; what is no Params is left alone."""
    if isinstance(params, Params):
        _remove(params.params, set(keys))


def _remove(params: dict[str, Any], keys: set[str]) -> None:
    for key in keys & params.keys():
        del params[key]
    for value in params.values():
        if isinstance(value, dict):
            _remove(value, keys)


__all__ = [
    "ConfigurationError",
    "Params",
    "infer_and_cast",
    "parse_overrides",
    "pop_choice",
    "remove_keys_from_params",
    "unflatten",
    "with_fallback",
    "with_overrides",
]
