"""The conditions of `hp runs -w`: `train.lr<0.1`, `state=failed`."""

import operator
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from .._sweeps.shown import full_text
from .._sweeps.store.rows import Row
from .._sweeps.tables.columns import Columns, number_of
from .._values.untyped import infer
from ..exceptions import UsageError

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_EQUALITY = {"=", "==", "!="}
_SHAPE = re.compile(r"\s*([^=!<>]*[^=!<>\s])\s*(==|!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)


class Condition(NamedTuple):
    """What `-w` says: a column, a sign and a value.

    Two numbers are compared as numbers, anything else as text, as it was typed; only a number is
    less or more than a number.  A value in quotes is text.  A run without a value in the column
    fulfils no condition on it.
    """

    name: str
    sign: str
    value: str
    word: str

    def of(self, columns: Columns) -> Callable[[Row], bool]:
        """Return what tells whether a run fulfils the condition."""
        column, compare = columns.find(self.name, self.word), _SIGNS[self.sign]
        text, is_quoted = _unquoted(self.value)
        wanted = None if is_quoted else infer(text)
        number = _infinite(text) if wanted == text else number_of(wanted)
        is_order = self.sign not in _EQUALITY
        needs_number = number is not None and is_order and not column.is_ordered

        def fulfils(row: Row) -> bool:
            value, own_text = column.value(row), column.text(row)
            if value is None and not own_text:
                return False
            own = number_of(value)
            if own is not None and number is not None:
                return compare(own, number)
            if needs_number:  # a text is neither above a number nor below it
                return False
            if isinstance(value, bool) and isinstance(wanted, bool):  # however they are spelled
                return compare(full_text(value), full_text(wanted))
            return compare(own_text, text)

        return fulfils


def condition(word: str) -> Condition:
    """Return what the word behind `-w` means; `UsageError` for anything else."""
    found = _SHAPE.fullmatch(word)
    if found is None:
        raise UsageError(
            f"-w {word!r}: not a condition. Write a column, one of = != < <= > >=, and a value: "
            "-w 'train.lr<0.1'."
        )
    if found[3].startswith(("<", ">", "=")):
        raise UsageError(
            f"-w {word!r}: no sign is {found[2] + found[3][0]}. Write one of = != < <= > >=, and "
            "quote a value that begins with one."
        )
    return Condition(found[1], found[2], found[3], f"-w {word!r}")


def _infinite(text: str) -> float | None:
    return float(text) if text.lower().lstrip("+-") in {"inf", "infinity"} else None


def _unquoted(text: str) -> tuple[str, bool]:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1], True
    return text, False
