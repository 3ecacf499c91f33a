"""What to set from outside so that a program reads again what a record says it read."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._functions.signature import declarations
from .._values.describe import describe
from .._values.serving import exact
from .comparing import by_key
from .kept import HIDDEN
from .operative import as_written
from .read import Read
from .record import Record
from .restoring import comes_back
from .written import bound, has, is_of_names, names_of

_OUTSIDE = ("cli", "env", "file")


class Repeatable(NamedTuple):
    """The values to set, and why a record lacks others that were set.

    `by_code` are the keys that are left to the code which has set them: it gave them several
    values, or one that is not plain data.
    """

    values: dict[str, Any]
    lacking: dict[str, str]
    by_code: list[str]


def repeatable(record: Record) -> Repeatable:
    """Choose a value for each key: what code sets while it runs lies over what is set outside.

    So a value from outside comes first, then a default; where those of several places differ, each
    place has its own again.
    """
    chosen: dict[str, list[Read]] = {}
    by_code: list[str] = []
    for key, reads in by_key(record.reads).items():
        given = [read for read in reads if read.origin and read.origin.kind in _OUTSIDE]
        defaults = [read for read in reads if read.default_used]
        wholes = [read for read in reads if is_of_names(read)]
        found = given or wholes[-1:] or defaults or reads
        if given or len({exact(bound(read)) for read in found}) == 1:
            chosen[key] = found
        elif not defaults:
            by_code.append(key)
    values, left_out = as_written(chosen.items())
    for key in [key for key in values if key in chosen and _is_default_again(key, chosen[key])]:
        del values[key]
    lacking: dict[str, str] = {}
    for key, reason in left_out.items():
        above, read = _owner(key, chosen)
        if read is None or read.default_used:  # which is the default again
            continue
        if (
            above != key
            and names_of(read.written) is not None
            and not has(read.written, key[len(above) + 1 :])
        ):
            continue  # a part that nobody has set
        if read.origin is not None and read.origin.kind == "code" and reason != HIDDEN:
            by_code.append(key)
        else:
            lacking[key] = reason
    return Repeatable(values, lacking, by_code)


def _is_default_again(key: str, reads: Sequence[Read]) -> bool:
    """Tell the default of a parameter that, set from outside, would become another value.

    `out: Path = "out"` has text as its default, and takes no text from anywhere else.
    """
    if not all(read.default_used for read in reads):
        return False
    name = key.rpartition(".")[2]
    return any(
        name in one.defaults
        and exact(describe(key, one.defaults[name])) == exact(reads[-1].value)
        and not comes_back(reads[-1].value, one.wanted(name).convert, one.defaults[name])
        for one in declarations(key)
    )


def _owner(key: str, chosen: Mapping[str, Sequence[Read]]) -> tuple[str, Read | None]:
    """Return the read of a key, or of the nearest one above that the key is a part of."""
    while key not in chosen and "." in key:
        key = key.rpartition(".")[0]
    return key, chosen[key][-1] if key in chosen else None
