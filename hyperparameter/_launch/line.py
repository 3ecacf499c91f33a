"""What a command line asks for: settings with their origins, and what else to do."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .. import _hints
from .._convert import UntypedText, infer
from .._keys import check, flatten
from .._origin import Origin, Source
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
    items: dict[str, list[str]] = {}
    for one in given:
        for key, value in _settings(one, items):
            values[key] = value
            origins[key] = Origin("cli", one.flag if one.option.flags else one.option.metavar)
    return Layer(values, Origin("cli", "option"), origins)


def _settings(one: Given, items: dict[str, list[str]]) -> Iterator[tuple[str, Any]]:
    option, texts = one.option, one.texts
    if one.below:
        yield _checked(f"{option.key}.{one.below}", one.flag), UntypedText(texts[0])
    elif option.kind == "items":
        texts = items[option.key] = [*items.get(option.key, ()), *texts]
        yield option.key, _items(option, texts)
    elif option.kind in ("pairs", "fields") and isinstance(json := infer(texts[0]), dict):
        # As keys, so that an option for one of them has its say, too.
        yield from flatten(json, option.key).items() if json else [(option.key, {})]
    elif option.kind == "pairs":
        name, equals, value = texts[0].partition("=")
        if not equals:
            raise UsageError(f"{one.flag} {texts[0]!r} has no '='. Write it as KEY=VALUE or JSON.")
        yield _checked(f"{option.key}.{name.strip()}", one.flag), UntypedText(value)
    elif option.size > 1 and len(texts) > 1:
        yield option.key, [UntypedText(text) for text in texts]
    else:
        yield option.key, UntypedText(texts[0])


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
    from .._convert import Unconvertible

    if hint is None:
        return infer(text)
    try:
        return _hints.converter(hint)(UntypedText(text))
    except Unconvertible as error:
        wanted = getattr(hint, "__name__", hint)
        raise UsageError(f"{where}: {text!r} cannot become {wanted}. {error}".strip()) from None


def _identifier(flag: str) -> str:
    return flag[2:].replace("-", "_")
