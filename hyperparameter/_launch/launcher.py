"""From the words of a command line to a run of one function, or to an answer about the program."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from .._console import print_message, print_output
from ..exceptions import UsageError
from . import options
from .argv import ParsedArgv, parse_argv
from .asked import Asked, asks, asks_for_json, options_beside
from .commands import Function, dashed, function_for, names_of, signature_of
from .invocation import Invocation
from .options import Option, common_options
from .parameters import options_of, takes_any_keyword
from .program_keys import LazyScan
from .run import require, run_function
from .settings import Settings

if TYPE_CHECKING:
    from .._files.text import FilePath
    from .._functions.signature import Signature
    from .._records.record import Record
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
        self.config = config
        self.functions = functions
        self.is_single = single or len(functions) == 1
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
            from .answers import print_help

            print_help(self, argv, env_prefix, env)
            return ANSWERED
        self._shows_tracebacks = asks(argv, options.TRACEBACK)
        given = self._asked(argv)
        self._shows_tracebacks = given.invocation.asks(options.TRACEBACK)
        scan = LazyScan(given.signature, env)
        if given.invocation.asks(options.CHECK):
            return self._check(given, env_prefix, scan)
        sources = self._sources(given.invocation.files, env_prefix, scan, given.known)
        is_asked = not options.ASKING.isdisjoint(given.invocation.given)
        if self._is_sweep(given.invocation) and not is_asked:
            from .sweeping import sweep

            return sweep(self, given, sources, scan, argv)
        invocation, settings = given.settled(sources, env)
        if settings.unchecked and not invocation.asks(options.ALLOW):
            settings.unknown(scan).check()
        self._note(settings.notes)
        if is_asked:
            from .answers import answer

            if self._is_sweep(invocation):
                words = [one.flag for one in given.parsed.given if one.option.key in options.ASKING]
                print_message(f"{words[0]}: this is about one run, so the sweep is left out.")
            answer(self, invocation, settings, scan, given.known)
            return ANSWERED
        given.invocation = invocation
        return self._run(given, settings, scan, argv, freeze)

    def _run(
        self, given: Asked, settings: Settings, scan: LazyScan, argv: Sequence[str], freeze: bool
    ) -> object:
        """Check the values, run the function, here or elsewhere, and report what had no effect."""
        function, invocation = given.function, given.invocation
        if function is None:
            names = ", ".join(names_of(one, self.functions)[0] for one in self.functions)
            raise UsageError(f"no command given. The commands are {names}. See --help.")
        require(given.own, given.signature, settings)
        if settings.has_more_than_options:
            from .checked_values import check_values  # options are of the function that runs

            check_values(settings, scan, given.signature)
        on = invocation.given.get(options.ON.key, ["local"])[-1]
        if on != "local":
            from .elsewhere import run_elsewhere

            result, record = run_elsewhere(given, settings, scan, argv)
        else:
            if invocation.asks(options.ON):
                from .elsewhere import check_local

                check_local(given)
            result, record = run_function(function, invocation, settings, argv, freeze, scan=scan)
        self._report(record, invocation, settings)
        return result

    def _is_sweep(self, invocation: Invocation) -> bool:
        return invocation.asks(options.SWEEP) or invocation.asks(options.REPEAT)

    def _replayed(
        self, replay: Replay, env_prefix: str | None, env: Mapping[str, str], freeze: bool
    ) -> object:
        Launcher.replay = None  # the function itself may launch others
        try:
            return replay.launch(self, env_prefix, env, freeze)
        finally:
            Launcher.replay = replay

    def _note(self, notes: Iterable[str]) -> None:
        for note in notes:
            print_message(f"{self.name}: {note}")

    def _report(self, record: Record, invocation: Invocation, settings: Settings) -> None:
        if sys.stdout is not None:
            sys.stdout.flush()  # so that what the function has printed comes before the messages
        if settings.origins:
            from .unread import report  # nothing is set in most runs

            report(record, settings, self.name, is_strict=invocation.asks(options.STRICT))

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
        if not files and self.config is None and not is_in_env:
            return None
        from .sources import files_of, sources_of  # programs without any need none of it

        return sources_of(files_of(files, self.config), env_prefix, env, scan, signature)

    def _check(self, given: Asked, env_prefix: str | None, scan: LazyScan) -> object:
        """Print all that is wrong with what is set, and run nothing."""
        from .faults import Faults, report

        faults = Faults(given, scan, self.config, env_prefix)
        if self._is_sweep(given.invocation):
            from .sweep_faults import sweep_faults

            found = sweep_faults(given, faults, scan)
        else:
            found = faults.found()
        self._note(faults.notes)
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
        if self.is_single:
            function = self.functions[0]
        else:
            first = parse_argv(
                argv, self.common(argv), stops_at_command=True, elsewhere=self._commands_with
            )
            if not first.positionals:
                return Asked(None, signature_of(self.functions[0]), [], first)
            function = function_for(first.positionals[0], self.functions)
        signature = signature_of(function)
        own = options_of(signature)
        keywords = signature.namespace if takes_any_keyword(signature) else ""
        parsed = parse_argv(first.rest, [*own, *self.common(argv, own)], keywords=keywords)
        if self.is_single and not signature.varargs_name:
            parsed = _without_command(parsed, names_of(function, [function]), own)
        parsed.given = [*first.given, *parsed.given]
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

    def common(self, argv: list[str], own: Sequence[Option] = ()) -> list[Option]:
        return common_options(own, self.version(argv), options_beside(argv))

    def version(self, argv: list[str]) -> str | None:
        """Return the version of the program's package, None also for words that need no version.

        Looking it up imports `importlib.metadata`, which takes as long as all of our import.
        """
        asked = options.VERSION._replace(flags=("--version", "--hp-version"))
        if not any(asks(argv, one) for one in (asked, options.HELP, options.HELP_ALL)):
            return None
        from .version import version_of

        name = str(signature_of(self.functions[0]).module)
        return version_of(name, everywhere=asks(argv, asked))


def _without_command(parsed: ParsedArgv, names: list[str], own: list[Option]) -> ParsedArgv:
    """Return the words without the name of the only command, where no positional could take it."""
    by_name = {one.option.key for one in parsed.given}
    is_taken = any(not option.flags and option.key not in by_name for option in own)
    if is_taken or not parsed.positionals or dashed(parsed.positionals[0]) not in names:
        return parsed
    for one in parsed.given:
        one.before = max(0, one.before - 1)
    positionals = parsed.positionals[1:]
    return ParsedArgv(parsed.given, positionals, parsed.rest, min(parsed.literal, len(positionals)))


def _name() -> str:
    """Return what the user has typed to run this program, as far as that is known."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None:  # set by `python -m`, where argv[0] is the path of a file
        return f"python -m {spec.name.removesuffix('.__main__')}"
    return os.path.basename(sys.argv[0]) or "program"
