"""The keys that references name, whichever of them count in the end.

A stronger source may replace a reference, or a computed part choose one of several keys: the others
are not misspelt parameters then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from .._values.containers import parts_of
from .._values.keys import prefixes
from .._values.untyped import UntypedText
from ..exceptions import ConfigurationError
from .bindings import Bindings
from .parts import has_no_reference
from .place import Place

_INNERMOST = re.compile(r"(?<!\$)\$\{([^{}]*)\}")
_COMPUTED = "\0"  # stands for any name, in the place of a reference inside of a reference


def mentioned(sources: Iterable[Bindings], full: Mapping[str, str]) -> set[str]:
    """Return the keys of the sources that a reference in any of them names, or has a part of.

    `full` has the full keys of names at the top of flat files.
    """
    sources = list(sources)
    names = {
        name
        for source in sources
        for key, one in source.items()
        if not has_no_reference(one.value)
        for name in _names(one.value, Place(key, one.origin, one.names), full)
        if not f"{name}.".startswith(f"{key}.")  # a value that refers to itself
    }
    if not names:
        return set()
    computed = [re.compile(_pattern(name)) for name in names if _COMPUTED in name]
    above = prefixes(names)
    return {
        key
        for source in sources
        for key in source
        if key in above
        or any(one in names for one in (key, *prefixes([key])))
        or any(pattern.fullmatch(key) for pattern in computed)
    }


def _names(value: object, place: Place, full: Mapping[str, str]) -> Iterator[str]:
    if isinstance(value, (str, UntypedText)):
        yield from _names_in(value if isinstance(value, str) else value.text, place, full)
        return
    parts: Any = parts_of(value)
    named = parts.items() if isinstance(parts, dict) else ()
    for step, part in enumerate(parts) if isinstance(parts, (list, tuple)) else named:
        yield from _names(part, place.below(step), full)


def _names_in(text: str, place: Place, full: Mapping[str, str]) -> Iterator[str]:
    while (found := _INNERMOST.search(text)) is not None:
        text = f"{text[: found.start()]}{_COMPUTED}{text[found.end() :]}"
        if not found[1].startswith("env:"):
            with suppress(ConfigurationError):  # it is told where it counts
                first, *others = place.target(found[1])
                yield ".".join((first, *others))
                if first in full:
                    yield ".".join((full[first], *others))


def _pattern(name: str) -> str:
    return ".+".join(map(re.escape, name.split(_COMPUTED))) + r"(\..*)?"
