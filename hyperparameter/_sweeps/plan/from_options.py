"""The plan of a sweep from the words of a command line."""

from collections.abc import Callable, Iterable

from ...exceptions import UsageError
from .checking import sentence, shown
from .grammar import axis_of, repeat_of, skip_of, whole_number
from .parts import Parts
from .plan import Plan, Skip
from .sameness import Reading, without_type


def plan_from_options(
    words: Iterable[tuple[str, str]],
    *,
    read: Reading = without_type,
    is_searched: bool = False,
    full: Callable[[str], str] = lambda key: key,
) -> Plan:
    """Return the plan for pairs of an option and its text, in the order of the command line.

    The options are `--sweep`, `--or` (whose text does not matter), `--skip`, `--repeat`, `--sample`
    and `--seed`.  `read` returns what a value of a key means to the program, and never raises:
    values that mean the same are one.  Spaces need no sample where they are searched.  `full`
    returns the key of a name that stands for one.
    `UsageError` for what cannot be used.
    """
    parts = Parts()
    for option, text in words:
        said = option if option == "--or" else f"{option} {shown(text)}"
        try:
            _READERS[option](parts, text, said)
        except ValueError as error:
            raise UsageError(sentence(f"{said}: {error}")) from None
    try:
        if len(parts.axes) > 1 and not parts.axes[-1]:
            raise ValueError("--or: no --sweep follows it, and it begins another grid")
        parts.named(full)
        return parts.plan(read, None if is_searched else ("--sample N", "--search NAME"))
    except ValueError as error:
        raise UsageError(sentence(str(error))) from None


def _sweep(parts: Parts, text: str, said: str) -> None:
    parts.axes[-1].append(axis_of(text, said))


def _or(parts: Parts, text: str, said: str) -> None:  # of one kind with the others
    if not parts.axes[-1]:
        raise ValueError("no --sweep stands before it, and it begins another grid")
    parts.axes.append([])


def _skip(parts: Parts, text: str, said: str) -> None:
    parts.skips.append(Skip(skip_of(text), said))


def _repeat(parts: Parts, text: str, said: str) -> None:
    _once(parts, "repeat", said)
    parts.repeat = repeat_of(text)


def _sample(parts: Parts, text: str, said: str) -> None:
    _once(parts, "sample", said)
    parts.size = whole_number(text, least=1)


def _seed(parts: Parts, text: str, said: str) -> None:
    _once(parts, "seed", said)
    parts.seed = whole_number(text, least=0)


def _once(parts: Parts, name: str, said: str) -> None:
    if name in parts.said:
        raise ValueError(f"it is given twice, before as {parts.said[name]}")
    parts.said[name] = said


_READERS: dict[str, Callable[[Parts, str, str], None]] = {
    "--sweep": _sweep, "--or": _or, "--skip": _skip,
    "--repeat": _repeat, "--sample": _sample, "--seed": _seed,
}  # fmt: skip
