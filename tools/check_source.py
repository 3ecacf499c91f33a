"""What no ready-made linter checks here: the share of bare `Any`, sizes, and plain English.

`python tools/check_source.py` prints one line for each finding and exits with 1 if there is one.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("hyperparameter", "hp_dist")
MOST_BARE_ANY = 0.05
"""Of all annotations of a package; to be lowered when less is reached, never raised."""
MOST_LINES, MOST_FUNCTION_LINES = 310, 40

PROSE = {
    r"(?<!there )\b(?:is|are|was) no (?!longer\b|more\b|less\b|such\b)": "write 'is not a ...'",
    r"\ball the same\b": "write 'anyway'",
    r"\bhas changed inside\b": "say what has changed",
    r"\bthat is there\b": "say where",
    r"\bgoes on\b": "write 'continues'",
    r"\bis not either\b": "say what is unknown",
    r"\berrors? of use\b": "write 'usage error'",
    r"\bgiven by position\b": "write 'positional argument'",
    r"\bparameters? of others\b": "say whose",
    r"\bresolved at last\b": "write 'last'",
    r"\bknows? nothing of\b": "write 'does not know'",
    r"\bwhat there is\b": "name it",
    r"\bis to be had\b": "write 'is available'",
}
"""Phrases that a native writer would not write, and what to do about them."""
_PROSE = [(re.compile(pattern, re.IGNORECASE), advice) for pattern, advice in PROSE.items()]


def main() -> int:
    found = [*_sizes(), *_postponed(), *_bare_any(), *_english()]
    for line in found:
        print(line)
    return 1 if found else 0


def _sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def _sizes() -> Iterator[str]:
    for path in _sources(*PACKAGES):
        text = path.read_text("utf-8")
        if text.count("\n") > MOST_LINES:
            yield f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines, split it"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MOST_FUNCTION_LINES:
                    place = f"{path.relative_to(ROOT)}:{node.lineno}"
                    yield f"{place}: {node.name} has {length} lines, split it"


def _postponed() -> Iterator[str]:
    """Find named tuples whose fields are text: each is compiled on import, the first for 1 ms."""
    for path in _sources(*PACKAGES):
        text = path.read_text("utf-8")
        if "(NamedTuple):" in text and "from __future__ import annotations" in text:
            yield f"{path.relative_to(ROOT)}: named tuples, so remove `annotations` of __future__"


def _bare_any() -> Iterator[str]:
    for package in PACKAGES:
        bare = [is_any for path in _sources(package) for is_any in _annotations(path)]
        share = sum(bare) / len(bare)
        if share >= MOST_BARE_ANY:
            yield f"{package}: {share:.1%} of the annotations are a bare Any, use real types"


def _annotations(path: Path) -> Iterator[bool]:
    """Yield for each annotation of a file whether it is a bare Any."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        found: list[ast.expr | None] = []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            args = node.args
            every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
            found = [node.returns, *(arg.annotation for arg in every if arg is not None)]
        elif isinstance(node, ast.AnnAssign):
            found = [node.annotation]
        for annotation in filter(None, found):
            yield isinstance(annotation, ast.Name) and annotation.id == "Any"


def _english() -> Iterator[str]:
    for path in _sources(*PACKAGES, "examples"):
        for number, text in _prose_of(path):
            yield from _complaints(path, number, text)
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]):
        for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
            yield from _complaints(path, number, text)


def _prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the comments and strings of a file, which people read, with their lines."""
    kinds = {tokenize.COMMENT, tokenize.STRING}
    if sys.version_info >= (3, 12):
        kinds.add(tokenize.FSTRING_MIDDLE)
    with io.StringIO(path.read_text("utf-8")) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type in kinds:
                for offset, text in enumerate(token.string.splitlines()):
                    yield token.start[0] + offset, text


def _complaints(path: Path, number: int, text: str) -> Iterator[str]:
    for pattern, advice in _PROSE:
        if match := pattern.search(text):
            yield f"{path.relative_to(ROOT)}:{number}: {match[0]!r}: {advice}"


if __name__ == "__main__":
    sys.exit(main())
