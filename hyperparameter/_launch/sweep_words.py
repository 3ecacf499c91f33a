"""What a command line says about its sweep."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from .._values.convert import NOTHING, Unconvertible
from .._values.describe import show
from .._values.hints import converter
from .._values.untyped import UntypedText
from ..exceptions import UsageError
from .argv import GivenOption
from .options import REPEAT, SWEEP, SWEEPS, Option
from .sweep_options import OF_SWEEPS, OR, SAMPLE, SEED, SKIP


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
        try:
            time = converter(timedelta)(UntypedText(text), NOTHING)
        except Unconvertible:
            time = None
        if not isinstance(time, timedelta) or time <= timedelta(0):
            raise UsageError(
                f"{_flag(option)}: {show('', text)} is not a time. Write 90s, 10m or 1h30m."
            )
        return time.total_seconds()


def sweep_words(given: Sequence[GivenOption]) -> SweepWords:
    """Return the words of those options that say something about a sweep."""
    cells = {one.key for one in (SWEEP, OR, SKIP, REPEAT, SAMPLE, SEED)}
    known = {one.key for one in (*SWEEPS, *OF_SWEEPS)}
    found = [(each.option.key, each.texts) for each in given if each.option.key in known]
    grid = [(key, text) for key, texts in found for text in texts or [""] if key in cells]
    return SweepWords(grid, {key: texts[-1] if texts else "" for key, texts in found})


def parsed_resources(text: str) -> dict[str, float]:
    """Return what `cpu=2,gpu=0.5,memory=4GiB` asks for; memory is in bytes."""
    found: dict[str, float] = {}
    for word in text.split(","):
        name, equals, amount = word.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(f"--resources: {show('', word)} is not NAME=NUMBER.")
        if name in found:
            raise UsageError(f"--resources: {name} is given twice.")
        found[name] = _amount(name, amount.strip())
    return found


_SIZES = {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "kb": 10**3, "mb": 10**6, "gb": 10**9}


def _amount(name: str, text: str) -> float:
    digits = text.rstrip("kKmMgGiIbB")
    unit = text[len(digits) :].lower()
    try:
        amount = float(digits)
    except ValueError:
        amount = -1.0
    if unit and (name != "memory" or unit not in _SIZES):
        amount = -1.0
    if not 0 <= amount < float("inf"):
        example = "4GiB" if name == "memory" else "0.5"
        raise UsageError(
            f"--resources: {show('', text)} is not an amount of {name}. Write {name}={example}."
        )
    return amount * _SIZES.get(unit, 1)


def _flag(option: Option) -> str:
    return option.flags[0]
