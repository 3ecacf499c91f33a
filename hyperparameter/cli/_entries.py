"""The parameters of a package by key, each with all the places that declare or read it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from .._functions.docstring import ParsedDocstring, parse_docstring
from .._scan import Finding
from .._scan.finding import masked
from .._values.describe import Description


class Entry(NamedTuple):
    """A key and its places, the telling one first: one that declares it before one that reads."""

    key: str
    places: list[Finding]
    source: str
    folder: str  # that locations are relative to

    @property
    def finding(self) -> Finding:
        return self.places[0]

    @property
    def default(self) -> str | None:
        """Return the default for a message, None where there is none to be seen."""
        return self.finding.shown_default

    @property
    def line(self) -> str:
        return f"{self.key if self.key.isprintable() else repr(self.key)}{assigned(self)}"

    def location(self, place: Finding) -> str:
        file = place.file
        if file.startswith(self.folder + os.sep):
            file = file[len(self.folder) + 1 :]
        return f"{file}:{place.line}"

    @property
    def description(self) -> str:
        """Return what a docstring says of the parameter, or else of its function."""
        found = _help(self.finding.doc)
        own = found.parameters.get(self.key.rpartition(".")[2], "")
        return (own if self.finding.kind == "declared" else "") or found.summary

    def plain(self) -> dict[str, Any]:
        """Return the entry as JSON has it."""
        place = self.finding
        return {
            "default": _json(masked(self.key, place.default)) if place.has_default else None,
            "type": place.type,
            "file": place.file,
            "line": place.line,
            "description": self.description,
            "function": place.function,
            "namespace": place.namespace,
            "source": self.source,
        }


def entries_of(findings: Iterable[Finding], source: str, folder: str) -> dict[str, Entry]:
    """Return entries by key, in the order in which the sources have them."""
    entries: dict[str, Entry] = {}
    for finding in findings:
        entries.setdefault(finding.key, Entry(finding.key, [], source, folder)).places.append(
            finding
        )
    for entry in entries.values():
        if len(entry.places) > 1:
            entry.places.sort(key=lambda place: (place.kind != "declared", not place.has_default))
    return entries


def assigned(entry: Entry) -> str:
    if entry.finding.required:
        return " (required)"
    default = entry.default
    return "" if default is None else f" = {default}"


@lru_cache(maxsize=4096)
def _help(doc: str) -> ParsedDocstring:
    return parse_docstring(doc)


def _json(value: Any) -> Any:
    """Return a described value in JSON that any reader takes: no NaN, no keys but texts."""
    if isinstance(value, Description):
        return str(value)
    if isinstance(value, float) and value - value != 0:
        return repr(value)
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    return value
