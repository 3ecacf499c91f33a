"""The command line of a function, built from its signature."""

from __future__ import annotations

import argparse
import re
from typing import Any, NamedTuple, NoReturn

from .. import _state
from .._convert import FALSE_WORDS, TRUE_WORDS, UntypedText
from .._describe import show
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
    """Raises where argparse would print and exit."""

    def __init__(self, program: str, description: str) -> None:
        super().__init__(
            prog=program, description=description, allow_abbrev=False, formatter_class=_Formatter
        )
        self._negative_number_matcher = re.compile(r"-\.?[0-9]")  # -1e-3 is a value, too

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See --help.")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise Leave(status)


class _Formatter(argparse.HelpFormatter):
    def _format_text(self, text: str) -> str:
        """Leave `%(prog)s` in a docstring alone."""
        return super()._format_text(text.replace("%", "%%") if "%(prog)" in text else text)


def parse(signature: Signature, argv: list[str], program: str) -> CommandLine:
    """Return what `argv` sets; `UsageError` for what it has wrong, `Leave` after help."""
    mixed, behind = _split(argv)
    if not {"-h", "--help"}.isdisjoint(mixed):
        _build_for_help(signature, program).parse_args(["--help"])
    parser = _Parser(program, "")
    parser.add_argument("positionals", nargs="*")
    parser.add_argument("-D", "--define", action="append", default=[])
    for name in signature.defaults:
        if flags := _flags(name):
            parser.add_argument(*flags, dest=f"option {name}")
    given, unknown = parser.parse_known_intermixed_args(_spell_out(signature, mixed))
    if unknown:
        known = [flag for name in signature.defaults for flag in _flags(name)[:1]]
        near = did_you_mean(unknown[0].partition("=")[0], known)
        raise UsageError(f"unknown option {unknown[0]!r}.{near} See --help.")
    texts = {name: vars(given).get(f"option {name}") for name in signature.defaults}
    texts.update(_by_position(signature, given.positionals + behind))
    line = CommandLine(_defines(given.define), _options(signature, texts))
    _require(signature, line)
    return line


def _by_position(signature: Signature, positionals: list[str]) -> dict[str, str]:
    names = [name for name in signature.names if name not in signature.defaults]
    if len(positionals) > len(names):
        raise UsageError(
            f"unexpected argument {positionals[len(names)]!r}: "
            f"{len(names)} can be given by position. See --help."
        )
    return dict(zip(names, positionals, strict=False))


def _options(signature: Signature, texts: dict[str, str | None]) -> Layer:
    values: dict[str, Any] = {}
    origins: dict[str, Source] = {}
    for name, text in texts.items():
        if text is not None:
            key = f"{signature.namespace}.{name}"
            values[key] = UntypedText(text)
            origins[key] = Origin("cli", _spelling(signature, name))
    return Layer(values, Origin("cli", "option"), origins)


def _defines(texts: list[str]) -> Layer:
    values: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"-D {text!r} has no '='. Write it as -D KEY=VALUE.")
        try:
            values[check(key.strip())] = UntypedText(value)
        except InvalidKey as error:
            raise UsageError(f"-D: {error}", key=key) from None
    return Layer(values, Origin("cli", "-D"))


def _build_for_help(signature: Signature, program: str) -> _Parser:
    """Return the parser that shows the parameters by name."""
    texts = parse_docstring(signature.function.__doc__)
    parser = _Parser(program, texts.summary)
    for name in signature.names:
        text = texts.parameters.get(name, "").replace("%", "%%")
        if name not in signature.defaults:
            parser.add_argument(name, metavar=name.upper(), help=text)
        elif flags := _flags(name):
            default = show(name, signature.defaults[name]).replace("%", "%%")
            parser.add_argument(
                *flags, metavar=name.upper(), help=f"{text} (default: {default})".strip()
            )
    parser.add_argument(
        "-D", "--define", metavar="KEY=VALUE",
        help="set any parameter, here or in what is called; may be repeated",
    )  # fmt: skip
    return parser


def _spell_out(signature: Signature, argv: list[str]) -> list[str]:
    """Give boolean options their value, so that a flag never takes the positional behind it."""
    switches = {
        flag
        for name, default in signature.defaults.items()
        if is_bool(signature.hint(name)) or isinstance(default, bool)
        for flag in _flags(name)
    }
    spelled: list[str] = []
    for word in argv:
        negated = f"--{word[5:]}" if word.startswith("--no-") and word not in switches else ""
        if spelled and spelled[-1] in switches:
            if word.lower() in _BOOL_WORDS:
                spelled[-1] += f"={word}"
                continue
            spelled[-1] += "=true"
        spelled.append(f"{negated}=false" if negated in switches else word)
    if spelled and spelled[-1] in switches:
        spelled[-1] += "=true"
    return spelled


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Part `argv` at `--`, which argparse loses where options and positionals are mixed."""
    at = argv.index("--") if "--" in argv else len(argv)
    return argv[:at], argv[at + 1 :]


def _flags(name: str) -> list[str]:
    """Return the spellings of an option; none where it would hide one that every program has."""
    spellings = dict.fromkeys([f"--{name.replace('_', '-')}", f"--{name}"])
    return [flag for flag in spellings if flag not in ("--help", "--define")]


def _spelling(signature: Signature, name: str) -> str:
    return _flags(name)[0] if name in signature.defaults else name.upper()


def _require(signature: Signature, line: CommandLine) -> None:
    """Raise where a parameter without default is set nowhere, the active scope included."""
    snapshot = _state.current().snapshot
    for name in signature.names:
        key = f"{signature.namespace}.{name}"
        if name not in signature.defaults and not line.sets(key) and snapshot.find(key) is None:
            raise UsageError(
                f"{name.upper()} is missing: give it as argument or with -D {key}=VALUE. "
                "See --help.",
                key=key,
            )
