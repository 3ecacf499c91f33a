"""What the words of a command line ask of one function: settings with their origins, and more."""

import typing
from collections.abc import Collection, Iterable, Mapping, Sequence

from .._functions.signature import Signature
from .._scopes.snapshot import Layer
from .._scopes.taken_away import in_words
from .._values.annotations import takes_any_text, takes_names, takes_none
from .._values.containers import check_named_once, parts_of
from .._values.convert import NOTHING, Unconvertible
from .._values.describe import show
from .._values.hints import converter
from .._values.keys import check, flatten, is_nested
from .._values.landing import is_inside
from .._values.origin import Origin, RawOrigin
from .._values.untyped import (
    REMOVED,
    UntypedText,
    UntypedTree,
    as_untyped,
    infer,
    is_null,
    may_be_mapping,
)
from ..exceptions import InvalidKey, UsageError
from .argv import NULLS, GivenOption, ParsedArgv, is_list, option_at
from .options import CONFIG, DEFINE, RECORD, Option
from .parameters import bare, is_union, option_below
from .positionals import positionals_of


class Invocation:
    """A command line for one function.

    `defines` has what `-D` sets, `options` what options and positionals set.  `args` are for the
    function's `*args`.  `given` has the words of each common option by its key.
    """

    __slots__ = ("args", "defines", "files", "given", "options")

    def __init__(
        self,
        defines: tuple[Layer, ...],
        options: tuple[Layer, ...],
        files: list[str],
        args: tuple[object, ...],
        given: dict[str, list[str]],
    ) -> None:
        self.defines = defines
        self.options = options
        self.files = files
        self.args = args
        self.given = given

    def asks(self, option: Option) -> bool:
        return option.key in self.given

    def under(self, layers: tuple[Layer, ...], swept: tuple[Layer, ...]) -> "Invocation":
        """Return the same with layers over the options, and with others over what `-D` sets."""
        options, defines = (*layers, *self.options), (*swept, *self.defines)
        return Invocation(defines, options, self.files, self.args, self.given)

    @property
    def record(self) -> str | None:
        """The last file that `--record` names."""
        return self.given.get(RECORD.key, [None])[-1]


def invocation_of(parsed: ParsedArgv, own: list[Option], signature: Signature | None) -> Invocation:
    """Return what the words ask of a function with its `own` options.

    `signature` is None as long as no command has been chosen.
    """
    positional, rest = positionals_of(parsed, own, signature)
    chosen = [one for one in parsed.given if one.is_of_function]
    common = [one for one in parsed.given if not one.is_of_function]
    return Invocation(
        _defines((one for one in common if one.option.key == DEFINE.key), own),
        _options([*chosen, *positional]),
        [text for one in common if one.option.key == CONFIG.key for text in one.texts],
        _rest(signature, rest),
        _grouped(common),
    )


def _grouped(given: Iterable[GivenOption]) -> dict[str, list[str]]:
    """Return the words of each option by its key, however often it was given."""
    grouped: dict[str, list[str]] = {}
    for one in given:
        grouped.setdefault(one.option.key, []).extend(one.texts)
    return grouped


class _Bindings:
    """Bindings of a command line: what is written later comes later, and wins."""

    def __init__(self) -> None:
        self._below: list[Layer] = []
        self._begin()

    def _begin(self) -> None:
        self._values: dict[str, object] = {}
        self._origins: dict[str, RawOrigin] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._lists: dict[str, list[str]] = {}  # of words, which further ones may join

    def add(self, option: Option, words: list[str], flag: str, within: str = "") -> None:
        """Set a list to words, or add them to those that are there already.

        `within` is the key of the mapping that the list is in, where its name may have dots.
        """
        texts = [*self._lists.get(option.key, ()), *words]
        if within:
            name = option.key[len(within) + 1 :]
            self.set_names({name: _items(option, texts)}, within, flag)
        else:
            self.set(option.key, _items(option, texts), flag)
        self._lists[option.key] = texts

    def set(self, key: str, value: object, flag: str) -> None:
        if key in self._values and may_be_mapping(value):
            # It may join what is there: that is for the reader to say, who knows the type.
            self._below = list(self.layers())
            self._begin()
        self._values.pop(key, None)  # so that it comes last
        self._lists.pop(key, None)
        self._values[key] = value
        self._origins[key] = Origin("cli", flag)

    def set_names(self, mapping: Mapping[str, object], key: str, flag: str) -> None:
        """Set what a mapping for `key` has; one with names that are not keys is one value."""
        if not is_nested(mapping):
            self.set(key, as_untyped(mapping), flag)
            return
        try:
            values, names, _ = flatten({key: mapping})
        except InvalidKey as error:
            raise UsageError(f"{flag}: {error}", key=key) from None
        for flat, value in values.items():
            self.set(flat, as_untyped(value), flag)
        self._names |= names

    def remove(self, key: str, flag: str) -> None:
        """Take away what has been set at and below a key, here and by other sources."""
        for one in [one for one in self._values if one.startswith(f"{key}.")]:
            if is_inside(one, self._names.get(one), key):
                del self._values[one]
        self.set(key, REMOVED, flag)

    def layers(self) -> tuple[Layer, ...]:
        """Return what was set, the last on top."""
        values = {**in_words(self._values), **self._values}
        top = Layer(values, Origin("cli", "-D"), self._origins, names=self._names)
        return top, *self._below


