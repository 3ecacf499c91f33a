"""Times and resources as text, from a command line or from code; errors name the option."""

from datetime import timedelta

from .._values.convert import NOTHING, Unconvertible
from .._values.describe import show
from .._values.hints import converter
from .._values.untyped import UntypedText
from ..exceptions import UsageError


def parsed_seconds(text: str, option: str) -> float:
    """Return a time, which is written as for any parameter that is a `timedelta`."""
    try:
        time = converter(timedelta)(UntypedText(text), NOTHING)
    except Unconvertible:
        time = None
    if not isinstance(time, timedelta) or time <= timedelta(0):
        raise UsageError(f"{option}: {show('', text)} is not a time. Write 90s, 10m or 1h30m.")
    return time.total_seconds()


def parsed_resources(text: str, option: str) -> dict[str, float]:
    """Return what `cpu=2,gpu=0.5,memory=4GiB` asks for; memory is in bytes."""
    found: dict[str, float] = {}
    for word in text.split(","):
        name, equals, amount = word.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(f"{option}: {show('', word)} is not NAME=NUMBER.")
        if name in found:
            raise UsageError(f"{option}: {name} is given twice.")
        found[name] = _amount(name, amount.strip(), option)
    return found


_SIZES = {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "kb": 10**3, "mb": 10**6, "gb": 10**9}


def _amount(name: str, text: str, option: str) -> float:
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
            f"{option}: {show('', text)} is not an amount of {name}. Write {name}={example}."
        )
    return amount * _SIZES.get(unit, 1)
