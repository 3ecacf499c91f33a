"""The advanced part of `--help`: parameters of the functions that may be called."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .._functions.docstring import parse_docstring
from .._functions.signature import Signature
from .help import default_note, row_of, type_name
from .layout import REQUIRED_NOTE, Row
from .options import Option
from .program_keys import DeclaredParameters, file_of, place_of
from .texts import Texts

if TYPE_CHECKING:
    from .._scan import Finding, SourceTree


def advanced(program: SourceTree | None, signature: Signature, own: Sequence[Option]) -> list[Row]:
    """Return the parameters that called functions may read, for help."""
    if program is None:
        return []
    declared, shown = DeclaredParameters(with_defaults=True), {option.key for option in own}
    rows: dict[str, Row] = {}
    for one in program.reachable(file_of(signature), signature.qualname):
        if one.key not in shown and one.key.strip("*."):
            for key, row in _rows(one, declared):
                rows.setdefault(key, row)
    return [row for _, row in sorted(rows.items())]


def _rows(one: Finding, declared: DeclaredParameters) -> Iterator[tuple[str, Row]]:
    """Yield what is known of a parameter, and of its fields where its function has been loaded."""
    place = f"[{place_of(one)}]"
    loaded = [
        (signature, option)
        for key in declared.below(one.key)
        for signature, option in declared.of(key)
        if one.kind == "declared" and signature.qualname == one.function
    ]
    for signature, option in loaded:
        if option.kind != "fields":
            row = row_of(option, Texts(signature), name=option.key)
            yield option.key, row._replace(notes=(*row.notes, place))
    if not loaded:
        word = type_name(getattr(builtins, one.type or "", None))
        notes = [default_note(one.key, one.default)] if one.has_default else []
        notes += [REQUIRED_NOTE] if one.required else []
        text = parse_docstring(one.doc).parameters.get(one.key.rpartition(".")[2], "")
        yield one.key, Row(f"{one.key} {word}".strip(), text, (*notes, place))