def _defines(given: Iterable[GivenOption], own: list[Option]) -> tuple[Layer, ...]:
    with_names = {option.key for option in own if option.kind in ("fields", "pairs")}
    bindings = _Bindings()
    for one in given:
        flag = one.flag if one.flag in DEFINE.flags else one.flag.partition("=")[0]
        flag = "-D" if flag == "--define" else flag
        if len(one.texts) > 1 and (option := option_at(one.below)) and option.kind != "items":
            bindings.set(_checked(one.below, flag), _items(option, one.texts), flag)  # a tuple
            continue
        for text in one.texts:
            _define(bindings, f"{one.below}={text}" if one.below else text, flag, with_names)
    return bindings.layers()


def _define(bindings: _Bindings, text: str, flag: str, with_names: Collection[str]) -> None:
    """Set what one KEY=VALUE says; `with_names` are the keys of mappings and structures."""
    if text.startswith("~") and "=" not in text:
        bindings.remove(_checked(text[1:], flag), flag)
        return
    key, value = _assignment(text, flag)
    mapping = parts_of(value)
    option = None if is_list(value.text) else option_at(key)
    if key in with_names and isinstance(mapping, dict) and mapping:
        bindings.set_names(mapping, key, flag)
    elif option is not None and option.kind == "items":
        bindings.add(option, [value.text], flag)
    else:
        bindings.set(key, value, flag)


def _checked(key: str, flag: str) -> str:
    try:
        return check(key)
    except InvalidKey as error:
        raise UsageError(f"{flag}: {error}", key=error.key) from None


def _assignment(text: str, flag: str) -> tuple[str, UntypedText]:
    from .._values.assignment import parse_assignment  # most command lines have options alone

    try:
        return parse_assignment(text)
    except InvalidKey as error:
        raise UsageError(f"{flag}: {error}", key=error.key) from None


def _options(given: list[GivenOption]) -> tuple[Layer, ...]:
    bindings = _Bindings()
    for one in given:
        if one.option.kind == "items":
            bindings.add(one.option, one.texts, one.flag)
        elif one.option.kind in ("pairs", "fields"):
            _set_names(bindings, one, one.flag)
        else:
            bindings.set(one.option.key, _items(one.option, one.texts), one.flag)
    return bindings.layers()


def _set_names(bindings: _Bindings, one: GivenOption, flag: str) -> None:
    """Set what the option of a mapping or a structure says: JSON, KEY=VALUE, or null."""
    option, text = one.option, one.texts[0]
    mapping = parts_of(UntypedText(text))
    if isinstance(mapping, dict):
        bindings.set_names(mapping, option.key, flag)
    elif option.kind == "fields" or is_null(UntypedText(text)) or _is_one_word(option, text):
        bindings.set(option.key, UntypedText(text), flag)
    else:
        try:
            check_named_once(text)
        except Unconvertible as error:
            raise UsageError(f"{flag}: {error.reason}.", key=option.key) from None
        name, value = _assignment(text, flag)
        item = typing.get_args(bare(option.hint))[1:] if not is_union(bare(option.hint)) else ()
        has_dots = bool(item) and not takes_names(item[0])  # they belong to the name
        inner = option_below(option, [name] if has_dots else name.split("."))
        if inner.kind == "items" and not is_list(value.text):
            bindings.add(inner, [value.text], flag, within=option.key if has_dots else "")
        elif has_dots:
            bindings.set_names({name: value}, option.key, flag)
        else:
            bindings.set(inner.key, value, flag)


def _is_one_word(option: Option, text: str) -> bool:
    """Tell the word for another member of a union than the mapping; any word may be text."""
    wanted = bare(option.hint)
    if not is_union(wanted):
        return False
    return "=" not in text or any(map(takes_any_text, typing.get_args(wanted)))


def _items(option: Option, texts: list[str]) -> UntypedText | UntypedTree:
    """Return a list of the words; a single word may be the whole list, as JSON."""
    if len(texts) == 1 and (option.kind != "items" or is_union(bare(option.hint))):
        return UntypedText(texts[0])
    if len(texts) == 1 and _is_in_brackets(texts[0]) and not is_list(texts[0]):
        return UntypedText(texts[0])  # a list that is not JSON, which whoever reads it says
    if len(texts) == 1 and is_list(texts[0]):
        hint, default = option.hint, option.default
        if texts[0] not in NULLS or default is None or (hint is not None and takes_none(hint)):
            return UntypedText(texts[0])
    return UntypedTree([UntypedText(text) for text in texts])


def _is_in_brackets(text: str) -> bool:
    return text[:1] == "[" and text[-1:] == "]"


def _rest(signature: Signature | None, texts: Sequence[str]) -> tuple[object, ...]:
    """Return the values of `*args`."""
    name = signature.varargs_name if signature is not None else ""
    hint = signature.hint(name) if signature is not None and texts else None
    shown = name.rstrip("_").upper()
    return tuple(_converted(hint, one, f"{shown}[{at}]") for at, one in enumerate(texts))


def _converted(hint: object, text: str, where: str) -> object:
    if hint is None:
        return infer(text)
    try:
        return converter(hint)(UntypedText(text), NOTHING)
    except Unconvertible as error:
        shown = show(where.lstrip("-"), text)
        problem = error.reason or f"{shown} is not {error.wanted}"
        end = "" if problem.endswith(("?", ".")) else "."
        raise UsageError(f"{where}: {problem}{end}") from None
