"""A program: functions, one of which a command line runs, or that it asks something about."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._console import print_message, print_output
from ..exceptions import UsageError
from . import options, unknown_keys
from .argv import ParsedArgv, parse_argv
from .commands import Function, chosen, names_of, signature_of
from .invocation import Invocation, invocation_of
from .options import Option
from .run import require, run_function, usage_errors
from .settings import Settings

ANSWERED: Any = object()
"""The result where the command line only asked something, and got its answer."""


class Launcher:
    """The functions that a command line may run; `single` where there is no need to name one."""

    def __init__(self, functions: Sequence[Function], single: bool) -> None:
        self.name = _name()
        self._functions = functions
        self._single = single or len(functions) == 1

    def launch(
        self, argv: list[str], env_prefix: str | None, env: Mapping[str, str], freeze: bool
    ) -> Any:
        """Return what the function returns, or `ANSWERED`.

        `freeze` makes what is set the baseline of the process.
        """
        if _asks(argv, options.HELP):
            return self._help(argv, env)
        function, own, words = self._chosen(argv)
        signature = signature_of(function or self._functions[0])
        line = invocation_of(words, own, signature if function else None)
        settings = Settings(line, env_prefix, env)
        scan = unknown_keys.Scan(signature, env)
        if not line.asks(options.ALLOW):
            unknown_keys.check(settings.not_options(), scan)
        if self._answers(line, settings, scan):
            return ANSWERED
        if function is None:
            names = ", ".join(names_of(one, self._functions)[0] for one in self._functions)
            raise UsageError(f"a command is needed: {names}. See --help.")
        require(own, signature, settings)
        result, unused = run_function(function, line, settings, freeze)
        if sys.stdout is not None:
            sys.stdout.flush()  # what the function has printed stands above
        for text in unused:
            print_message(f"{self.name}: {text}")
        return result

    def _chosen(self, argv: list[str]) -> tuple[Function | None, list[Option], ParsedArgv]:
        """Return the function that the words name, its options, and the words that are for it."""
        first = ParsedArgv([], [], argv)
        if self._single:
            function = self._functions[0]
        else:
            first = parse_argv(argv, self._common(argv), stops_at_name=True)
            if not first.positionals:
                return None, [], first
            function = chosen(first.positionals[0], self._functions)
        signature = signature_of(function)
        own = options.of_function(signature)
        extra = bool(signature.extra_name)
        words = parse_argv(first.rest, [*own, *self._common(argv, own)], takes_extra=extra)
        return function, own, ParsedArgv([*first.given, *words.given], words.positionals, [])

    def _common(self, argv: list[str], own: Sequence[Option] = ()) -> list[Option]:
        return options.common(own, self._version(argv))

    def _version(self, argv: list[str]) -> str | None:
        """Return the version of the program's package; looked up only where it is asked for."""
        asked = options.VERSION._replace(flags=("--version", "--hp-version"))
        if not _asks(argv, asked) and not _asks(argv, options.HELP):
            return None
        from .version import version_of

        return version_of(self._functions[0])

    def _help(self, argv: list[str], env: Mapping[str, str]) -> Any:
        from . import help as texts
        from .listing import advanced

        function = self._functions[0] if self._single else self._named(argv)
        version = self._version(argv)
        if function is None:
            parts = texts.of_program(self._functions, self.name, version)
        else:
            signature = signature_of(function)
            own = options.of_function(signature)
            rows = advanced(unknown_keys.Scan(signature, env)(), signature, own)
            command = "" if self._single else f" {names_of(function, self._functions)[0]}"
            parts = texts.of_command(signature, self.name + command, version, rows)
        width, colour = texts.screen(env)
        print_output(texts.render(*parts, width, colour), styled=colour)
        return ANSWERED

    def _named(self, argv: Iterable[str]) -> Function | None:
        """Return the function whose help is asked for, None for that of the program."""
        words = [word for word in argv if word not in options.HELP.flags]
        try:
            first = parse_argv(words, self._common(words), stops_at_name=True)
            return chosen(first.positionals[0], self._functions) if first.positionals else None
        except UsageError:
            return None

    def _answers(self, line: Invocation, settings: Settings, scan: unknown_keys.Scan) -> bool:
        """Print what is asked for instead of a run; tell whether anything was."""
        given = line.given
        if options.COMPLETION.key in given:
            from .completion import script

            shell = given[options.COMPLETION.key][-1]
            command = os.path.basename(sys.argv[0])
            print_output(script(shell, self._functions, command, self._single))
        elif options.VERSION.key in given:
            print_output(f"{self.name} {self._version([options.VERSION.flags[0]])}")
        elif not {options.LIST.key, options.EXPLAIN.key, options.PRINT.key}.isdisjoint(given):
            from .listing import answer

            with settings.open(), usage_errors(settings):
                print_output(answer(given, scan(), settings.origins))
        else:
            return False
        return True


def _name() -> str:
    """Return what the user has typed to run this program, as far as that is unknown_keys."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None:
        return f"python -m {spec.name.removesuffix('.__main__')}"
    return os.path.basename(sys.argv[0]) or "program"


def _asks(argv: list[str], option: Option) -> bool:
    words = argv[: argv.index("--")] if "--" in argv else argv
    return not set(option.flags).isdisjoint(words)
