"""What a command line asks for: settings with their origins, and what else to do."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .. import _hints
from .._convert import Unconvertible, UntypedText, infer
from .._describe import show
from .._keys import check, flatten, nest
from .._origin import Origin, Source
from .._reading import merge
from .._signature import Signature
from .._snapshot import Layer
from ..exceptions import InvalidKey, UsageError
from . import options as table
from .options import Option
from .words import EXTRA, Given, Words


class CommandLine(NamedTuple):
    """A command line for one function.

    `defines` is what `-D` sets, `options` what options and positionals set; `args` and `extra`
    are for the function's `*args` and `**kwargs`.
    """

    defines: Layer
    options: Layer
    files: list[str]
    args: tuple[Any, ...]
    extra: dict[str, Any]
    given: dict[str, list[str]]

    def asks(self, option: Option) -> bool:
        return option.key in self.given

    @property
    def record(self) -> str | None:
        return self.given.get(table.RECORD.key, [None])[-1]


def command_line(words: Words, own: list[Option], signature: Signature | None) -> CommandLine:
    """Return what the words ask of the function, or of the program where none is chosen yet."""
    given, more = _by_position(words.positionals, own, signature)
    keys = {id(option) for option in own}
    chosen = [one for one in words.given if id(one.option) in keys]
    general = [one for one in words.given if id(one.option) not in keys]
    return CommandLine(
        _defines(one for one in general if one.option.key == table.DEFINE.key),
        _options([*chosen, *given]),
        [text for one in general if one.option.key == table.CONFIG.key for text in one.texts],
        more,
        {_identifier(one.flag): _extra(signature, one) for one in general if one.option is EXTRA},
        _grouped(one for one in general if one.option is not EXTRA),
    )


def _grouped(given: Iterable[Given]) -> dict[str, list[str]]:
    """Return the words of each option by its key, those of all times it was given."""
    grouped: dict[str, list[str]] = {}
    for one in given:
        grouped.setdefault(one.option.key, []).extend(one.texts)
    return grouped


def _by_position(
    words: list[str], own: list[Option], signature: Signature | None
) -> tuple[list[Given], tuple[Any, ...]]:
    """Give each positional its words; a list takes all that those behind it leave."""
    queue = list(words)
    given = []
    positionals = [option for option in own if not option.flags]
    variadic = signature is not None and bool(signature.more_name)
    for index, option in enumerate(positionals):
        count = option.size
        if option.kind == "items" and not variadic:
            count = max(1, len(queue) - sum(one.size for one in positionals[index + 1 :]))
        if option.size > 1 and queue[:1] and queue[0].startswith("["):
            count = 1
        taken, queue = queue[:count], queue[count:]
        if taken:
            given.append(Given(option, option.metavar, taken))
    if queue and not variadic:
        raise UsageError(
            f"unexpected argument {queue[0]!r}: "
            f"{len(positionals)} can be given by position. See --help."
        )
    hint = signature.hint(signature.more_name) if signature is not None and variadic else None
    return given, tuple(_converted(hint, text, "*") for text in queue)


def _defines(given: Iterable[Given]) -> Layer:
    values: dict[str, Any] = {}
    origins: dict[str, Source] = {}
    for one in given:
        flag = one.flag if one.flag in table.DEFINE.flags else one.flag.partition("=")[0]
        for text in one.texts:
            key, equals, value = text.partition("=")
            if not equals:
                raise UsageError(f"{flag} {text!r} has no '='. Write it as -D KEY=VALUE.")
            key = _checked(key.strip(), flag)
            values[key] = UntypedText(value)
            origins[key] = Origin("cli", "-D" if flag == "--define" else flag)
    return Layer(values, Origin("cli", "-D"), origins)


def _checked(key: str, flag: str) -> str:
    try:
        return check(key)
    except InvalidKey as error:
        raise UsageError(f"{flag}: {error}", key=key) from None


def _options(given: list[Given]) -> Layer:
    values: dict[str, Any] = {}
    origins: dict[str, Source] = {}
    by_option: dict[str, list[Given]] = {}
    for one in given:
        by_option.setdefault(one.option.key, []).append(one)
    for several in by_option.values():
        for key, value in _settings(several[-1].option, several):
            values[key] = value
            last = several[-1]
            origins[key] = Origin("cli", last.flag if last.option.flags else last.option.metavar)
    return Layer(values, Origin("cli", "option"), origins)


def _settings(option: Option, several: list[Given]) -> Iterator[tuple[str, Any]]:
    """Yield what an option sets, that was given once or more often."""
    texts = several[-1].texts
    if option.kind == "pairs":
        yield from _pairs(option, several)
    elif option.kind == "items":
        yield option.key, _items(option, [text for one in several for text in one.texts])
    elif option.kind == "fields" and isinstance(json := infer(texts[0]), dict):
        # As keys, which go over those of the default.
        yield from _flat(json, several[-1]).items() if json else [(option.key, {})]
    elif len(texts) > 1:
        yield option.key, [UntypedText(text) for text in texts]
    else:
        yield option.key, UntypedText(texts[0])


def _pairs(option: Option, several: list[Given]) -> Iterator[tuple[str, Any]]:
    """Yield the keys below the option's; where JSON is among them, the whole as one value."""
    objects = [infer(one.texts[0]) if not one.below else None for one in several]
    if not any(isinstance(json, dict) for json in objects):
        for one in several:
            name, text = _pair(one)
            yield f"{option.key}.{name}", UntypedText(text)
        return
    values = typing.get_args(option.hint)[1:]
    typed = bool(values) and values[0] not in (Any, object)
    whole: dict[str, Any] = {}
    for one, json in zip(several, objects, strict=True):
        if isinstance(json, dict):
            whole = merge(whole, json)
        else:
            name, text = _pair(one)
            whole = merge(whole, nest({name: UntypedText(text) if typed else infer(text)}))
    yield option.key, whole


def _pair(one: Given) -> tuple[str, str]:
    name, equals, text = one.texts[0].partition("=")
    if one.below:
        name, text = one.below, one.texts[0]
    elif not equals:
        raise UsageError(f"{one.flag} {name!r} has no '='. Write it as KEY=VALUE or JSON.")
    return _checked(name.strip(), one.flag), text


def _flat(json: dict[str, Any], one: Given) -> dict[str, Any]:
    try:
        return flatten(json, one.option.key)
    except InvalidKey as error:
        raise UsageError(f"{one.flag}: {error}", key=one.option.key) from None


def _items(option: Option, texts: list[str]) -> Any:
    """Return a list for the words of an option; a single word may be all of it, as JSON."""
    if len(texts) == 1 and isinstance(infer(texts[0]), list):
        return UntypedText(texts[0])
    typed = bool(typing.get_args(option.hint))
    return [UntypedText(text) if typed else infer(text) for text in texts]


def _extra(signature: Signature | None, one: Given) -> Any:
    hint = signature.hint(signature.extra_name) if signature is not None else None
    return _converted(hint, one.texts[0], one.flag)


def _converted(hint: Any, text: str, where: str) -> Any:
    if hint is None:
        return infer(text)
    try:
        return _hints.converter(hint)(UntypedText(text))
    except Unconvertible as error:
        wanted = getattr(hint, "__name__", hint)
        shown = show(where.lstrip("-"), text)
        raise UsageError(f"{where}: {shown} cannot become {wanted}. {error}".strip()) from None


def _identifier(flag: str) -> str:
    return flag[2:].replace("-", "_")
