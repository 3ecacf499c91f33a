"""What is known of one file by itself: all of it is JSON, and a cache keeps it.

Texts may be templates that refer to other modules, which `linking` fills.  What parses a file is
elsewhere, so that nothing of it is imported where the cache has everything.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

UNKNOWN = "*"
IMPORTED = re.compile("\0([^\0]*)\0")
OVERRIDABLE = re.compile("\1[^\1]*\1")

Given = dict[str, list[Any]]
"""What a default says of the fields of a structure, by name or position: JSON of a default, its
path, and the same again for a structure inside."""


class RawFinding(NamedTuple):
    """A finding whose texts are templates that may refer to other modules; all of it is JSON.

    `default` and `default_path` are those of `Default`; `structure` and `given` are what
    `structure_of` returns; `is_truth` tells a read of nothing but the truth of a value.
    """

    key: str
    default: list[object] | None
    default_path: str
    required: bool
    type: str | None
    line: int
    function: str
    namespace: str
    kind: str
    structure: str = ""
    given: dict[str, list[Any]] | None = None
    is_truth: bool = False


class RawField(NamedTuple):
    """A field; all of it is JSON, as in `RawFinding`."""

    name: str
    default: list[object] | None
    default_path: str
    required: bool
    type: str | None
    line: int
    doc: str
    structure: str
    given: Given | None


class RawStructure(NamedTuple):
    """A class that may be a structure; all of it is JSON.

    `kind` is that of `kind_of`; `bases` are references, as `reference` returns them.
    """

    kind: str
    doc: str
    bases: list[str]
    fields: list[RawField]


class FileScan(NamedTuple):
    """What is known of one file by itself; all of it is JSON.

    `patterns` are keys of this file that are not parameters.  `references` has, for each function,
    class and assigned name, the names that it refers to.  `constants` has what other modules may
    import, `structures` the `RawStructure` of each class that may be one.  `calls` has the shapes
    of calls by the last name of what is called.  `keywords` has the namespaces of functions that
    take any name, by their `**kwargs`.
    """

    problem: str = ""
    line: int = 0
    findings: list[RawFinding] = []  # noqa: RUF012  # never written to
    texts: Iterable[str] = ()
    chains: Iterable[str] = ()
    patterns: Iterable[str] = ()
    references: dict[str, list[str]] = {}  # noqa: RUF012
    docs: dict[str, str] = {}  # noqa: RUF012
    constants: dict[str, list[object]] = {}  # noqa: RUF012
    structures: dict[str, list[Any]] = {}  # noqa: RUF012
    calls: dict[str, list[list[Any]]] = {}  # noqa: RUF012
    keywords: Iterable[str] = ()
