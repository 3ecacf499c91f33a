"""The file that `--print-config` prints: every parameter with the value that a run would have."""

from collections.abc import Collection, Container, Iterable, Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, NamedTuple

from .._console import can_print, print_message
from .._files.rereading import lost_part
from .._files.writer import Unwritable, check_writable, dumps
from .._functions import registry
from .._scopes import ambient
from .._scopes.lookup import alone, find, typed
from .._values.convert import NOTHING, Converter
from .._values.describe import Description, Masked, describe, has_secrets
from .._values.hints import anything, by_default
from .._values.spelling import names_in, spelled, spelled_name
from .._values.untyped import plain
from ..exceptions import ConversionError
from .options import REQUIRED
from .parameters import is_given
from .program_keys import file_of, reads_in

if TYPE_CHECKING:
    from .._functions.signature import Signature
    from .._scan import SourceTree

Path = tuple[str, ...]
_NO_PART: Any = object()
"""Stands for a mapping none of whose parts a file can hold; each has been named."""


def configuration(
    kind: str,
    program: "SourceTree | None",
    keys: Iterable[str],
    launched: "Collection[Signature]" = (),
    others: "Collection[Signature]" = (),
) -> str:
    """Return all parameters of the program, and the `keys` that are set, as a file.

    A message on stderr names each parameter that has no value, or none that a file can hold.
    `launched` are the program's commands, and of these `others` do not run.  What the program
    itself passes to other functions is there only where it is set.
    """
    writing = _Writing(kind)
    commands = [(file_of(one), one.qualname) for one in launched]
    passed = program.passed(commands) if program is not None else set()
    parameters = _parameters(program, keys, others, passed)
    return _text(kind, _nested({one.path: writing.of(one) for one in parameters}))


class _Parameter(NamedTuple):
    """A parameter and its value; `convert` is how a run reads it, over `default`."""

    path: Path
    value: object
    convert: Converter = anything
    default: object = NOTHING

    @property
    def key(self) -> str:
        return ".".join(self.path)


def _declared(others: "Collection[Signature]") -> Iterator[tuple[str, _Parameter]]:
    """Yield what functions declare, but for `others`; a value must be one for any of a key's."""
    refused: dict[str, ConversionError] = {}
    taken: set[str] = set()
    for signature in registry.declared():
        for name in signature.names if signature not in others else ():
            key = f"{signature.namespace}.{name}"
            try:
                value = signature.value(name, REQUIRED)
            except ConversionError as error:
                refused.setdefault(key, error)
                continue
            taken.add(key)
            default = signature.default(name, NOTHING)
            yield key, _Parameter(_path(key), value, signature.wanted(name).convert, default)
    for key, reason in refused.items():
        if key not in taken:
            raise reason


def _parameters(
    program: "SourceTree | None",
    keys: Iterable[str],
    others: "Collection[Signature]",
    passed: Container[str],
) -> Iterator[_Parameter]:
    """Yield each parameter with the value that a run would have for it."""
    seen: set[str] = {f"{one.namespace}.{name}" for one in others for name in one.names}
    snapshot = ambient.current().snapshot
    for key, parameter in _declared(others):
        is_set = snapshot.find(key) is not None or bool(snapshot.below(key))
        if key not in seen and (is_set or key not in passed):
            yield parameter
        seen.add(key)
    for one in reads_in(program):
        if not one.is_pattern and one.key not in seen:
            seen.add(one.key)
            yield _value_read(one.key, one.default if one.has_default else REQUIRED)
    names = {key: path for layer in reversed(snapshot.layers) for key, path in layer.names.items()}
    flat = snapshot.flat()
    for key in keys:
        if key in flat and not any(key == one or key.startswith(f"{one}.") for one in seen):
            yield _Parameter(names.get(key, _path(key)), plain(flat[key]))


def _path(key: str) -> Path:
    return tuple(key.split("."))


def _value_read(key: str, default: object) -> _Parameter:
    """Return the value that reading a key gives, for the default found in the source file."""
    state = ambient.current()
    stored = state.find(key)
    is_known = is_given(default) and not isinstance(default, Description)
    if not is_known:
        value = default if stored is None else plain(stored[0])
        return _Parameter(_path(key), value)
    convert = by_default(default)
    if names_in(default) is not None:
        found = find(state, key)
    else:
        found = None if stored is None else alone(state, key, *stored)
    value = default if found is None else typed(key, found, convert, default)
    return _Parameter(_path(key), value, convert, default)


