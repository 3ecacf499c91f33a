"""What a command line asks instead of a run: help, lists, explanations, a configuration file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .._console import print_output, terminal_width, wants_colour
from ..exceptions import UsageError
from . import options
from .argv import parse_argv
from .asked import asks
from .commands import Function, function_for, names_of, signature_of
from .invocation import Invocation
from .parameters import options_of
from .program_keys import LazyScan
from .settings import Settings
from .usage_errors import usage_errors

if TYPE_CHECKING:
    from .._functions.signature import Signature
    from .program import Program


def print_help(
    program: Program, argv: list[str], env_prefix: str | None, env: Mapping[str, str]
) -> None:
    """Print the help of the program, or of the command that the words name."""
    from . import help as texts
    from .layout import render
    from .listing import advanced

    function = program.functions[0] if program.is_single else _named(program, argv)
    is_whole, version = asks(argv, options.HELP_ALL), program.version(argv)
    if function is None:
        common = texts.common_sections((), version, is_whole=is_whole)
        page = texts.page_of_program(program.functions, program.name, common)
    else:
        signature = signature_of(function)
        own = options_of(signature)
        common = texts.common_sections(own, version, is_whole=is_whole)
        rows = advanced(LazyScan(signature, env)(), signature, own)
        command = "" if program.is_single else f" {names_of(function, program.functions)[0]}"
        page = texts.page_of_function(function, program.name + command, rows, common, env_prefix)
    colour = wants_colour(sys.stdout, env)
    print_output(render(page, terminal_width(env), colour), styled=colour)


def _named(program: Program, argv: Iterable[str]) -> Function | None:
    """Return the function whose help is asked for, None for the help of the program."""
    asked = (*options.HELP.flags, *options.HELP_ALL.flags)
    words = [word for word in argv if word not in asked]
    try:
        first = parse_argv(words, program.common(words), stops_at_command=True)
        return function_for(first.positionals[0], program.functions) if first.positionals else None
    except UsageError:  # who asks for help gets help, whatever else is wrong
        return None


def answer(
    program: Program,
    invocation: Invocation,
    settings: Settings,
    scan: LazyScan,
    chosen: Signature | None,
) -> None:
    """Print what is asked for by one of `ASKING`; `chosen` is the command that is given."""
    given = invocation.given
    if options.COMPLETION.key in given:
        from .completion import script

        shell = given[options.COMPLETION.key][-1]
        command = os.path.basename(sys.argv[0])
        print_output(script(shell, program.functions, command, program.is_single, scan()))
    elif options.VERSION.key in given:
        print_output(f"{program.name} {program.version([options.VERSION.flags[0]])}")
    else:
        with settings.open(), usage_errors(settings):
            commands = [signature_of(one) for one in program.functions]
            print_output(_described(given, settings, scan, commands, chosen))


def _described(
    given: Mapping[str, list[str]],
    settings: Settings,
    scan: LazyScan,
    commands: list[Signature],
    chosen: Signature | None,
) -> str:
    if options.EXPLAIN.key in given:
        from .listing import explanations

        return explanations(given[options.EXPLAIN.key], scan())
    if options.LIST.key in given:
        from .listing import listing

        return listing(scan())
    from .configuration import configuration

    program = scan()
    keys = [
        key  # not what references alone take: their values are printed where they stand
        for key in settings.origins
        if key not in settings.referenced or program is None or program.mentions(key)
    ]
    others = [one for one in commands if chosen is not None and one is not chosen]
    return configuration(given[options.PRINT.key][-1], program, keys, commands, others)
