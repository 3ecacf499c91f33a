"""What the words of a command line ask of one function: settings with their origins, and more."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .._functions.signature import Signature
from .._scopes.lookup import merge
from .._scopes.snapshot import Layer
from .._values.annotations import converter
from .._values.assignment import parse_assignment
from .._values.convert import Unconvertible
from .._values.describe import show
from .._values.keys import flatten, nest
from .._values.origin import Origin, RawOrigin
from .._values.untyped import UntypedText, infer
from ..exceptions import InvalidKey, UsageError
from .argv import EXTRA, GivenOption, ParsedArgv, is_list
from .options import CONFIG, DEFINE, RECORD, Option


class Invocation(NamedTuple):
    """A command line for one function.

    `defines` has what `-D` sets, `options` what options and positionals set.  `args` and `extra`
    are for the function's `*args` and `**kwargs`.  `given` has the words of each common option by
    its key.
    """

    defines: Layer
    options: Layer
    files: list[str]
    args: tuple[object, ...]
    extra: dict[str, object]
    given: dict[str, list[str]]

    def asks(self, option: Option) -> bool:
        return option.key in self.given

    @property
    def record(self) -> str | None:
        """The last file that `--record` names."""
        return self.given.get(RECORD.key, [None])[-1]


def invocation_of(parsed: ParsedArgv, own: list[Option], signature: Signature | None) -> Invocation:
    """Return what the words ask of a function with its `own` options.

    `signature` is None as long as no command has been chosen.
    """
    positional, args = _positional(parsed.positionals, own, signature)
    own_ids = {id(option) for option in own}  # a default may be an array, which has no ==
    chosen = [one for one in parsed.given if id(one.option) in own_ids]
    common = [one for one in parsed.given if id(one.option) not in own_ids]
    return Invocation(
        _defines((one for one in common if one.option.key == DEFINE.key), own),
        _options([*chosen, *positional]),
        [text for one in common if one.option.key == CONFIG.key for text in one.texts],
        args,
        {_identifier(one.flag): _extra(signature, one) for one in common if one.option is EXTRA},
        _grouped(one for one in common if one.option is not EXTRA),
    )


def _grouped(given: Iterable[GivenOption]) -> dict[str, list[str]]:
    """Return the words of each option by its key, however often it was given."""
    grouped: dict[str, list[str]] = {}
    for one in given:
        grouped.setdefault(one.option.key, []).extend(one.texts)
    return grouped


def _positional(
    words: list[str], own: list[Option], signature: Signature | None
) -> tuple[list[GivenOption], tuple[object, ...]]:
    """Give each positional its words, and return the rest for `*args`.

    A list takes all words that the positionals after it do not need.
    """
    queue = list(words)
    given = []
    positionals = [option for option in own if not option.flags]
    variadic = signature is not None and bool(signature.varargs_name)
    for index, option in enumerate(positionals):
        count = option.size
        if option.kind == "items" and not variadic:
            count = max(1, len(queue) - sum(one.size for one in positionals[index + 1 :]))
        if option.size > 1 and queue and is_list(queue[0]):
            count = 1
        taken, queue = queue[:count], queue[count:]
        if taken:
            given.append(GivenOption(option, option.metavar, taken))
    if queue and not variadic:
        raise UsageError(_unexpected(queue[0], positionals))
    hint = signature.hint(signature.varargs_name) if signature is not None and variadic else None
    return given, tuple(_converted(hint, text, "*") for text in queue)


def _unexpected(word: str, positionals: list[Option]) -> str:
    number = len(positionals) or "no"
    plural = "" if len(positionals) == 1 else "s"
    names = f" ({' '.join(one.metavar for one in positionals)})" if positionals else ""
    return (
        f"{show('', word)}: unexpected argument. "
        f"Expected {number} positional argument{plural}{names}. See --help."
    )


def _defines(given: Iterable[GivenOption], own: list[Option]) -> Layer:
    structures = {option.key for option in own if option.kind == "fields"}
    values: dict[str, Any] = {}
    origins: dict[str, RawOrigin] = {}
    for one in given:
        flag = one.flag if one.flag in DEFINE.flags else one.flag.partition("=")[0]
        for text in one.texts:
            key, value = _assignment(text, flag)
            found: dict[str, Any] = {key: value}
            # As with the option of a structure: fields that the JSON lacks keep their values.
            if key in structures and isinstance(json := infer(value.text), dict) and json:
                found = _flat(json, key, flag)
            values |= found
            origins |= dict.fromkeys(found, Origin("cli", "-D" if flag == "--define" else flag))
    return Layer(values, Origin("cli", "-D"), origins)


def _assignment(text: str, flag: str) -> tuple[str, UntypedText]:
    try:
        return parse_assignment(text)
    except InvalidKey as error:
        raise UsageError(f"{flag}: {error}", key=error.key) from None


def _options(given: list[GivenOption]) -> Layer:
    values: dict[str, Any] = {}
    origins: dict[str, RawOrigin] = {}
    by_option: dict[str, list[GivenOption]] = {}
    for one in given:
        by_option.setdefault(one.option.key, []).append(one)
    for one in given:
        several = by_option[one.option.key]
        if one.option.kind in ("items", "pairs") and one is not several[-1]:
            continue
        for key, value in _settings(one, several):
            values[key] = value
            origins[key] = Origin("cli", one.flag if one.option.flags else one.option.metavar)
    return Layer(values, Origin("cli", "option"), origins)


def _settings(one: GivenOption, several: list[GivenOption]) -> Iterator[tuple[str, object]]:
    """Yield the keys that an option sets; `several` has every time that it was given."""
    option, texts = one.option, one.texts
    if option.kind == "pairs":
        yield from _pairs(option, several)
    elif option.kind == "items":
        yield option.key, _items(option, [text for one in several for text in one.texts])
    elif option.kind == "fields" and isinstance(json := infer(texts[0]), dict):
        yield from _flat(json, option.key, one.flag).items() if json else [(option.key, {})]
    elif len(texts) > 1:
        yield option.key, [UntypedText(text) for text in texts]
    else:
        yield option.key, UntypedText(texts[0])


def _pairs(option: Option, several: list[GivenOption]) -> Iterator[tuple[str, object]]:
    """Yield the keys below the option's; if some of it is JSON, the whole mapping as one value."""
    objects = [infer(one.texts[0]) if not one.below else None for one in several]
    if not any(isinstance(json, dict) for json in objects):
        for one in several:
            name, text = _pair(one)
            yield f"{option.key}.{name}", text
        return
    values = typing.get_args(option.hint)[1:]
    typed = bool(values) and values[0] not in (Any, object)
    whole: dict[str, Any] = {}
    for one, json in zip(several, objects, strict=True):
        if isinstance(json, dict):
            whole = merge(whole, json)
        else:
            name, text = _pair(one)
            whole = merge(whole, nest({name: text if typed else infer(text.text)}))
    yield option.key, whole


