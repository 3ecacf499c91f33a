"""What a walk through one file has found so far, in terms of that file alone."""

import ast
import re
from collections.abc import Iterable
from typing import Any

from ..raw import IMPORTED, OVERRIDABLE, UNKNOWN, RawFinding
from .call_shapes import CallShapes
from .defaults import default_of, may_have_names
from .values import AccessorOf, Constant, Value

MODULE = "<module>"
_KEY = re.compile(r"[^\s.]+(?:\.[^\s.]+)+")
_NOT_KNOWN_HERE = re.compile(f"{IMPORTED.pattern}|{OVERRIDABLE.pattern}")
_MOST_TEXT = 200  # longer ones are not keys


class Collector:
    """Collects findings, and whatever tells which other keys a file may mean.

    `references` has, for each function, class and assigned name, the names that it refers to.
    """

    def __init__(self) -> None:
        self._findings: dict[str, RawFinding] = {}
        self.texts: set[str] = set()
        self.chains: set[str] = set()
        self.patterns: set[str] = set()  # of keys that are not parameters
        self.keywords: set[str] = set()  # the namespaces of functions that take any name
        self.references: dict[str, set[str]] = {}
        self.docs: dict[str, str] = {}
        self.structures: dict[str, list[Any]] = {}  # a `RawStructure` by qualified name
        self.calls = CallShapes()

    @property
    def findings(self) -> list[RawFinding]:
        return list(self._findings.values())

    def add(self, finding: RawFinding) -> None:
        """Note a finding; loops and branches may be followed more than once, but count once."""
        # By its repr: a default is a list, which has no hash, and 1 == True.
        self._findings.setdefault(repr(finding), finding)

    def add_text(self, text: str) -> None:
        """Note a text of the program that may be a key; words without a dot are anything."""
        if len(text) <= _MOST_TEXT and _KEY.fullmatch(text):
            self.texts.add(text)

    def add_template(self, template: str) -> None:
        """Note a text with unknown parts that may be a key if one of its segments is known."""
        pattern = _NOT_KNOWN_HERE.sub(UNKNOWN, template)
        if any(segment.isidentifier() for segment in pattern.split(".")) and "." in pattern:
            self.add_text(pattern)

    def add_chain(self, words: Iterable[str]) -> None:
        """Note a chain of names that is read, at an object that may be a scope."""
        chain = _NOT_KNOWN_HERE.sub(UNKNOWN, ".".join(words))
        if chain.strip("*."):
            self.chains.add(chain)

    def add_read(
        self,
        accessor: AccessorOf,
        function: str,
        default: ast.expr | None = None,
        value: Value = None,
        *,
        required: bool = False,
    ) -> None:
        """Note that a key is read, toward the default that `default` is and `value` folds to."""
        namespace = accessor.key.rpartition(".")[0]
        found = default_of(default, value)
        self.add(
            RawFinding(
                accessor.key, found.json, found.path, required, found.type,
                accessor.line, function, namespace, "read",
            )
        )  # fmt: skip
        if isinstance(value, Constant) and isinstance(value.value, dict):
            self._add_below(accessor, function)
        elif default is not None and may_have_names(default, value):
            self.patterns.add(f"{accessor.key}.{UNKNOWN}")

    def add_truth(self, accessor: AccessorOf, function: str) -> None:
        """Note that the truth of a value is asked for; a missing one is false."""
        key, line = accessor
        namespace = key.rpartition(".")[0]
        self.add(
            RawFinding(
                key, [False], "", False, "bool", line, function, namespace, "read", is_truth=True
            )
        )  # fmt: skip

    def add_escaped(self, accessor: AccessorOf, function: str) -> None:
        """Note an accessor that goes anywhere: its key may be read, and any key below it."""
        self.add_read(accessor, function)
        self._add_below(accessor, function)

    def _add_below(self, accessor: AccessorOf, function: str) -> None:
        key, line = accessor
        self.add(RawFinding(f"{key}.*", None, "", False, None, line, function, key, "read"))