class _Writing:
    """Writes values as a file of one kind holds them, and names what it cannot hold."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._left_out = 0  # parts of the parameter that is being written

    def of(self, one: _Parameter) -> Any:
        """Return plain data that reads back as the value, without the parts that cannot."""
        self._left_out = 0
        written = self._part(one.key, one.value)
        while written is not _NO_PART:
            lost = lost_part(self._kind, one.value, written, one.convert, one.default)
            if lost is None or (not lost and self._left_out):  # it may need what is left out
                return _escaped(written)
            self._leave_out(".".join([one.key, *map(str, lost)]), "a file cannot give this value")
            written = _without(written, lost)
        return written

    def _part(self, key: str, value: object) -> Any:
        names = names_in(value)
        try:
            if not names:
                return self._single(key, value)
            made = {}
            for name, inner in names.items():
                written = self._part(f"{key}.{name}", inner)
                if written is not _NO_PART:
                    made[self._name(name)] = written
            return made or _NO_PART
        except Unwritable as reason:
            self._leave_out(key, str(reason))
            return _NO_PART

    def _single(self, key: str, value: object) -> object:
        if value is REQUIRED:
            raise Unwritable("it is required and has no value")
        _check_secrets(key, value)
        if isinstance(value, Description):
            raise Unwritable(f"the program computes it as {value}")
        written = spelled(value, self._is_native)
        _check_secrets(key, written)
        check_writable(self._kind, written)
        return written

    def _name(self, name: object) -> object:
        written = spelled_name(name)
        return written if self._kind == "yaml" or isinstance(written, str) else str(written)

    def _is_native(self, value: object) -> bool:
        """Tell the dates and times that TOML has; those with a zone it may round."""
        is_date = self._kind == "toml" and type(value) in (date, datetime, time)
        return is_date and getattr(value, "tzinfo", None) is None

    def _leave_out(self, key: str, reason: str) -> None:
        self._left_out += 1
        print_message(f"{key} is left out: {reason}.")


def _without(written: Any, names: tuple[object, ...]) -> Any:
    """Return plain data without the part that these names lead to, and what is empty then."""
    if not names:
        return _NO_PART
    inner = _without(written[names[0]], names[1:])
    rest = {name: one for name, one in written.items() if name != names[0]}
    return rest or _NO_PART if inner is _NO_PART else {**rest, names[0]: inner}


def _check_secrets(key: str, value: object) -> None:
    """Raise `Unwritable` if a value or a part of it is a secret."""
    if is_given(value) and has_secrets(described := describe(key, value)):
        part = "" if isinstance(described, Masked) else "a part of "
        raise Unwritable(f"{part}its value is a secret")


def _escaped(written: object) -> object:
    if isinstance(written, str):
        return written.replace("${", "$${")  # which would be a reference in a file
    if isinstance(written, list):
        return [_escaped(item) for item in written]
    if isinstance(written, dict):
        return {name: _escaped(item) for name, item in written.items()}
    return written


def _nested(found: dict[Path, object]) -> dict[str, Any]:
    """Return the values in their sections; a message names those that are below another value.

    A section without any is written too: a file must not be empty.
    """
    nested: dict[str, Any] = {}
    for path, value in found.items():
        above = next((p for n in range(1, len(path)) if _is_leaf(found, p := path[:n])), None)
        if above is not None:
            names = ".".join(path), ".".join(above)
            print_message(
                "{} is left out: {} has a value, and a file cannot hold both.".format(*names)
            )
            continue
        section = nested
        for name in path[:-1]:
            section = section.setdefault(name, {})
        if value is not _NO_PART:
            _put(section, path[-1], value)
    return nested


def _is_leaf(found: dict[Path, object], path: Path) -> bool:
    return path in found and found[path] is not _NO_PART and not isinstance(found[path], dict)


def _put(section: dict[Any, Any], name: object, value: object) -> None:
    """Put a value into a section; what other parameters have said below it stays."""
    if isinstance(value, dict) and isinstance(section.get(name), dict):
        for inner, one in value.items():
            _put(section[name], inner, one)
    else:
        section.setdefault(name, value)


def _text(kind: str, values: dict[str, object]) -> str:
    """Return the text of a file; the format's own escapes replace what stdout cannot encode."""
    text = dumps(kind, values)
    return text if can_print(text) else dumps(kind, values, ascii_only=True)
