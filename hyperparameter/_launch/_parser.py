"""The command line of a function, built from its signature."""

from __future__ import annotations

import argparse
from typing import Any, NamedTuple, NoReturn

from .._convert import FALSE_WORDS, TRUE_WORDS, UntypedText
from .._describe import show
from .._docstring import Help
from .._docstring import parse as parse_docstring
from .._hints import is_bool
from .._keys import check, did_you_mean
from .._origin import Origin, Source
from .._signature import Signature
from .._snapshot import Layer
from ..exceptions import InvalidKey, UsageError

_BOOL_WORDS = TRUE_WORDS | FALSE_WORDS


class Leave(Exception):
    """Raised when the parser has done all there is to do, such as showing help."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class CommandLine(NamedTuple):
    """What a command line sets: by `-D`, and by options and positionals."""

    defines: Layer
    options: Layer

    def sets(self, key: str | None) -> bool:
        return key in self.defines.values or key in self.options.values


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise Leave(status)


def parse(signature: Signature, argv: list[str], program: str) -> CommandLine:
    """Return what `argv` sets; `UsageError` for what it has wrong, `Leave` after help."""
    wants_help = not {"-h", "--help"}.isdisjoint(argv)
    texts = parse_docstring(signature.function.__doc__ if wants_help else None)
    parser = _build(signature, texts, program)
    given, unknown = parser.parse_known_args(_spell_out(signature, argv))
    if unknown:
        options = [f"--{name.replace('_', '-')}" for name in signature.defaults]
        near = did_you_mean(unknown[0].partition("=")[0], options)
        raise UsageError(f"unknown argument {unknown[0]!r}.{near} See --help.")
    values: dict[str, Any] = {}
    origins: dict[str, Source] = {}
    for name in signature.names:
        text = getattr(given, name, None)
        if text is not None:
            key = f"{signature.namespace}.{name}"
            values[key] = UntypedText(text)
            origins[key] = Origin("cli", _spelling(signature, name))
    defines = {}
    for text in given.define:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"-D {text!r} has no '='. Write it as -D KEY=VALUE.")
        try:
            defines[check(key.strip())] = UntypedText(value)
        except InvalidKey as error:
            raise UsageError(f"-D: {error}") from None
    _require(signature, {*values, *defines})
    return CommandLine(
        Layer(defines, Origin("cli", "-D")), Layer(values, Origin("cli", "option"), origins)
    )


def _build(signature: Signature, texts: Help, program: str) -> _Parser:
    parser = _Parser(prog=program, description=texts.summary, allow_abbrev=False)
    for name in signature.names:
        text = texts.parameters.get(name, "").replace("%", "%%")
        if name in signature.defaults:
            shown = show(name, signature.defaults[name]).replace("%", "%%")
            parser.add_argument(
                *_flags(name), dest=name, metavar=name.upper(),
                help=f"{text} (default: {shown})".strip(),
            )  # fmt: skip
        else:
            parser.add_argument(name, nargs="?", metavar=name.upper(), help=text)
    parser.add_argument(
        "-D", "--define", action="append", default=[], metavar="KEY=VALUE", dest="define",
        help="set any parameter, here or in what is called; may be repeated",
    )  # fmt: skip
    return parser


def _spell_out(signature: Signature, argv: list[str]) -> list[str]:
    """Give boolean options their value, so that a flag never takes the positional behind it."""
    flags = {
        flag: name
        for name, default in signature.defaults.items()
        if is_bool(signature.hint(name)) or isinstance(default, bool)
        for flag in _flags(name)
    }
    spelled: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            return [*spelled, word, *words]
        positive = f"--{word[5:]}" if word.startswith("--no-") else ""
        if spelled and spelled[-1] in flags and word.lower() in _BOOL_WORDS:
            spelled[-1] += f"={word}"
            continue
        if spelled and spelled[-1] in flags:
            spelled[-1] += "=true"
        spelled.append(f"{positive}=false" if positive in flags else word)
    if spelled and spelled[-1] in flags:
        spelled[-1] += "=true"
    return spelled


def _flags(name: str) -> list[str]:
    return list(dict.fromkeys([f"--{name.replace('_', '-')}", f"--{name}"]))


def _spelling(signature: Signature, name: str) -> str:
    return _flags(name)[0] if name in signature.defaults else name.upper()


def _require(signature: Signature, given: set[str]) -> None:
    """Raise where a parameter without default is set nowhere, the active scope included."""
    from .. import _state

    snapshot = _state.current().snapshot
    for name in signature.names:
        key = f"{signature.namespace}.{name}"
        if name not in signature.defaults and key not in given and snapshot.find(key) is None:
            raise UsageError(
                f"{name.upper()} is missing: give it as argument or with -D {key}=VALUE. "
                "See --help.",
                key=key,
            )
