"""From a file or a text to the nested dict of a `Params`, with the place of each value."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._files import from_json
from .._files.document import read_document as read
from .._files.line_numbers import LineNumbers as Lines
from .._files.text import read_text
from .._values.origin import Origin, Source
from ..exceptions import ConfigurationError
from .merge import copied_mapping, unflatten
from .origins import Origins

_JSONNET = (".jsonnet", ".libsonnet")
_DOCUMENTS = (".yaml", ".yml", ".toml")
_OVERRIDES = "<overrides>"
Path = str | os.PathLike[str]


def load(
    file: Path, ext_vars: Mapping[str, str] | None, roots: Iterable[Path]
) -> tuple[dict[str, Any], Origins]:
    """Return the values of a configuration file and where each is written."""
    name = os.fspath(file)
    extension = os.path.splitext(name)[1].lower()
    lines = Lines()
    if extension in _DOCUMENTS:
        values, lines, _ = read(file)
    elif extension in _JSONNET:
        values = _evaluate(file, ext_vars, roots)
    else:
        values, lines = parse(read_text(file), name, lambda: _evaluate(file, ext_vars, roots))
    places: dict[str, Source] = {".".join(map(str, path)): (name, line) for path, line in lines}
    try:
        return copied_mapping(values, "Its top"), Origins(Origin("file", name), places)
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error}", origin=Origin("file", name)) from None


def _evaluate(file: Path, ext_vars: Mapping[str, str] | None, roots: Iterable[Path]) -> Any:
    from .._files.from_jsonnet import evaluate

    return evaluate(file, ext_vars, roots)


def parse_overrides(
    serialized_overrides: str, ext_vars: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the nested dict that a text of overrides, JSON or Jsonnet, stands for.

    An empty text is no override; dotted keys become nested dicts.
    """
    if not serialized_overrides:
        return {}

    def evaluate() -> Any:
        from .._files.from_jsonnet import evaluate_snippet

        return evaluate_snippet(serialized_overrides, _OVERRIDES, ext_vars)

    values, _ = parse(serialized_overrides, _OVERRIDES, evaluate)
    return unflatten(copied_mapping(values, _OVERRIDES))


def parse(text: str, name: str, evaluate: Callable[[], Any]) -> tuple[Any, Lines]:
    """Return the value of JSON and its lines, or else what `evaluate` makes of the text.

    JSON comes first because it needs no evaluator, and keeps 1.0 a float.
    """
    try:
        return from_json.parse_json(text, name)
    except from_json.NotJson as error:
        reason = error
    from .._files.from_jsonnet import BackendMissing

    try:
        return evaluate(), Lines()
    except BackendMissing as missing:
        raise BackendMissing(f"{reason} And: {missing}") from None
