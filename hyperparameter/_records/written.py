"""What values were made of, as a record keeps it: text that waits for its type, most of all.

Each reader of a key takes what it needs of it.  Set once more, it gives each the same again, which
the value that one of them got cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._scopes.lookup import name_in
from .._values.containers import parts_of
from .._values.convert import NOTHING
from .._values.describe import Description, Landed, below, describe, has_secrets
from .._values.keys import is_key
from .._values.landing import landed, names_from
from .._values.scalars import MOST_SMALL_TEXT
from .._values.structures import structure_of
from .._values.untyped import REMOVED, EmptyVariable, Layered, UntypedText, UntypedTree, plain
from .kept import NO_DATA, kept, kept_name
from .read import RawRead, Read

Names = tuple[Any, ...]
_MOST_CHARACTERS = 1 << 16


class _TooLarge(Exception):
    pass


def kept_written(key: str, written: object, value: object) -> Any:
    """Return what a value was made of: plain data and what is untyped, its secrets masked."""
    if isinstance(value, Mapping) and type(written) is UntypedText:
        parts = names_of(written)
        if parts and not all(name in value for name in parts):
            written = UntypedTree(dict(parts))
    if type(written) is UntypedText and len(written.text) <= MOST_SMALL_TEXT:  # as most are
        described = describe(key, written)
        return described if has_secrets(described) else written
    try:
        return _kept(key, written, value, [_MOST_CHARACTERS])
    except (_TooLarge, RecursionError):
        return Description("<more than a record keeps>")


def _kept(key: str, written: Any, value: object, left: list[int]) -> Any:
    left[0] -= len(written.text) if isinstance(written, UntypedText) else 1
    if left[0] < 0:
        raise _TooLarge
    if written is REMOVED:
        return REMOVED
    if type(written) is UntypedTree:
        if written.kind is not None and type(written.kind) is not dict:
            return Description(f"<{type(written.kind).__name__}>")
        return UntypedTree(_kept(key, written.value, value, left))
    if type(written) is Layered:
        return Layered(
            _kept(key, written.whole, value, left),
            _kept(key, written.parts, value, left),
            _kept(key, written.displaced, value, left),
        )
    if type(written) is EmptyVariable:
        return EmptyVariable(written.text, _kept(key, written.lower, value, left))
    if isinstance(written, UntypedText):
        described = describe(key, written)
        return described if has_secrets(described) else written
    if type(written) is dict:
        landed = _landed_names(written, value)
        return {
            name: _kept(below(key, own), one, part, left)
            for (own, one), (name, part) in zip(written.items(), landed, strict=True)
        }
    if type(written) is list:
        return [_kept(key, one, None, left) for one in written]
    return kept(key, written)


def _landed_names(written: Mapping[Any, object], value: object) -> Iterator[tuple[Any, object]]:
    """Yield the names as a record keeps them, each with the part of the value that it is about."""
    structure = None if value is None else structure_of(type(value))
    parts = value if structure is None else structure.values_of(value)
    for name in written:
        found, part = NOTHING, None
        if isinstance(parts, Mapping):
            found = name_in(parts, name)
            part = parts.get(found)
        shown = name if isinstance(name, UntypedText) else kept_name(name)
        text = name.text if isinstance(name, UntypedText) else name
        if found is not NOTHING and found != plain(name) and isinstance(text, str):
            spelling = kept_name(found)
            if type(spelling) is not Description:
                shown = Landed(text, getattr(spelling, "data", spelling))
        yield shown, part


def bound(read: Read | RawRead) -> Any:
    """Return what was bound for a read, described: what was written, or the value itself."""
    return read.value if read.written is None else read.written


def is_of_names(read: Read | RawRead) -> bool:
    """Tell a value that was made of what is bound below its key."""
    written = read.written.parts if isinstance(read.written, Layered) else read.written
    if type(written) is Description:  # of a mapping of a class of its own, or a large one
        return names_of(getattr(read.value, "data", read.value)) is not None
    return type(written) is UntypedTree and isinstance(written.value, dict)


def hides(written: object) -> bool:
    """Tell whether something in what was written is a secret."""
    if isinstance(written, UntypedTree):
        written = written.value
    if isinstance(written, Layered):
        return hides(written.whole) or hides(written.parts)
    if isinstance(written, dict):
        return any(map(hides, written.values()))
    if isinstance(written, (list, tuple)):
        return any(map(hides, written))
    return has_secrets(written)


def is_exact(written: object) -> bool:
    """Tell whether each reader gets of this what it has got: nothing in it is only described."""
    if isinstance(written, UntypedTree):
        return is_exact(written.value)
    if isinstance(written, Layered):
        return is_exact(written.whole) and is_exact(written.parts)
    if isinstance(written, EmptyVariable):
        return is_exact(written.lower)
    if isinstance(written, dict):
        return all(map(is_exact, written)) and all(map(is_exact, written.values()))
    if isinstance(written, (list, tuple)):
        return all(map(is_exact, written))
    return not isinstance(written, Description)


def over(data: Any, written: Any, *, is_typed: bool = False) -> Any:
    """Return the data of a value with what was written for its parts, where that is known.

    So it has the defaults that the reader had, and the text that each part was made of.  If
    `is_typed`, only what was taken away comes of what was written.
    """
    if isinstance(written, Layered):
        if not isinstance(data, dict):
            return over(data, written.displaced, is_typed=is_typed)
        parts = over(data, written.parts, is_typed=is_typed)
        if not _takes_away(written.whole):
            return parts
        return Layered(REMOVED, UntypedTree(parts.value if type(parts) is UntypedTree else parts))
    parts = names_of(written)
    if parts is not None and isinstance(data, dict):
        if not is_typed and data.keys() == parts.keys() and is_exact(written):
            return written
        return _over_names(data, parts, is_typed) if all(map(is_key, data)) else data
    is_known = written is not None and is_exact(written) and not is_typed
    return written if is_known or written is REMOVED else data


def _over_names(
    data: dict[Any, Any], parts: Mapping[Any, object], is_typed: bool
) -> dict[Any, Any]:
    own = {own_name(name): one for name, one in parts.items()}
    written = {name: each[-1] for name, each in landed(own, data, names_of).items()}
    made = {
        name: over(data.get(name, NO_DATA), written.get(name), is_typed=is_typed)
        for name in [*data, *(name for name in written if name not in data)]
    }
    return {name: one for name, one in made.items() if one is not NO_DATA}


def names_of(written: object) -> Mapping[Any, object] | None:
    found = parts_of(written) if isinstance(written, (UntypedText, UntypedTree)) else written
    return found if isinstance(found, dict) else None


def own_name(name: object) -> Any:
    """Return the name that the data of a mapping has for one that was written."""
    return plain(name) if isinstance(name, UntypedText) else getattr(name, "data", name)


def named_otherwise(written: object, data: object) -> Iterator[tuple[str, Names]]:
    """Yield each flat key that data has by other names, and these; none for a part with several."""
    if isinstance(written, Layered):
        yield from named_otherwise(written.whole, data)
        written = written.parts
    parts, found = names_of(written), names_of(data)
    if parts is None or found is None:
        return
    for name, one in parts.items():
        text, own = name.text if isinstance(name, UntypedText) else name, own_name(name)
        if not isinstance(text, str):
            continue
        if own in found:
            if own != text or type(own) is not str:
                yield text, (own,)
            for flat, names in named_otherwise(one, found[own]):
                yield f"{text}.{flat}", (own, *names)
        elif names_from(found, text):
            yield text, ()


def _takes_away(whole: object) -> bool:
    """Tell what leaves nothing of what is below it to parts that are written over it."""
    if isinstance(whole, (EmptyVariable, Description)):  # an instance has fields
        return False
    return names_of(whole) is None


def has(value: object, flat: str) -> bool:
    """Tell whether a mapping has something at a flat key, whichever dots belong to its names."""
    if isinstance(value, Layered):
        value = value.parts
    names = names_of(value)
    if names is None:
        return False
    if flat in names:
        return True
    end = flat.find(".")
    while end > 0:
        if flat[:end] in names and has(names[flat[:end]], flat[end + 1 :]):
            return True
        end = flat.find(".", end + 1)
    return False


def spread(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a value by key, or its parts in order if something is taken away among them."""
    if isinstance(value, Layered):
        yield key, value.whole
        value = value.parts
    elif not _is_taken_apart(value):
        yield key, value
        return
    for name, part in (names_of(value) or {}).items():
        yield from spread(f"{key}.{name}", part)


def _is_taken_apart(value: object) -> bool:
    """Tell a mapping in which something is taken away."""
    names = names_of(value)
    return names is not None and any(
        isinstance(one, Layered) or one is REMOVED or _is_taken_apart(one) for one in names.values()
    )
