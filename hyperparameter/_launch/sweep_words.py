"""What a command line says about its sweep."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .._sweeps.amounts import parsed_seconds
from .._values.describe import show
from ..exceptions import UsageError
from .argv import GivenOption
from .options import ON, REPEAT, SWEEP, SWEEPS, Option
from .sweep_options import OF_RUNNERS, OF_SWEEPS, OR, SAMPLE, SEED, SKIP


class SweepWords(NamedTuple):
    """The words of a command line about its sweep.

    `grid` has those that say what the cells are, in order: each option with its text.
    """

    grid: list[tuple[str, str]]
    given: Mapping[str, str]

    def text(self, option: Option) -> str | None:
        """Return the last word of an option."""
        return self.given.get(option.key)

    def asks(self, option: Option) -> bool:
        return option.key in self.given

    def whole(self, option: Option, default: int) -> int:
        """Return a number of things, which may be 0."""
        text = self.text(option)
        if text is None:
            return default
        if not text.isascii() or not text.isdecimal():
            raise UsageError(f"{_flag(option)}: {show('', text)} is not a number of 0 or more.")
        return int(text)

    def seconds(self, option: Option) -> float | None:
        """Return a time, which is written as for any parameter that is a `timedelta`."""
        text = self.text(option)
        if text is None:
            return None
        return parsed_seconds(text, _flag(option))


def sweep_words(given: Sequence[GivenOption]) -> SweepWords:
    """Return the words of those options that say something about a sweep."""
    cells = {one.key for one in (SWEEP, OR, SKIP, REPEAT, SAMPLE, SEED)}
    known = {one.key for one in (ON, *SWEEPS, *OF_SWEEPS, *OF_RUNNERS)}
    found = [(each.option.key, each.texts) for each in given if each.option.key in known]
    grid = [(key, text) for key, texts in found for text in texts or [""] if key in cells]
    return SweepWords(grid, {key: texts[-1] if texts else "" for key, texts in found})


def _flag(option: Option) -> str:
    return option.flags[0]
