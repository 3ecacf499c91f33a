"""Words that mean a range, points or a space, and not themselves.

The whole word has to match, and what looks like a number has to be one: `http://a:80`, `a..b`,
`f(x)` and `08:30` are text.  A word that begins as a form and is none is an error, never text.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from . import ranges
from .ranges import NUMBER, Number, number
from .spaces import Domain, Integers
from .words import inside, split, values_in

_COLONS = re.compile(rf"({NUMBER})\s*:\s*({NUMBER})(?:\s*:\s*({NUMBER}))?")
_PADDED = rf"{NUMBER}|[-+]?0[0-9]+"
_DOTS = re.compile(rf"({_PADDED})\s*\.\.\s*({_PADDED})")
_SCALE = re.compile(r"(log|lin):(.*)", re.DOTALL)
_CALL = re.compile(r"([a-z_]+)\s*\(")
_MOST_NESTED = 4
_AS_TEXT = "for the text, write it in double quotes, inside those of the shell: '\"...\"'"


class Ends(NamedTuple):
    """The exact ends of a space, of which real numbers or integers can be made."""

    low: Number
    high: Number
    log: bool = False


Reader = Callable[[], Domain]


def form_of(word: str) -> Reader | None:
    """Return what reads `word` as a form; None where it is a value like any other."""
    reader = _reader_of(word) if _may_be_form(word) else None
    if reader is None:
        return None

    def read() -> Domain:
        found = reader()
        return ranges.interval(*found) if isinstance(found, Ends) else found

    return read


def _may_be_form(word: str) -> bool:
    return ":" in word or ".." in word or word[-1:] == ")"


def _reader_of(word: str) -> Callable[[], Domain | Ends] | None:
    if found := _COLONS.fullmatch(word):
        start, stop, step = found.groups()
        return lambda: ranges.steps(number(start), number(stop), number(step) if step else None)
    if found := _DOTS.fullmatch(word):
        first, last = found.groups()
        return lambda: ranges.whole_numbers(_without_zeros(first), _without_zeros(last))
    if (found := _SCALE.fullmatch(word)) and any(map(_is_number, found[2].split(":"))):
        scale, parts = found[1], found[2].split(":")
        return lambda: _on_scale(scale, parts)
    if (found := _CALL.match(word)) and (found[1] in _CALLS or found[1] in _NOT_SUPPORTED):
        name, arguments = found[1], inside(word, found[0])
        return None if arguments is None else lambda: _call(name, arguments)
    return None


def choices(parts: list[str]) -> list[str]:
    """Return the words of a list, which may be written as `choice(...)`."""
    if len(parts) == 1 and (found := _CALL.match(parts[0])) and found[1] == "choice":
        inner = inside(parts[0], found[0])
        return parts if inner is None else values_in(inner)
    return parts


def check_is_value(word: str, place: str) -> None:
    """Refuse a form where only a value can stand."""
    if form_of(word) is not None:
        raise ValueError(
            f"{place} would be a range, a space or a function if it stood alone, "
            f"and they cannot stand in a list; {_AS_TEXT}"
        )


def _is_number(text: str) -> bool:
    return ranges.is_number(text.strip())


def _without_zeros(text: str) -> Number:
    if re.match("[-+]?0[0-9]", text):
        raise ValueError(f"{text!r} has leading zeros; {_AS_TEXT}")
    return number(text)


def _on_scale(scale: str, parts: list[str]) -> Domain | Ends:
    if scale == "lin":
        raise ValueError("'lin:' is not known; write 0:1:0.25 for steps, interval(0,1) for a space")
    if len(parts) not in (2, 3):
        raise ValueError("write log:1e-5:1e-1:5 for points, log:1e-5:1e-1 for a space")
    first, last, *count = map(number, parts)
    return ranges.points(first, last, *count) if count else Ends(first, last, log=True)


def _call(name: str, arguments: str) -> Domain | Ends:
    if name in _NOT_SUPPORTED:
        raise ValueError(f"{name}(...) of Hydra is not supported: {_NOT_SUPPORTED[name]}")
    if name != "choice" and arguments.count("(") > _MOST_NESTED:
        raise ValueError(f"{name}(...) has too many brackets inside; {_AS_TEXT}")
    return _CALLS[name](arguments)


def _range(arguments: str) -> Domain:
    given = _numbers(arguments, "range", ("start", "stop", "step"))
    start, stop = given.get("start"), given.get("stop")
    if stop is None and "=" not in arguments:  # as in Python and Hydra: one number is the end
        start, stop = None, start
    if stop is None:
        raise ValueError("range(...) needs an end, as in range(0,10,2)")
    step = given.get("step")
    return ranges.steps(0 if start is None else start, stop, 1 if step is None else step)


def _interval(arguments: str) -> Ends:
    given = _numbers(arguments, "interval", ("start", "end"))
    low, high = given.get("start"), given.get("end")
    if low is None or high is None:
        raise ValueError("interval(...) needs two ends, as in interval(0,1)")
    return Ends(low, high)


def _numbers(arguments: str, name: str, names: tuple[str, ...]) -> dict[str, Number]:
    """Return the arguments by name, as Python assigns them."""
    given: dict[str, Number] = {}
    for position, word in enumerate(values_in(arguments) if arguments.strip() else []):
        written, equals, value = word.partition("=")
        if not equals and position >= len(names):
            raise ValueError(f"{name}(...) takes at most {len(names)} numbers")
        argument = written.strip() if equals else names[position]
        if argument not in names:
            raise ValueError(f"{name}(...) has no {argument!r:.40}, only {', '.join(names)}")
        if argument in given:
            raise ValueError(f"{name}(...) is given {argument!r} twice")
        given[argument] = number(value if equals else word)
    return given


def _log(arguments: str) -> Ends:
    ends = _argument(arguments)
    if not isinstance(ends, Ends) or ends.log:
        raise ValueError(
            "log(...) takes an interval, as in log(interval(1e-5,1e-1)); "
            f"log:1e-5:1e-1 is the same; {_AS_TEXT}"
        )
    return ends._replace(log=True)


def _tag(arguments: str) -> Ends:
    tag, *others = split(arguments)
    if tag != "log" or len(others) != 1:
        raise ValueError("the only tag is 'log', as in tag(log, interval(1e-5,1e-1))")
    return _log(others[0])


def _int(arguments: str) -> Domain:
    ends = _argument(arguments)
    if isinstance(ends, Integers):
        return ends
    if not isinstance(ends, Ends):
        raise ValueError(f"int(...) takes an interval, as in int(interval(1,10)); {_AS_TEXT}")
    return ranges.whole_interval(*ends)


def _float(arguments: str) -> Ends:
    ends = _argument(arguments)
    if not isinstance(ends, Ends):
        raise ValueError(f"float(...) takes an interval, as in float(interval(0,1)); {_AS_TEXT}")
    return ends


def _argument(word: str) -> Domain | Ends | None:
    reader = _reader_of(word.strip())
    return reader() if reader else None


def _choice(arguments: str) -> Domain:
    raise ValueError("choice(...) stands alone, not inside another function")


_CALLS: dict[str, Callable[[str], Domain | Ends]] = {
    "range": _range, "interval": _interval, "log": _log, "tag": _tag,
    "int": _int, "float": _float, "choice": _choice,
}  # fmt: skip

_ORDER = "the order of runs is that of the values"
_TYPE = "the type of a value is that of its parameter"
_NOT_SUPPORTED = {
    "shuffle": _ORDER, "sort": _ORDER,
    "glob": "list the names", "extend_list": "write the whole list, as in a=[1,2],[1,2,3]",
    "str": _TYPE, "bool": _TYPE, "json_str": _TYPE,
}  # fmt: skip
