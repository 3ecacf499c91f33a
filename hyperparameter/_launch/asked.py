"""What a command line asks for: one function of the program, and the words that it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from .._functions.signature import Signature
from .._scopes.snapshot import Layer
from .argv import ParsedArgv, with_spare_words
from .commands import Function
from .invocation import Invocation, invocation_of
from .options import CHECK, ON, SWEEPS, Option
from .positionals import words_lacking
from .run import lacking
from .settings import Settings

if TYPE_CHECKING:
    from .sources import Sources


class Asked:
    """A function, its options and the words for it; `function` is None where no command is given.

    `signature` is then that of the first function of the program.
    """

    def __init__(
        self, function: Function | None, signature: Signature, own: list[Option], parsed: ParsedArgv
    ) -> None:
        self.function = function
        self.signature = signature
        self.own = own
        self.parsed = parsed
        self.invocation = invocation_of(parsed, own, self.known)

    @property
    def known(self) -> Signature | None:
        """The signature, None as long as no command has been chosen."""
        return None if self.function is None else self.signature

    def settled(
        self,
        sources: Sources | None,
        env: Mapping[str, str],
        over: tuple[Layer, ...] = (),
        swept: tuple[Layer, ...] = (),
    ) -> tuple[Invocation, Settings]:
        """Return the invocation with each word where it belongs, and all that is set.

        What is in the layers `over` wins over all, `swept` over what `-D` sets.
        """
        invocation = self.invocation.under(over, swept)
        settings = Settings(invocation, sources, env)
        if self.function is not None and any(one.spare for one in self.parsed.given):
            # Only now is it known what positionals need words: files may set them as well.
            lack = lacking(self.own, self.signature, settings)
            count = words_lacking(lack, self.parsed, self.own, self.signature)
            parsed = with_spare_words(self.parsed, count)
            invocation = invocation_of(parsed, self.own, self.signature).under(over, swept)
            settings = Settings(invocation, sources, env)
        return invocation, settings


def asks(argv: list[str], option: Option) -> bool:
    """Tell whether an option is given, before the words are parsed: they may have mistakes."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    return not set(option.flags).isdisjoint(words)


def asks_for_json(argv: list[str]) -> bool:
    """Tell whether a program reads what `--check` prints, before the words are parsed."""
    flag = CHECK.flags[0]
    return f"{flag}=json" in argv or (flag, "json") in pairwise(argv)


def options_beside(argv: Sequence[str]) -> Sequence[Option]:
    """Return the options of sweeps and runners where the words ask for one."""
    words = {word.partition("=")[0] for word in argv}
    is_sweep = any(not words.isdisjoint(_flags(one)) for one in SWEEPS)
    if not is_sweep and words.isdisjoint(_flags(ON)):
        return ()
    from .sweep_options import OF_RUNNERS, OF_SWEEPS  # which other runs do not need

    return (*OF_SWEEPS, *OF_RUNNERS) if is_sweep else OF_RUNNERS


def _flags(option: Option) -> tuple[str, ...]:
    """Return the flags of a common option, with the one that it has where a program has those."""
    return *option.flags, f"--hp-{option.flags[0][2:]}"
