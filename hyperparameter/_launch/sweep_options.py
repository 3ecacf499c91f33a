"""The options of sweeps, and what they ask for."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, TypeVar

from .._values.convert import NOTHING, Unconvertible
from .._values.describe import show
from .._values.hints import converter
from .._values.untyped import UntypedText
from ..exceptions import UsageError
from .argv import GivenOption
from .options import REPEAT, SWEEP, SWEEPS, Option

T = TypeVar("T")

OR = Option("or", ("--or",), "flag", help="begin another grid; the sweep runs the cells of both")
SKIP = Option(
    "skip", ("--skip",), "repeated", metavar="KEY=VALUE,...",
    help="leave out the cells with these values; may be repeated",
)  # fmt: skip
SAMPLE = Option("sample", ("--sample",), metavar="N", help="run N cells drawn at random")
SEED = Option("seed", ("--seed",), metavar="N", help="draw other cells (default: 0)")
SEARCH = Option(
    "search", ("--search",), metavar="NAME",
    help="let a search choose the cells: optuna, optuna:tpe, optuna:gp or optuna:cmaes",
)  # fmt: skip
PRUNE = Option(
    "prune", ("--prune",), choices=("median", "hyperband"),
    help="end runs early that do worse than others, by what they tell hp.report",
)  # fmt: skip
MINIMIZE = Option(
    "minimize",
    ("--minimize",),
    metavar="NAME",
    help="the number of a result that says what is best",
)
MAXIMIZE = Option(
    "maximize", ("--maximize",), metavar="NAME", help="the same, where more is better"
)
NAME = Option("name", ("--name",), metavar="NAME", help="the folder of the sweep, in sweeps/")
RESUME = Option(
    "resume", ("--resume",), "choice", choices=("ask", "keep", "redo"),
    help="go on with the last sweep: run what is missing or failed; if the code has changed, keep "
    "the results there are, or redo them",
)  # fmt: skip
RETRIES = Option("retries", ("--retries",), metavar="N", help="run again what fails, N times")
FAIL_FAST = Option("fail_fast", ("--fail-fast",), "flag", help="stop at the first failure")
TIME_LIMIT = Option(
    "time_limit",
    ("--time-limit",),
    metavar="TIME",
    help="end a run after 90s, 10m or 1h30m",
)
GPUS = Option("gpus", ("--gpus",), metavar="N", help="run on N GPUs, one for each run")
RESOURCES = Option(
    "resources", ("--resources",), metavar="NAME=N,...",
    help="what each run needs of a Ray cluster: cpu=2,gpu=0.5,memory=4GiB",
)  # fmt: skip
SKIP_UNREAD = Option(
    "skip_unread", ("--skip-unread",), "flag",
    help="leave out runs that differ from a finished one only in what it never read",
)  # fmt: skip
DRY_RUN = Option("dry_run", ("--dry-run",), "flag", help="list the runs, and run nothing")
OF_SWEEPS = (
    OR, SKIP, SAMPLE, SEED, SEARCH, PRUNE, MINIMIZE, MAXIMIZE, NAME, RESUME, RETRIES, FAIL_FAST,
    TIME_LIMIT, GPUS, RESOURCES, SKIP_UNREAD, DRY_RUN,
)  # fmt: skip
"""Options only beside `SWEEPS`: names such as `--seed` are those of programs."""


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
