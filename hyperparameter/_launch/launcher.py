"""From the words of a command line to a run of one function, or to an answer about the program."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from .._console import print_message, print_output, terminal_width, wants_colour
from ..exceptions import UsageError
from . import options
from .argv import ParsedArgv, parse_argv
from .asked import Asked, asks, asks_for_json
from .commands import Function, dashed, function_for, names_of, signature_of
from .invocation import Invocation
from .options import Option, common_options
from .parameters import options_of
from .program_keys import LazyScan
from .run import require, run_function
from .settings import Settings
from .usage_errors import usage_errors

if TYPE_CHECKING:
    from .._files.text import FilePath
    from .._functions.signature import Signature
    from .replay import Replay
    from .sources import Sources

ANSWERED: Final = object()
"""The result if the command line asked a question, such as `--help`, instead of a run."""


class Launcher:
    """The functions that a command line may run; if `single`, it names no command.

    `config` is a file that the program always reads.
    """

    replay: ClassVar[Replay | None] = None
    """Set by `hp replay`: what runs in the place of what a program launches."""

    def __init__(
        self, functions: Sequence[Function], single: bool, config: FilePath | None = None
    ) -> None:
        self.name = _name()
        self._config = config
        self.functions = functions
        self._single = single or len(functions) == 1
        self._shows_tracebacks = False

    def launch(
        self, argv: list[str], env_prefix: str | None, env: Mapping[str, str], freeze: bool
    ) -> object:
        """Return what the function returns, or `ANSWERED`.

        `freeze` makes what is set the baseline of the process.
        """
        if Launcher.replay is not None:
            return self._replayed(Launcher.replay, env_prefix, env, freeze)
        if asks(argv, options.HELP) or asks(argv, options.HELP_ALL):
            return self._help(argv, env_prefix, env)
        self._shows_tracebacks = asks(argv, options.TRACEBACK)
        given = self._asked(argv)
        self._shows_tracebacks = given.invocation.asks(options.TRACEBACK)
        scan = LazyScan(given.signature, env)
        if given.invocation.asks(options.CHECK):
            return self._check(given, env_prefix, scan)
        sources = self._sources(given.invocation.files, env_prefix, scan, given.known)
        invocation, settings = given.settled(sources, env)
        if settings.unchecked and not invocation.asks(options.ALLOW):
            settings.unknown(scan).check()
        self._note(settings)
        function = given.function
        if self._answers(invocation, settings, scan, given.known):
            return ANSWERED
        if function is None:
            names = ", ".join(names_of(one, self.functions)[0] for one in self.functions)
            raise UsageError(f"no command given. The commands are {names}. See --help.")
        require(given.own, given.signature, settings)
        if sources is not None or any(layer.values for layer in invocation.defines):
            from .checked_values import check_values  # options are of the function that runs

            check_values(settings, scan, given.signature)
        return self._run(function, invocation, settings, argv, freeze)

    def _replayed(
        self, replay: Replay, env_prefix: str | None, env: Mapping[str, str], freeze: bool
    ) -> object:
        Launcher.replay = None  # the function itself may launch others
        try:
            return replay.launch(self, env_prefix, env, freeze)
        finally:
            Launcher.replay = replay

    def _note(self, settings: Settings) -> None:
        for note in settings.notes:
            print_message(f"{self.name}: {note}")

    def _run(
        self,
        function: Function,
        invocation: Invocation,
        settings: Settings,
        argv: Sequence[str],
        freeze: bool,
    ) -> object:
        result, record = run_function(function, invocation, settings, argv, freeze)
        if sys.stdout is not None:
            sys.stdout.flush()  # so that what the function has printed comes before the messages
        if settings.origins:
            from .unread import report  # nothing is set in most runs

            report(record, settings, self.name, is_strict=invocation.asks(options.STRICT))
        return result

    def _sources(
        self,
        files: list[str],
        env_prefix: str | None,
        scan: LazyScan,
        signature: Signature | None,
    ) -> Sources | None:
        """Return what is read beside the command line, None if there is nothing."""
        env = scan.env
        is_in_env = env_prefix is not None and any(name.startswith(env_prefix) for name in env)
        if not files and self._config is None and not is_in_env:
            return None
        from .sources import files_of, sources_of  # programs without any need none of it

        return sources_of(files_of(files, self._config), env_prefix, env, scan, signature)

    def _check(self, given: Asked, env_prefix: str | None, scan: LazyScan) -> object:
        """Print all that is wrong with what is set, and run nothing."""
        from .faults import Faults, report

        faults = Faults(given, scan, self._config, env_prefix)
        found = faults.found()
        self._note(faults.settings)
        print_output(report(found, given.invocation.given[options.CHECK.key][-1]))
        if found:
            raise UsageError(f"{len(found)} fault{'s' if len(found) > 1 else ''} found.")
        return ANSWERED

    def print_traceback(self, error: UsageError) -> None:
        """Print where the error was raised, if the command line asks for it."""
        if self._shows_tracebacks:
            import traceback

            traceback.print_exception(error)

    def _asked(self, argv: list[str]) -> Asked:
        """Return the function that the words name, with the words parsed for it."""
        try:
            return self.parsed(argv)
        except UsageError as error:
            if not asks_for_json(argv):
                raise
            from .faults import report

            print_output(report([error], "json"))
            raise UsageError("1 fault found.") from error

    def parsed(self, argv: list[str]) -> Asked:
        """Return what the words ask for, by the function that they name."""
        first = ParsedArgv([], [], argv)
        if self._single:
            function = self.functions[0]
        else:
            first = parse_argv(
                argv, self._common(argv), stops_at_command=True, elsewhere=self._commands_with
            )
            if not first.positionals:
                return Asked(None, signature_of(self.functions[0]), [], first)
            function = function_for(first.positionals[0], self.functions)
        signature = signature_of(function)
        own = options_of(signature)
        extra = bool(signature.varkw_name)
        parsed = parse_argv(first.rest, [*own, *self._common(argv, own)], takes_extra=extra)
        if self._single and not signature.varargs_name:
            parsed = _without_command(parsed, names_of(function, [function]), own)
        parsed = parsed._replace(given=[*first.given, *parsed.given])
        return Asked(function, signature, own, parsed)

    def _commands_with(self, flag: str) -> str:
        """Return a hint that names the commands which have an option."""
        names = [
            names_of(one, self.functions)[0]
            for one in self.functions
            if any(flag in (*each.flags, *each.negations) for each in options_of(signature_of(one)))
        ]
        commands = " and ".join(names)
        return f" It is an option of {commands}: write it behind the command." if names else ""

    def _common(self, argv: list[str], own: Sequence[Option] = ()) -> list[Option]:
        return common_options(own, self._version(argv))

    def _version(self, argv: list[str]) -> str | None:
        """Return the version of the program's package, None also for words that need no version.

        Looking it up imports `importlib.metadata`, which takes as long as all of our import.
        """
        asked = options.VERSION._replace(flags=("--version", "--hp-version"))
        if not any(asks(argv, one) for one in (asked, options.HELP, options.HELP_ALL)):
            return None
        from .version import version_of

        name = str(signature_of(self.functions[0]).module)
        return version_of(name, everywhere=asks(argv, asked))

    def _help(self, argv: list[str], env_prefix: str | None, env: Mapping[str, str]) -> object:
        from . import help as texts
        from .layout import render
        from .listing import advanced

        function = self.functions[0] if self._single else self._named(argv)
        is_whole, version = asks(argv, options.HELP_ALL), self._version(argv)
        if function is None:
            common = texts.common_section((), version, is_whole=is_whole)
            page = texts.page_of_program(self.functions, self.name, common)
        else:
            signature = signature_of(function)
            own = options_of(signature)
            common = texts.common_section(own, version, is_whole=is_whole)
            rows = advanced(LazyScan(signature, env)(), signature, own)
            command = "" if self._single else f" {names_of(function, self.functions)[0]}"
            page = texts.page_of_function(function, self.name + command, rows, common, env_prefix)
        colour = wants_colour(sys.stdout, env)
        print_output(render(page, terminal_width(env), colour), styled=colour)
        return ANSWERED

    def _named(self, argv: Iterable[str]) -> Function | None:
        """Return the function whose help is asked for, None for the help of the program."""
        asked = (*options.HELP.flags, *options.HELP_ALL.flags)
        words = [word for word in argv if word not in asked]
        try:
            first = parse_argv(words, self._common(words), stops_at_command=True)
            return function_for(first.positionals[0], self.functions) if first.positionals else None
        except UsageError:  # who asks for help gets help, whatever else is wrong
            return None

    def _answers(
        self, invocation: Invocation, settings: Settings, scan: LazyScan, chosen: Signature | None
    ) -> bool:
        """Print what is asked for instead of a run; tell whether anything was.

        `chosen` is the command that is given.
        """
        given = invocation.given
        if options.COMPLETION.key in given:
            from .completion import script

            shell = given[options.COMPLETION.key][-1]
            command = os.path.basename(sys.argv[0])
            print_output(script(shell, self.functions, command, self._single, scan()))
        elif options.VERSION.key in given:
            print_output(f"{self.name} {self._version([options.VERSION.flags[0]])}")
        elif not {options.LIST.key, options.EXPLAIN.key, options.PRINT.key}.isdisjoint(given):
            with settings.open(), usage_errors(settings):
                commands = [signature_of(one) for one in self.functions]
                print_output(_described(given, settings, scan, commands, chosen))
        else:
            return False
        return True


def _without_command(parsed: ParsedArgv, names: list[str], own: list[Option]) -> ParsedArgv:
    """Return the words without the name of the only command, where no positional could take it."""
    by_name = {one.option.key for one in parsed.given}
    is_taken = any(not option.flags and option.key not in by_name for option in own)
    if is_taken or not parsed.positionals or dashed(parsed.positionals[0]) not in names:
        return parsed
    given = [one._replace(before=max(0, one.before - 1)) for one in parsed.given]
    literal = min(parsed.literal, len(parsed.positionals) - 1)
    return parsed._replace(given=given, positionals=parsed.positionals[1:], literal=literal)


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


def _name() -> str:
    """Return what the user has typed to run this program, as far as that is known."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None:  # set by `python -m`, where argv[0] is the path of a file
        return f"python -m {spec.name.removesuffix('.__main__')}"
    return os.path.basename(sys.argv[0]) or "program"