def _pair(one: GivenOption) -> tuple[str, UntypedText]:
    text = f"{one.below}={one.texts[0]}" if one.below else one.texts[0]
    return _assignment(text, one.flag)


def _flat(json: dict[str, Any], key: str, flag: str) -> dict[str, Any]:
    """Return the keys in JSON for a structure; each overrides only its own field."""
    try:
        return flatten(json, key)
    except InvalidKey as error:
        raise UsageError(f"{flag}: {error}", key=key) from None


def _items(option: Option, texts: list[str]) -> UntypedText | list[object]:
    """Return a list of the words; a single word may be the whole list, as JSON."""
    if len(texts) == 1 and is_list(texts[0]):
        return UntypedText(texts[0])
    typed = bool(typing.get_args(option.hint))
    return [UntypedText(text) if typed else infer(text) for text in texts]


def _extra(signature: Signature | None, one: GivenOption) -> object:
    hint = signature.hint(signature.varkw_name) if signature is not None else None
    return _converted(hint, one.texts[0], one.flag)


def _converted(hint: object, text: str, where: str) -> object:
    if hint is None:
        return infer(text)
    try:
        return converter(hint)(UntypedText(text))
    except Unconvertible as error:
        wanted = getattr(hint, "__name__", hint)
        shown = show(where.lstrip("-"), text)
        raise UsageError(f"{where}: {shown} cannot become {wanted}. {error}".strip()) from None


def _identifier(flag: str) -> str:
    return flag[2:].replace("-", "_")
