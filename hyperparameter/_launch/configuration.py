"""The file that `--print-config` prints: every parameter with the value that a run would have.

What is printed is read again before anyone sees it, as `-C` would.  Where a reader gets another
value than here, the file says it in another way, or leaves it out.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .._config.view import keys_above
from .._console import can_print, print_message
from .._files.document import Document, parse_document
from .._files.writer import dumps
from .._scopes import ambient
from .._scopes.lookup import find
from .._values.describe import show
from .._values.untyped import UntypedText
from ..exceptions import ConversionError, UsageError
from .forms import NO_PART, Form, forms_of
from .given_back import Names, lost_parts, part_at
from .options import REQUIRED
from .program_keys import file_of
from .readers import Reader, reader_of_anything, readers_in

if TYPE_CHECKING:
    from .._functions.signature import Signature
    from .._scan import SourceTree
    from .settings import Settings

Path = tuple[str, ...]
Rereading = Callable[[Document], "tuple[Settings, Collection[str]]"]
"""Returns what a document sets as the only file of a command line, and what is refused of it."""

_CANNOT = "a file cannot give this value"
_REFUSED = "in a file, the program would refuse it"


class Configuration:
    """All parameters of the program, and the `keys` that are set, as a file.

    A message on stderr names each parameter that has no value, none that a file can hold, or
    several.  `launched` are the program's commands, and of these `others` do not run.  What those
    take, and what the program itself passes to functions, is there only where it is set.
    `keywords` read what is for the `**kwargs` of the command.
    """

    def __init__(
        self,
        kind: str,
        program: "SourceTree | None",
        keys: Iterable[str],
        launched: "Collection[Signature]" = (),
        others: "Collection[Signature]" = (),
        *,
        keywords: Iterable[Reader] = (),
    ) -> None:
        self._kind = kind
        commands = [(file_of(one), one.qualname) for one in launched]
        hidden = program.passed(commands) if program is not None else set()
        hidden = hidden.union(f"{one.namespace}.{name}" for one in others for name in one.names)
        readers = _readers([*readers_in(program), *keywords], keys)
        self._places = [_Place(one, one.is_set(), one.gets()) for one in readers]
        self._parameters = dict(_parameters(kind, self._places, hidden))

    def text(self, reread: Rereading) -> str:
        """Return the text of the file; to be called when the scopes of what is set are closed."""
        while True:
            text = self._text()
            lost: dict[_Parameter, list[_Loss]] = {}
            for loss in self._losses(reread, parse_document(self._kind, text, "")):
                for parameter, own in self._to_blame(loss):
                    if not parameter.form.says(self._kind, own.names, own.unconverted):
                        lost.setdefault(parameter, []).append(own)
            # All are asked, since each may have another way to say its value.
            if not sum(one.give_way(losses) for one, losses in lost.items()):
                break
        for one in self._parameters.values():
            one.name_what_is_left_out()
        return text if can_print(text) else self._text(ascii_only=True)

    def _text(self, *, ascii_only: bool = False) -> str:
        while True:
            nested, conflicts = _nested(self._parameters.values())
            for parameter, above in conflicts:
                parameter.leave_out(f"{above} has a value, and a file cannot hold both")
            if not conflicts:
                return dumps(self._kind, nested, ascii_only=ascii_only)

    def _losses(self, reread: Rereading, document: Document) -> "Iterator[_Loss]":
        """Yield what does not come back, and what is refused."""
        try:
            settings, unknown = reread(document)
        except UsageError as error:
            if error.key is None or not any(self._to_blame(_Loss(error.key, (), _REFUSED))):
                raise
            yield _Loss(error.key, (), _REFUSED)
            return
        for key in unknown:
            yield _Loss(key, (), _REFUSED)
        with settings.open():
            for place in self._places:
                if place.was_set or place.reader.is_set():
                    yield from place.losses()

    def _to_blame(self, loss: "_Loss") -> "Iterator[tuple[_Parameter, _Loss]]":
        """Yield what writes the key of a loss, with its names below that; or all below the key."""
        own = self._parameters.get(loss.key)
        if own is not None and not own.is_written and not loss.is_there:  # which is named already
            return
        key = ".".join([loss.key, *map(str, loss.names)])
        for above in (key, *keys_above(key)):
            found = self._parameters.get(above)
            if found is not None and found.is_written:
                yield found, loss if found is own else loss._replace(names=_below(above, key))
                return
        for name, one in self._parameters.items():
            if name.startswith(f"{loss.key}."):
                yield one, loss._replace(names=())


def _below(above: str, key: str) -> Names:
    return tuple(key[len(above) + 1 :].split(".")) if above != key else ()


class _Loss(NamedTuple):
    """A part that does not come back; `is_there` tells that something else does in its place."""

    key: str
    names: Names
    reason: str
    is_there: bool = True
    is_refused: bool = False
    unconverted: object = None
    """What the part is, where the reader only makes of it what it makes of what is set."""


class _Place(NamedTuple):
    """A reader, and what it gets of what is set."""

    reader: Reader
    was_set: bool
    value: object

    def losses(self) -> "Iterator[_Loss]":
        """Yield each part that the reader does not get here."""
        back, key = self.reader.gets(), self.reader.key
        was_refused, is_refused = (isinstance(one, ConversionError) for one in (self.value, back))
        if was_refused or is_refused:
            if was_refused is not is_refused:
                yield _Loss(key, (), _CANNOT, is_refused=is_refused)
        elif self.value is REQUIRED or back is REQUIRED:
            if self.value is not back:
                yield _Loss(key, (), _CANNOT, back is not REQUIRED)
        else:
            is_there = self.reader.is_set()
            lost = list(lost_parts(self.value, back))
            for names in lost:
                one = _Loss(key, names, _CANNOT, is_there)
                if names not in set(lost_parts(self.value, back, loosely=True)):
                    one = one._replace(unconverted=part_at(self.value, names))
                yield one


def _readers(known_readers: Iterable[Reader], keys: Iterable[str]) -> Iterator[Reader]:
    """Yield all known readers, and one for each key that is set and that none of them reads."""
    known = set()
    for reader in known_readers:
        known.add(reader.key)
        yield reader
    flat = ambient.current().snapshot.flat()
    for key in keys:
        if key in flat and known.isdisjoint((key, *keys_above(key))):
            yield reader_of_anything(key)


def _parameters(
    kind: str, places: "list[_Place]", hidden: Collection[str]
) -> "Iterator[tuple[str, _Parameter]]":
    by_key: dict[str, list[_Place]] = {}
    for place in places:
        is_there = place.value is not REQUIRED or place.reader.tells
        if place.was_set or (is_there and place.reader.key not in hidden):
            by_key.setdefault(place.reader.key, []).append(place)
    layers = reversed(ambient.current().snapshot.layers)
    paths = {key: path for layer in layers for key, path in layer.names.items()}
    for key, found in by_key.items():
        yield key, _Parameter(kind, paths.get(key, tuple(key.split("."))), found)


class _Parameter:
    """A key with what its readers get, and the form in which the file says it."""

    def __init__(self, kind: str, path: Path, places: "list[_Place]") -> None:
        self.path = path
        self._key = ".".join(path)
        refused = [one.value for one in places if isinstance(one.value, ConversionError)]
        if len(refused) == len(places):  # what is set must be a value for one of them at least
            raise refused[0]
        found = find(ambient.current(), self._key)
        got = [one for one in places if not isinstance(one.value, ConversionError)]
        values = [one.value for one in got if found is None or one.reader.tells]
        typed = [one for one in values if one is not REQUIRED] or ([] if found else values[:1])
        written = REQUIRED if found is None else found.value
        forms = list(forms_of(kind, self._key, written, typed))
        # Readers that get the same have the same form, and each form is tried with all of them.
        different: dict[str, Form] = {}
        for one in forms:
            if one.data is not NO_PART:
                different.setdefault(dumps(kind, {"": one.data}), one)
        self._forms = list(different.values()) or forms[:1]
        self._index = 0
        self._defaults = [] if found is not None else list(dict.fromkeys(map(self._shown, values)))
        self.form = self._forms[0] if self._forms else Form(NO_PART, {(): _CANNOT})

    def _shown(self, value: object) -> str:
        return "no value" if value is REQUIRED else show(self._key, value)

    @property
    def is_written(self) -> bool:
        return self.form.data is not NO_PART

    def give_way(self, losses: list[_Loss]) -> bool:
        """Take the next form; after the last one, the first without what is lost.

        Return whether that changes the file.
        """
        losses = [one for one in losses if not self.form.lacks(one.names)]
        if losses and self._index < len(self._forms):
            before = self.form
            self._index += 1
            self.form = self._forms[self._index % len(self._forms)]
            if self.form is not before:
                return True
        is_partial = bool(self.form.left_out)  # and a reader may need what is left out
        is_other = False
        for one in losses:
            if not (self.form.lacks(one.names) or (one.is_refused and is_partial)):
                ends = range(len(one.names), -1, -1)  # the longest that the file has
                is_other |= any(self.leave_out(one.reason, one.names[:end]) for end in ends)
        return is_other

    def leave_out(self, reason: str, names: Names = ()) -> bool:
        """Leave out a part, or the whole; tell whether there is such a part."""
        form = self.form.without(names, reason)
        self.form = form or self.form
        return form is not None

    def name_what_is_left_out(self) -> None:
        """Print what the file lacks, and why."""
        for names, reason in self.form.left_out.items():
            key = ".".join([self._key, *map(str, names)])
            if reason == _CANNOT and len(self._defaults) > 1:
                different = f"its readers have different defaults, {' and '.join(self._defaults)}"
                print_message(f"{key} is left out: {different}.")
            else:
                print_message(f"{key} is left out: {reason}.")


def _nested(
    parameters: Iterable[_Parameter],
) -> tuple[dict[str, Any], list[tuple[_Parameter, str]]]:
    """Return the values in their sections, and those that are below another one, with its key.

    A section without any is written too: a file must not be empty.
    """
    nested: dict[str, Any] = {}
    written = {one.path: one for one in parameters}
    conflicts = []
    for path, one in written.items():
        above = next((p for n in range(1, len(path)) if _is_leaf(written.get(p := path[:n]))), None)
        section: Any = nested
        for count, name in enumerate(path[:-1] if above is None else (), 1):
            section = section.setdefault(name, {})
            if not isinstance(section, dict):  # a part of what another parameter has
                above = path[:count]
                break
        if one.is_written and above is not None:
            conflicts.append((one, ".".join(above)))
        elif one.is_written:
            _put(section, path[-1], _escaped(one.form.data))
    return nested, conflicts


def _is_leaf(parameter: _Parameter | None) -> bool:
    return (
        parameter is not None and parameter.is_written and not isinstance(parameter.form.data, dict)
    )


def _put(section: dict[Any, Any], name: object, value: object) -> None:
    """Put a value into a section; what other parameters have said below it stays."""
    if isinstance(value, dict) and isinstance(section.get(name), dict):
        for inner, one in value.items():
            _put(section[name], inner, one)
    else:
        section.setdefault(name, value)


def _escaped(written: object) -> object:
    if isinstance(written, UntypedText):
        return UntypedText(written.text.replace("${", "$${"))
    if isinstance(written, str):
        return type(written)(written.replace("${", "$${"))  # which would be a reference in a file
    if isinstance(written, list):
        return [_escaped(item) for item in written]
    if isinstance(written, dict):
        return {name: _escaped(item) for name, item in written.items()}
    return written
