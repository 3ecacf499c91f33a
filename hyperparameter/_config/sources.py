"""One source of configuration, read: a file with what it includes, or a mapping."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from .._files.document import Document, read_document, read_standard_input
from .._files.text import FilePath
from .._values.origin import RawOrigin, resolve
from .._values.untyped import UntypedText, UntypedTree, is_null
from ..exceptions import ConfigurationError
from .bindings import Binding, Bindings, of_document, of_mapping
from .flat_names import FlatNames
from .from_record import NONE, Missing, begins_like_record, is_record, of_record

INCLUDE = "$include"
"""The name behind which a file says which other files lie under it."""

_COLLECTIONS = (list, dict, UntypedTree)


class FileAt(NamedTuple):
    """A file whose values are put below a key; `-` is standard input."""

    path: FilePath
    key: str = ""


ConfigSource = FilePath | Mapping[str, object]
AnySource: TypeAlias = FilePath | Mapping[str, object] | FileAt | Document


IsMapping: TypeAlias = Callable[[str], bool]
"""Tells a key whose value is a mapping alone."""


def in_nothing(_: str) -> bool:
    """Tell that no key is known to be a mapping."""
    return False


class Include(NamedTuple):
    """A name of files that a file includes: `key` is that of the section in which it says so."""

    key: str
    binding: Binding

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of the section, if one has a dot."""
        return None if self.binding.names is None else self.binding.names[:-1]

    @property
    def depth(self) -> int:
        return self.key.count(".") + 1 if self.key else 0


class Source(NamedTuple):
    """What one source writes, and what it includes; `path` is empty for what is not a file.

    `anchored` are keys of sections that other sections of the file take values from.
    """

    bindings: Bindings
    missing: Missing
    includes: list[Include]
    path: str = ""
    anchored: frozenset[str] = frozenset()


def each_source(given: AnySource | Iterable[AnySource]) -> Iterable[AnySource]:
    """Return the sources that were given, which may be one alone; `TypeError` for other things."""
    if isinstance(given, (str, os.PathLike, Mapping, FileAt, Document)):
        return [given]
    if isinstance(given, Iterable):
        return given
    raise TypeError(
        f"hp.config takes a path, a mapping or several of them, not {type(given).__name__}."
    )


def read_source(
    source: AnySource,
    here: RawOrigin,
    key: str = "",
    flat: FlatNames | None = None,
    is_mapping: IsMapping = in_nothing,
) -> Source:
    """Return what a source writes, below `key` if it is given."""
    if isinstance(source, FileAt):
        path, key = source
        if path != "-" and begins_like_record(path):
            return _of_record(os.fspath(path), key)
        document = read_standard_input() if path == "-" else read_document(path, may_be_empty=True)
        return of_file(document, key, None, flat, is_mapping)
    if isinstance(source, Document):
        return of_file(source, key, None, flat, is_mapping)
    if isinstance(source, Mapping):
        bindings = of_mapping(source, here, key, has_names=key != "" and is_mapping(key))
        return Source(check_no_include(bindings), NONE, [])
    if isinstance(source, (str, os.PathLike)):
        if begins_like_record(source):
            return _of_record(os.fspath(source), key)
        document = read_document(source, may_be_empty=True)
        return of_file(document, key, None, flat, is_mapping)
    raise TypeError(
        f"Each source of hp.config must be a path or a mapping, not {type(source).__name__}."
    )


def of_file(
    document: Document,
    key: str,
    names: tuple[str, ...] | None,
    flat: FlatNames | None,
    is_mapping: IsMapping,
) -> Source:
    """Return what a file writes, put below a key whose names are given if one has a dot."""
    if is_record(document):
        return _of_record(document.name, key)
    has_names = key != "" and is_mapping(key if flat is None else flat.key_of(key))
    bindings = of_document(document, key, names, has_names=has_names)
    bindings = bindings if flat is None else flat(bindings)
    _check_includes(bindings)
    includes = [
        Include(one.rpartition(".")[0], written._replace(value=name))
        for one in [one for one in bindings if INCLUDE in one and _includes(one)]
        for written in [bindings.pop(one)]
        for name in _items(written.value)
    ]
    anchored = frozenset(f"{key}.{one}" if key else str(one) for one in document.anchored)
    includes.sort(key=lambda one: one.depth)
    return Source(bindings, NONE, includes, document.name, anchored)


def _of_record(path: str, key: str) -> Source:
    if key:
        raise ConfigurationError(
            f"{path}: this is a record of a whole run, which cannot be put below {key!r}. Give it "
            "without a key."
        )
    if not os.path.exists(path):
        raise ConfigurationError(f"{path}: a record has to be a file. Write it into one first.")
    return Source(*of_record(path), [])


def check_no_include(bindings: Bindings) -> Bindings:
    """Return what is not written in a file; an error where it has what files alone may have."""
    for key, one in bindings.items():
        if _includes(key):
            place = resolve(one.origin)
            raise ConfigurationError(
                f"{place.location}: {INCLUDE!r} stands in files. Pass the files themselves, the "
                "weakest first.",
                key=key,
                origin=place,
            )
    return bindings


def _check_includes(bindings: Bindings) -> None:
    """Refuse `$include` where it would be data: with names below it, and inside of a value."""
    for key, one in bindings.items():
        if type(one.value) in _COLLECTIONS and INCLUDE not in key and _is_in(one.value):
            problem = f"cannot stand inside of {key!r}, which is one value. Write it in a section."
        elif INCLUDE in key and not _is_right(key, one.value):
            problem = "takes the name of a file, or a list of them. A name is a text."
        else:
            continue
        place = resolve(one.origin)
        raise ConfigurationError(f"{place.location}: {INCLUDE} {problem}", key=key, origin=place)


def _is_right(key: str, value: object) -> bool:
    """Tell a key that includes files by their names from one that cannot; others are right."""
    if INCLUDE in key.split(".")[:-1]:
        return False
    return not _includes(key) or all(map(_is_name, _items(value)))


def _is_in(value: object) -> bool:
    value = value.value if type(value) is UntypedTree else value
    if type(value) is dict:
        return INCLUDE in value or any(map(_is_in, value.values()))
    return type(value) is list and any(map(_is_in, value))


def _items(value: object) -> list[object]:
    """Return the names of files, of which there may be one, several or none."""
    value = value.value if isinstance(value, UntypedTree) else value
    if value is None or is_null(value):
        return []
    return value if isinstance(value, list) else [value]


def _is_name(item: object) -> bool:
    return isinstance(item, (str, UntypedText)) and not is_null(item)


def _includes(key: str) -> bool:
    return key.endswith(INCLUDE) and key[: -len(INCLUDE)][-1:] in ("", ".")
