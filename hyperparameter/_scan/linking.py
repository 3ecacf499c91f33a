"""What files refer to in each other: constants that one imports from another."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from .._values.describe import Description, from_json
from .._values.keys import check
from ..exceptions import InvalidKey
from . import modules
from .files import Files
from .finding import NO_DEFAULT, Finding
from .source import Scanned
from .walk.collected import Raw

_REF = re.compile("\0([^\0]*)\0")
_OWN = re.compile("\1[^\1]*\1")
_STARS = re.compile(r"\*[*]+")
_MOST_STEPS = 10
_UNKNOWN: Any = object()


class Linker:
    """Resolves what the scans of single files leave open."""

    def __init__(self, scanned: dict[str, Scanned], files: Files) -> None:
        self._scanned = scanned
        self._files = files
        self._roots: list[str] | None = None

    def findings(self, file: str, one: Scanned) -> Iterator[Finding]:
        """Yield what a file declares and reads, by keys that are complete or patterns."""
        for raw in one.found:
            key = self._key(raw.key, file)
            if key is not None and key != "*":
                yield self._finding(raw, key, file, one)

    def patterns(self, file: str, one: Scanned) -> Iterator[str]:
        """Yield the patterns of keys that the file may read besides."""
        for template in (*one.below, *(raw.key for raw in one.found)):
            key = self._key(_OWN.sub("*", template), file)
            if key is not None and "*" in key:
                yield key

    def _finding(self, raw: Raw, key: str, file: str, one: Scanned) -> Finding:
        default, kind = self._default(raw, file)
        namespace = self._key(raw.namespace, file) if raw.kind == "declared" else None
        return Finding(
            key, default, raw.required, kind, file, raw.line, raw.function,
            namespace or key.rpartition(".")[0], one.docs.get(raw.function, ""), raw.kind,
        )  # fmt: skip

    def _default(self, raw: Raw, file: str) -> tuple[Any, str | None]:
        if raw.default is None:
            return NO_DEFAULT, raw.type
        if raw.ref:
            value = self._constant(raw.ref, file, _MOST_STEPS)
            if value is not _UNKNOWN:
                literal = not isinstance(value, Description) and value is not None
                return value, raw.type or (type(value).__name__ if literal else None)
        return from_json(raw.default[0]), raw.type

    def _key(self, template: str, file: str) -> str | None:
        """Return a key, a pattern, or None for what can be no key."""
        template = template.replace("\1", "")
        if "\0" in template:
            template = self._text(template, file, _MOST_STEPS)
        if "**" in template:
            template = _STARS.sub("*", template)
        try:
            return check(template)
        except InvalidKey:
            return None

    def _text(self, template: str, file: str, steps: int) -> str:
        def known(match: re.Match[str]) -> str:
            value = self._constant(match[1], file, steps)
            return str(value) if type(value) in (str, int, float) else "*"

        return _REF.sub(known, template)

    def _constant(self, path: str, file: str, steps: int) -> Any:
        """Return what an imported name is in the module that defines it."""
        module, _, name = path.rpartition(".")
        if not module.strip("."):
            module = path.removesuffix(name)
        if not steps or not module:
            return _UNKNOWN
        home = self._home(module, file)
        one = self._scan(home) if home else None
        if home is None or one is None or name not in one.constants:
            return _UNKNOWN
        value = one.constants[name]
        if len(value) == 1:
            return from_json(value[0])
        alone = _REF.fullmatch(value[1])
        if alone:
            return self._constant(alone[1], home, steps - 1)
        return self._text(value[1], home, steps - 1)

    def _home(self, module: str, file: str) -> str | None:
        found = list(modules.files_of(module, file, self._search(file)))
        last = module.rpartition(".")[2]
        if not found or not last:
            return found[-1] if found else None
        ends = (f"{os.sep}{last}.py", f"{os.sep}{last}{os.sep}__init__.py")
        return found[-1] if found[-1].endswith(ends) else None

    def _search(self, file: str) -> list[str]:
        """Return where absolute imports may lead: the folders that packages here begin in."""
        if self._roots is None:
            roots = dict.fromkeys(beginning(one) for one in self._scanned)
            self._roots = list(roots)
        return [beginning(file), *self._roots]

    def _scan(self, file: str) -> Scanned | None:
        return self._scanned.get(file) or self._files.scan_any(file)


def beginning(file: str) -> str:
    """Return the folder that the outermost package of a file is in."""
    folder = os.path.dirname(os.path.abspath(file))
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        above = os.path.dirname(folder)
        if above == folder:
            break
        folder = above
    return folder
