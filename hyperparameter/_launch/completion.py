"""Completion scripts for shells, which shtab makes of an argparse parser.

That parser parses nothing: it only holds the table of options in the form that shtab reads.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from .commands import Function, class_of, names_of, signature_of
from .options import EXPLAIN, Option, common_options
from .parameters import options_of
from .program_keys import DeclaredParameters
from .texts import Texts


def script(shell: str, functions: Sequence[Function], program: str, single: bool) -> str:
    """Return the script that makes `shell` complete the program's options."""
    import shtab

    parser = argparse.ArgumentParser(prog=program, add_help=False)
    if single:
        _add_function(parser, functions[0])
    else:
        _add(parser, common_options(), {})
        group = parser.add_subparsers()
        for function in functions:
            name, *others = names_of(function, functions)
            # shtab leaves out commands without a help text.
            texts = Texts(signature_of(function), class_of(function))
            summary = texts.docstring.summary or name
            command = group.add_parser(
                name, aliases=others, add_help=False, help=_literal(summary)
            )  # fmt: skip
            _add_function(command, function)
    return str(shtab.complete(parser, shell)).rstrip()


def _add_function(parser: argparse.ArgumentParser, function: Function) -> None:
    signature = signature_of(function)
    own, texts = options_of(signature), Texts(signature, class_of(function))
    _add(parser, [*own, *common_options(own)], {one.key: texts.of(one) for one in own})


def _add(
    parser: argparse.ArgumentParser, options: Sequence[Option], texts: Mapping[str, str]
) -> None:
    import shtab

    keys = tuple(DeclaredParameters())
    for option in options:
        text = _literal(option.help or texts.get(option.key, ""))
        if option.kind in ("flag", "switch"):
            names = *option.flags, *option.negations[:1]
            parser.add_argument(*names, action="store_true", help=text)
            continue
        names = option.flags or (option.metavar.lower(),)
        nargs = {"choice": "?", "words": "*"}.get(option.kind)
        choices = keys if option.key == EXPLAIN.key else option.choices
        action = parser.add_argument(*names, nargs=nargs, choices=choices or None, help=text)
        if not choices:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # which shtab looks for


def _literal(text: str) -> str:
    return text.replace("%", "%%")  # argparse formats help texts with %
