"""Parameters that are consumed as they are read, in the manner of AllenNLP.

    params = Params.from_file("experiment.jsonnet")
    model = params.pop("model")
    hidden = model.pop_int("hidden", 64)
    model.assert_empty("Model")

Every read is logged, and recorded under the full path of its key, like the reads of a scope.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from sys import _getframe
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ._files.text import FilePath
from ._params.consumed import (
    DEFAULT,
    INFO,
    ConsumedMapping,
    is_dict_free,
    log_value,
    logger,
    record_read,
)
from ._params.file import load_file, parse_overrides
from ._params.merge import (
    as_flat,
    copied,
    flattened,
    infer_and_cast,
    override_paths,
    unflatten,
    with_fallback,
    with_overrides,
)
from ._params.origins import Origins
from ._params.scope import scope_from, values_below
from ._params.text import dumps, ordered
from ._values.describe import describe, show
from ._values.keys import did_you_mean
from ._values.origin import outside_site, resolve
from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections import OrderedDict

    from ._scopes.scope import scope


class Params(ConsumedMapping):
    """A nested dict of parameters, with the path that leads to it as `history`.

    Dicts inside it, also those in lists, are returned as `Params` that share them: whoever pops
    from a part takes it from the whole.  The text "None" becomes None when a Params is made.
    """

    DEFAULT: ClassVar = DEFAULT

    # The frame that calls a public method is recorded as the reader, so each method takes it
    # itself; that the three typed pops do not share a helper saves each of them a call.

    def pop(self, key: str, default: object = DEFAULT, keep_as_dict: bool = False) -> Any:
        """Remove the value and return it.

        `ConfigurationError` if the key is missing and there is no default.
        """
        taken = self._take(key, default)
        _, value, origin = taken
        if not keep_as_dict and isinstance(value, (dict, list)) and not is_dict_free(value):
            # A default is the caller's: it must not be consumed.
            return self._wrapped(key, copied(value) if origin is None else value)
        self._log_and_record(taken, value, default, _getframe(1))
        return value

    def pop_int(self, key: str, default: object = DEFAULT) -> int | None:
        """Pop the value and convert it to an int, unless it is None."""
        taken = self._take(key, default)
        used = taken[1] if type(taken[1]) is int else self._cast(taken, int)
        self._log_and_record(taken, used, default, _getframe(1))
        return used

    def pop_float(self, key: str, default: object = DEFAULT) -> float | None:
        """Pop the value and convert it to a float, unless it is None."""
        taken = self._take(key, default)
        used = taken[1] if type(taken[1]) is float else self._cast(taken, float)
        self._log_and_record(taken, used, default, _getframe(1))
        return used

    def pop_bool(self, key: str, default: object = DEFAULT) -> bool | None:
        """Pop the value: a bool, None, or one of the texts "true" and "false"."""
        taken = self._take(key, default)
        used = taken[1] if type(taken[1]) is bool else self._cast(taken, _bool)
        self._log_and_record(taken, used, default, _getframe(1))
        return used

    def pop_choice(
        self,
        key: str,
        choices: list[Any],
        default_to_first_choice: bool = False,
        allow_class_names: bool = True,
    ) -> Any:
        """Pop the value, which must be one of `choices`, or a class name if these are allowed.

        Any text with a dot counts as a class name.
        """
        default = choices[0] if default_to_first_choice and choices else DEFAULT
        taken = self._take(key, default)
        used = self._choice(taken, choices, allow_class_names)
        self._log_and_record(taken, used, default, _getframe(1))
        return used

    def get(self, key: str, default: object = DEFAULT) -> Any:
        """Return the value, or `default`, or None; nothing is removed or logged."""
        if key in self.params:
            return self._read_item(key, _getframe(1))
        path, value = f"{self.history}{key}", None if default is DEFAULT else default
        self._defaulted[path] = None
        record_read(path, value, value, None, _getframe(1))
        return self._wrapped(key, copied(value))

    def as_dict(self, quiet: bool = False, infer_type_and_cast: bool = False) -> dict[str, Any]:
        """Return the dict inside, or a copy of it that is cast; log its values unless `quiet`."""
        self._record_bulk(_getframe(1))
        params: dict[str, Any] = infer_and_cast(self.params) if infer_type_and_cast else self.params
        if not quiet and logger.isEnabledFor(INFO):
            for key, value in flattened(params, self.history):
                log_value(key, value)
        return params

    def as_flat_dict(self) -> dict[str, Any]:
        """Return the values by dotted key; lists and empty dicts are values."""
        self._record_bulk(_getframe(1))
        return as_flat(self.params)

    def as_ordered_dict(
        self, preference_orders: list[list[str]] | None = None
    ) -> OrderedDict[str, Any]:
        """Return the nested dict sorted by the preferences, the first list first, then by key."""
        self._record_bulk(_getframe(1))
        return ordered(self.params, preference_orders)

    def to_file(
        self, params_file: FilePath, preference_orders: list[list[str]] | None = None
    ) -> None:
        """Write what is left as JSON, in the order of `as_ordered_dict`."""
        # Before the file is opened, so that an error leaves none behind.
        text = dumps(ordered(self.params, preference_orders), indent=4)
        with open(params_file, "w", encoding="utf-8") as file:
            file.write(text)

    def get_hash(self) -> str:
        """Return a checksum of what is left, the same in every process."""
        return str(zlib.adler32(dumps(self.params, sort_keys=True).encode()))

    def assert_empty(self, class_name: str) -> None:
        """Raise `ConfigurationError` if anything is left that `class_name` did not pop."""
        if not self.params:
            return
        start = self.history
        defaulted = [path[len(start) :] for path in self._defaulted if path.startswith(start)]
        hints = [
            f"{key!r} ({resolve(self._origins[f'{start}{key}'])}) was not read."
            f"{did_you_mean(key, defaulted)}"
            for key in map(str, list(self.params)[:3])  # the first ones are enough
        ]
        first = f"{self.history}{next(iter(self.params))}"
        raise ConfigurationError(
            f"Extra parameters passed to {class_name}: {describe(start.rstrip('.'), self.params)}. "
            f"{' '.join(hints)}",
            key=first,
            origin=resolve(self._origins[first]),
        )

    def duplicate(self) -> Self:
        """Return a copy that shares nothing with this one, the archive's dict included."""
        return deepcopy(self)

    def add_file_to_archive(self, name: str) -> None:
        """Note that an archive needs the file whose path is the value of `name`.

        Call it before the value is popped.  The path is then in `files_to_archive` of the topmost
        Params, under the full path of the key.
        """
        if self.loading_from_archive:
            return
        if name not in self.params:
            raise self._missing(name)
        path, given = f"{self.history}{name}", self._read_item(name, _getframe(1))
        local = os.path.expanduser(given) if isinstance(given, (str, os.PathLike)) else ""
        if not os.path.exists(local):
            raise ConfigurationError(
                f"key {path!r} is {show(path, given)}, which is not a local file. Only local files "
                "can go into an archive.",
                key=path,
            )
        self.files_to_archive[path] = str(local)

    @classmethod
    def from_file(
        cls,
        params_file: FilePath,
        params_overrides: str | Mapping[str, Any] = "",
        ext_vars: Mapping[str, str] | None = None,
        roots: Iterable[FilePath] = (),
    ) -> Self:
        """Return the parameters of a JSON, Jsonnet, YAML or TOML file, with overrides over them.

        Jsonnet imports from the file's directory downwards and from `roots`; its external
        variables are `ext_vars`, then those of the environment that it asks for.
        """
        values, origins = load_file(params_file, ext_vars, roots)
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
        """Return the values below `prefix` of `scope`, or of the active scope, nested."""
        values, origins, history = values_below(scope, prefix)
        return cls._with_origins(values, origins, history)

    def to_scope(self, prefix: str = "") -> scope:
        """Return a scope of what is left, ready to be entered; each value keeps its origin."""
        self._record_bulk(_getframe(1))
        return scope_from(self.params, self._origins, self.history, prefix)

    @classmethod
    def _with_origins(cls, values: dict[str, Any], origins: Origins, history: str = "") -> Self:
        made = cls(values, history)
        made._origins = origins
        return made


def _bool(value: object) -> bool:
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
    """Do the same as `Params.pop_choice` for a plain dict."""
    made = Params({}, history)
    made.params = params  # not through Params(), which would pop from a copy
    return made.pop_choice(key, choices, default_to_first_choice, allow_class_names)


def remove_keys_from_params(
    params: Params, keys: Iterable[str] = ("pretrained_file", "initializer")
) -> None:
    """Delete these keys at every level of nested dicts; ignore anything but a Params.

    A model may be given by its name alone.
    """
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
