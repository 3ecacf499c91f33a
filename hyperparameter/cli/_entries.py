"""The parameters of a package by key, each with every place that declares or reads it."""

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from .._functions.docstring import ParsedDocstring, parse_docstring
from .._scan import Finding
from .._values.describe import Description, describe


class Entry(NamedTuple):
    """A key and its places: declarations before reads, those with a default first.

    `package` is the name of what was scanned; locations are shown relative to `folder`.
    """

    key: str
    places: list[Finding]
    package: str
    folder: str

    @property
    def finding(self) -> Finding:
        return self.places[0]

    @property
    def default(self) -> str | None:
        """Return the default for a message, None if there is none or the scan cannot see it."""
        return self.finding.shown_default

    @property
    def line(self) -> str:
        return f"{on_one_line(self.key)}{assigned(self)}"

    def location(self, place: Finding) -> str:
        file = place.file
        if file.startswith(self.folder + os.sep):
            file = file[len(self.folder) + 1 :]
        return f"{on_one_line(file)}:{place.line}"

    @property
    def description(self) -> str:
        """Return what the docstring says about the parameter, or else its summary."""
        found = _parsed(self.finding.doc)
        own = " ".join(found.parameters.get(self.key.rpartition(".")[2], "").split())
        return (own if self.finding.kind == "declared" else "") or found.summary

    def plain(self) -> dict[str, object]:
        """Return the entry for JSON."""
        place = self.finding
        return {
            "default": _json(describe(self.key, place.default)) if place.has_default else None,
            "type": place.type,
            "file": place.file,
            "line": place.line,
            "description": self.description,
            "function": place.function,
            "namespace": place.namespace,
            "source": self.package,
        }


def entries_of(findings: Iterable[Finding], package: str, folder: str) -> dict[str, Entry]:
    """Return entries by key, in the order of the source files."""
    entries: dict[str, Entry] = {}
    for finding in findings:
        entries.setdefault(finding.key, Entry(finding.key, [], package, folder)).places.append(
            finding
        )
    for entry in entries.values():
        if len(entry.places) > 1:
            entry.places.sort(key=lambda place: (place.kind != "declared", not place.has_default))
    return entries


def on_one_line(text: str) -> str:
    """Return a name of the sources; quoted where it would not be seen as one."""
    return text if text.isprintable() else repr(text)


def assigned(entry: Entry) -> str:
    if entry.finding.required:
        return " (required)"
    default = entry.default
    return "" if default is None else f" = {default}"


@lru_cache(maxsize=4096)  # all parameters of a function share its docstring
def _parsed(doc: str) -> ParsedDocstring:
    return parse_docstring(doc)


def _json(value: object) -> object:
    """Return a described value as strict JSON: without NaN, with text as keys."""
    if isinstance(value, Description):
        return str(value)
    if isinstance(value, float) and value - value != 0:  # not finite
        return repr(value)
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    return value
