"""From a file or a text to the nested dict of a `Params`, with the origin of each value."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._files.document import read_document
from .._files.from_json import NotJson, parse_json
from .._files.line_numbers import LineNumbers
from .._files.problems import not_text
from .._files.text import FilePath, read_text
from .._values.named_twice import NamedTwice, check_names
from .._values.origin import Origin, RawOrigin
from .._values.untyped import Untyped, UntypedText
from ..exceptions import ConfigurationError
from .merge import copied_mapping, unflatten
from .origins import Origins, typed

_JSONNET = (".jsonnet", ".libsonnet")
_NEVER_JSON = (".yaml", ".yml", ".toml")
_OVERRIDES = "<overrides>"


def load_file(
    file: FilePath, ext_vars: Mapping[str, str] | None, roots: Iterable[FilePath]
) -> tuple[dict[str, Any], Origins]:
    """Return the values of a configuration file and where each is written."""
    name = os.fspath(file)
    extension = os.path.splitext(name)[1].lower()
    values: object
    lines = LineNumbers()
    if extension in _NEVER_JSON:
        values, lines, *_ = read_document(file)
        names: list[object] = list(values)
        for odd in names:
            if isinstance(odd, UntypedText):
                line = lines.at[odd]  # type: ignore[index]  # such names have lines as well
                place = Origin("file", f"{name}:{line}")
                raise ConfigurationError(not_text(place.location, odd), origin=place)
    elif extension in _JSONNET:
        values = _evaluate(file, ext_vars, roots)
    else:
        values, lines = parse_json_or_jsonnet(
            read_text(file), name, lambda: _evaluate(file, ext_vars, roots)
        )
    listed: dict[str, RawOrigin] = {".".join(map(str, path)): (name, line) for path, line in lines}
    texts: dict[str, Untyped] = {}
    values = typed(values, "", texts)
    try:
        check_names(values)
        return copied_mapping(values, "the top level"), Origins(Origin("file", name), listed, texts)
    except NamedTwice as error:
        raise ConfigurationError(
            f"{name}: of a mapping, {error}. Remove one.", origin=Origin("file", name)
        ) from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error}", origin=Origin("file", name)) from None


def _evaluate(
    file: FilePath, ext_vars: Mapping[str, str] | None, roots: Iterable[FilePath]
) -> object:
    # Imported on use, here and below: JSON needs neither an evaluator nor `subprocess`.
    from .._files.from_jsonnet import evaluate

    return evaluate(file, ext_vars, roots)


def parse_overrides(
    serialized_overrides: str, ext_vars: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the nested dict that a text of overrides, JSON or Jsonnet, stands for.

    An empty text has no overrides; dotted keys become nested dicts.
    """
    if not serialized_overrides:
        return {}

    def evaluate() -> object:
        from .._files.from_jsonnet import evaluate_snippet

        return evaluate_snippet(serialized_overrides, _OVERRIDES, ext_vars)

    values, _ = parse_json_or_jsonnet(serialized_overrides, _OVERRIDES, evaluate)
    return unflatten(copied_mapping(typed(values, "", {}), _OVERRIDES))


def parse_json_or_jsonnet(
    text: str, name: str, evaluate: Callable[[], object]
) -> tuple[object, LineNumbers]:
    """Return the value of JSON and its lines, or else what `evaluate` makes of the text.

    JSON comes first because it needs no evaluator, and keeps 1.0 a float.
    """
    try:
        return parse_json(text, name)
    except NotJson as error:
        reason = error
    from .._files.from_jsonnet import INSTALL, BackendMissing

    try:
        return evaluate(), LineNumbers()
    except BackendMissing:
        raise BackendMissing(
            f"{reason} If it is Jsonnet, install an evaluator: {INSTALL}"
        ) from None
