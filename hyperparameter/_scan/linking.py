"""What files refer to in each other: constants and structures that one imports from another."""

import os
import re
from collections.abc import Iterator
from itertools import starmap
from typing import Any, NamedTuple

from .._values.describe import Description
from .._values.described_json import from_json
from .._values.keys import check
from ..exceptions import InvalidKey
from . import modules
from .files import SourceFiles
from .finding import NO_KNOWN_DEFAULT, Finding
from .raw import (
    IMPORTED,
    OVERRIDABLE,
    UNKNOWN,
    FileScan,
    Given,
    RawField,
    RawFinding,
    RawStructure,
)

_STARS = re.compile(r"\*[*]+")
_MOST_STEPS = 10  # from a constant to its definition; circles of imports are never resolved
_UNRESOLVED = object()


class _Structure(NamedTuple):
    """A structure with the fields that it inherits, each with the file that it is written in."""

    place: tuple[str, str]
    kind: str
    doc: str
    fields: dict[str, tuple[str, RawField]]


class Linker:
    """Resolves what the scans of single files leave open."""

    def __init__(self, scans: dict[str, FileScan], files: SourceFiles) -> None:
        self._scans = scans
        self._files = files
        self._roots: list[str] | None = None

    def findings(self, file: str, scan: FileScan) -> Iterator[Finding]:
        """Yield what a file declares and reads, by keys that are complete or patterns."""
        for raw in scan.findings:
            key = self._key(raw.key, file)
            if key is not None and key != UNKNOWN:
                finding = self._finding(raw, key, file, scan)
                yield finding
                yield from self._fields_of_all(finding, raw.structure, raw.given, file, ())

    def patterns(self, file: str, scan: FileScan) -> Iterator[str]:
        """Yield other keys that the file may read, and patterns of such."""
        found = {raw.key for raw in scan.findings}
        for template in (*scan.patterns, *found):
            key = self._key(OVERRIDABLE.sub(UNKNOWN, template), file)
            if key is not None and (UNKNOWN in key or template not in found):
                yield key

    def keywords(self, file: str, scan: FileScan) -> Iterator[str]:
        """Yield the namespaces, or patterns of them, in which functions of a file take any name."""
        return filter(None, (self._key(template, file) for template in scan.keywords))

    def _finding(self, raw: RawFinding, key: str, file: str, scan: FileScan) -> Finding:
        default, kind = self._default(raw.default, raw.default_path, raw.type, file)
        namespace = self._key(raw.namespace, file) if raw.kind == "declared" else None
        return Finding(
            key, default, raw.required, kind, file, raw.line, raw.function,
            namespace or key.rpartition(".")[0], scan.docs.get(raw.function, ""), raw.kind,
            is_truth=raw.is_truth,
        )  # fmt: skip

    def _fields_of_all(
        self, owner: Finding, names: str, given: Given | None, file: str, around: tuple[object, ...]
    ) -> Iterator[Finding]:
        """Yield the fields of all structures that an owner may be; its default is of the first."""
        first, *others = names.split("|")
        for name in filter(None, (first, *others)):
            said = given if name == first or given is None else {}
            for finding in self._fields(owner, name, said, file, around):
                # Which of several is meant, and so what that needs, nobody knows yet.
                yield finding._replace(required=finding.required and not others)

    def _fields(
        self, owner: Finding, name: str, given: Given | None, file: str, around: tuple[object, ...]
    ) -> Iterator[Finding]:
        """Yield the fields of a structure, and of those inside; one inside itself has no end.

        `name` is how `file` refers to it, `given` is what the default of `owner` says.
        """
        found = self._structure(name, file, _MOST_STEPS)
        if found is None or found.place in around:
            return
        for index, (written, field) in enumerate(found.fields.values()):
            own = field.default, field.default_path, field.given, written
            if given is None:
                own = None, "", None, written
            elif set_here := given.get(field.name) or given.get(str(index)):
                own = set_here[0], set_here[1], set_here[2], file
            default, kind = self._default(own[0], own[1], field.type, own[3])
            finding = owner._replace(
                key=f"{owner.key}.{field.name}", default=default, type=kind, line=field.line,
                required=own[0] is None and given is not None, file=written,
                namespace=owner.key, doc=field.doc or found.doc,
                function_file=owner.declaring[0],
            )  # fmt: skip
            yield finding
            inside = (*around, found.place)
            yield from self._fields_of_all(finding, field.structure, own[2], written, inside)

    def _structure(self, name: str, file: str, steps: int) -> _Structure | None:
        """Return the structure that a file calls by this name, None if it is none or not known."""
        scan = self._scan_of(file)
        if scan is None or not steps:
            return None
        if name not in scan.structures:
            return self._imported_structure(name, file, scan, steps)
        raw = RawStructure(*scan.structures[name])
        kind = raw.kind
        fields: dict[str, tuple[str, RawField]] = {}
        for base in reversed(raw.bases):
            above = self._structure(base, file, steps - 1)
            if above is not None:
                fields |= above.fields
                kind = kind or (above.kind if above.kind == "base" else "inherited")
        if not kind:
            return None
        if kind != "inherited":
            fields |= {field.name: (file, field) for field in starmap(RawField, raw.fields)}
        return _Structure((file, name), kind, raw.doc, fields)

    def _imported_structure(
        self, name: str, file: str, scan: FileScan, steps: int
    ) -> _Structure | None:
        if name in scan.constants:  # it passes on what it has imported under this name
            template = str(scan.constants[name][-1])
            alone = IMPORTED.fullmatch(template)
            return self._structure(alone[1], file, steps - 1) if alone else None
        module, _, last = name.rpartition(".")
        if not module.strip("."):
            module = name.removesuffix(last)
        other = self._file_of(module, file) if module else None
        return self._structure(last, other, steps - 1) if other else None

    def _default(
        self, given: list[Any] | None, path: str, kind: str | None, file: str
    ) -> tuple[object, str | None]:
        """Return the default, and the name of its type where that is known."""
        if given is None:
            return NO_KNOWN_DEFAULT, kind
        if path:
            value = self._constant(path, file, _MOST_STEPS)
            if value is not _UNRESOLVED:
                is_literal = not isinstance(value, Description) and value is not None
                return value, kind or (type(value).__name__ if is_literal else None)
        return from_json(given[0]), kind

    def _key(self, template: str, file: str) -> str | None:
        """Return a key or a pattern, None for a template that cannot become a key."""
        template = template.replace("\1", "")  # an overridable text is what its own class says
        if "\0" in template:
            template = self._linked(template, file, _MOST_STEPS)
        if "**" in template:
            template = _STARS.sub(UNKNOWN, template)
        try:
            return check(template)
        except InvalidKey:
            return None

    def _linked(self, template: str, file: str, steps: int) -> str:
        """Return a template with what the imported names in it are, `*` where nobody knows."""

        def text(match: re.Match[str]) -> str:
            value = self._constant(match[1], file, steps)
            return str(value) if type(value) in (str, int, float) else UNKNOWN

        return IMPORTED.sub(text, template)

    def _constant(self, path: str, importer: str, steps: int) -> object:
        """Return what an imported name is in the module that defines it, or `_UNRESOLVED`."""
        module, _, name = path.rpartition(".")
        if not module.strip("."):
            module = path.removesuffix(name)  # `.NAME`: the dots are the module
        if not steps or not module:
            return _UNRESOLVED
        file = self._file_of(module, importer)
        scan = self._scan_of(file) if file else None
        if file is None or scan is None or name not in scan.constants:
            return _UNRESOLVED
        value, *rest = scan.constants[name]
        if not rest:
            return from_json(value)
        template = str(rest[0])
        alone = IMPORTED.fullmatch(template)
        if alone:  # so it need not be a text
            return self._constant(alone[1], file, steps - 1)
        return self._linked(template, file, steps - 1)

    def _file_of(self, module: str, importer: str) -> str | None:
        search = self._search_path(importer)
        # A folder without __init__.py may be a package: then it is imported from the one above.
        package = module.partition(".")[0]
        search += [os.path.dirname(root) for root in search if os.path.basename(root) == package]
        found = list(modules.files_of(module, importer, search))
        last = module.rpartition(".")[2]
        if not found or not last:
            return found[-1] if found else None
        # The files of its packages are found even where the module itself is not.
        ends = (f"{os.sep}{last}.py", f"{os.sep}{last}{os.sep}__init__.py")
        return found[-1] if found[-1].endswith(ends) else None

    def _search_path(self, file: str) -> list[str]:
        """Return where absolute imports may lead: the import roots of all scanned files."""
        if self._roots is None:
            self._roots = list(dict.fromkeys(import_root(one) for one in self._scans))
        return [import_root(file), *self._roots]

    def _scan_of(self, file: str) -> FileScan | None:
        return self._scans.get(file) or self._files.scan_any(file)


def import_root(file: str) -> str:
    """Return the folder that the outermost package of a file is in."""
    folder = os.path.dirname(os.path.abspath(file))
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        above = os.path.dirname(folder)
        if above == folder:
            break
        folder = above
    return folder
