"""What a command line asks instead of a run: help, lists, explanations, a configuration file."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from .._console import print_message, print_output, terminal_width, wants_colour
from ..exceptions import UsageError
from . import options
from .argv import parse_argv
from .asked import asks
from .commands import Function, function_for, names_of, signature_of
from .invocation import Invocation
from .keywords import keywords_of
from .parameters import options_of
from .program_keys import LazyScan
from .settings import Settings
from .usage_errors import usage_errors

if TYPE_CHECKING:
    from .._config.sources import FileAt
    from .._files.document import Document
    from .._functions.signature import Signature
    from .configuration import Configuration
    from .program import Program


def print_help(
    program: Program, argv: list[str], env_prefix: str | None, env: Mapping[str, str]
) -> None:
    """Print the help of the program, or of the command that the words name."""
    from . import help as texts
    from .advanced import advanced
    from .layout import render

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
            if options.PRINT.key not in given:
                print_output(_described(given, scan))
                return
            configuration = _configuration(program, invocation, settings, scan, chosen)
        print_output(configuration.text(_Rereading(program, invocation, scan, chosen)))


def _described(given: Mapping[str, list[str]], scan: LazyScan) -> str:
    if options.EXPLAIN.key in given:
        from .listing import explanations

        return explanations(given[options.EXPLAIN.key], scan())
    from .listing import listing

    return listing(scan())


def _configuration(
    program: Program,
    invocation: Invocation,
    settings: Settings,
    scan: LazyScan,
    chosen: Signature | None,
) -> Configuration:
    from .configuration import Configuration
    from .readers import readers_of

    tree = scan()
    keys = [
        key  # not what references alone take: their values are printed where they stand
        for key in settings.origins
        if key not in settings.referenced or tree is None or tree.mentions(key)
    ]
    keywords = () if chosen is None else readers_of(chosen, keywords_of(chosen, scan))
    commands = [signature_of(one) for one in program.functions]
    others = [one for one in commands if chosen is not None and one is not chosen]
    if chosen is not None and invocation.args:
        words = " ".join(map(str, invocation.args))
        print_message(f"{words}: left out, since no file sets what is for *{chosen.varargs_name}.")
    kind = invocation.given[options.PRINT.key][-1]
    return Configuration(kind, tree, keys, commands, others, keywords=keywords)


class _Rereading:
    """What a document would set, if it were the only thing that is given on the command line."""

    def __init__(
        self, program: Program, invocation: Invocation, scan: LazyScan, chosen: Signature | None
    ) -> None:
        self._program = program
        self._takes_unknown = invocation.asks(options.ALLOW)
        self._scan = scan
        self._chosen = chosen

    def __call__(self, document: Document) -> tuple[Settings, Collection[str]]:
        from .sources import files_of, sources_of

        files: list[FileAt | Document] = [*files_of([], self._program.config), document]
        sources = sources_of(files, None, self._scan.env, self._scan, self._chosen)
        settings = Settings(Invocation((), (), [], (), {}), sources, self._scan.env)
        return settings, [] if self._takes_unknown else settings.unknown(self._scan).keys
