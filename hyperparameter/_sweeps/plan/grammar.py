"""What is typed behind `--sweep`, `--skip` and `--repeat`, as axes, bindings and numbers.

Problems are `ValueError`; the caller puts in front what the user typed.  Values stay text whose
type nobody has said yet, apart from those in double quotes, which are text.
"""

from collections.abc import Mapping
from typing import NamedTuple

from ..._values.keys import check
from ..._values.untyped import UntypedText
from .forms import check_is_value, choices, form_of
from .spaces import Axis, Choices, Domain
from .words import inside, quoted, values_in

_EXAMPLE = "write KEY=VALUE,VALUE, as in train.lr=0.1,0.01"
_MOST_REPEATS = 1_000_000
_MOST_DIGITS = 30


class Repeat(NamedTuple):
    """How often each cell runs, and the key that says which time it is, with its values."""

    times: int
    key: str | None
    values: tuple[object, ...] = ()

    def bindings(self, number: int) -> Mapping[str, object]:
        return {} if self.key is None else {self.key: self.values[number]}


def axis_of(text: str, written: str = "") -> Axis:
    """Read `KEY=VALUES`, or `KEY,KEY=(VALUE,VALUE),...`; `written` is how messages name it."""
    names, equals, values = text.partition("=")
    if not equals:
        raise ValueError(f"there is no '=' in it; {_EXAMPLE}")
    keys = keys_of(names)
    return Axis(keys, domain_of(keys, values), written or text)


def keys_of(names: str) -> tuple[str, ...]:
    """Read the keys before `=`: one, or several that are set together."""
    parts = [name.strip() for name in names.split(",")]
    if not all(parts):
        what = "there is no key before the '='" if len(parts) == 1 else "a key is empty"
        raise ValueError(f"{what}; {_EXAMPLE}")
    if removed := next((name for name in parts if name[0] == "~"), None):
        raise ValueError(f"{removed!r:.80} takes a key away, and a sweep can only set keys")
    return checked_keys(parts)


def checked_keys(names: list[str]) -> tuple[str, ...]:
    """Return the keys of one axis, each of which may be there once."""
    keys = tuple(map(check, names))
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"it names the key {key!r:.80} twice")
    return keys


def domain_of(keys: tuple[str, ...], text: str) -> Domain:
    """Read the values of an axis with these keys."""
    words = choices(values_in(text.strip()))
    if len(keys) > 1:
        return Choices(tuple(_tuple(keys, word, index) for index, word in enumerate(words, 1)))
    if len(words) == 1 and (reader := form_of(words[0])):
        return reader()
    return Choices(tuple(_value(word, f"value {number}") for number, word in enumerate(words, 1)))


def skip_of(text: str) -> dict[str, object]:
    """Read `KEY=VALUE,KEY=VALUE`: what a cell that is left out has."""
    found: dict[str, object] = {}
    for number, part in enumerate(values_in(text.strip(), named=True), 1):
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError(
                f"part {number} has no '='; write KEY=VALUE,KEY=VALUE for what a cell has that is "
                "left out, and skip once more for another value"
            )
        [word] = values_in(value.strip())
        key, *others = keys_of(name)
        if others or key in found:
            raise ValueError(f"it names the key {(others or [key])[0]!r:.80} twice")
        found[key] = _value(word, f"part {number}")
    return found


def repeat_of(text: str) -> Repeat:
    """Read `5` or `5:train.seed`."""
    times, colon, name = text.partition(":")
    count = whole_number(times, least=1)
    if count > _MOST_REPEATS:
        raise ValueError(f"there can be at most {_MOST_REPEATS} repetitions")
    if not colon:
        return Repeat(count, None)
    if not name.strip():
        raise ValueError("there is no key behind the ':'; write 5:train.seed")
    key, *others = keys_of(name)
    if others:
        raise ValueError("only one key can have the number of the repetition")
    return Repeat(count, key, tuple(UntypedText(str(number)) for number in range(count)))


def whole_number(text: str, *, least: int) -> int:
    """Read an integer that is not smaller than `least`."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise ValueError(f"{text[:40]!r} is not an integer from {least} up")
    if int(digits) < least:
        raise ValueError(f"{text[:40]!r} is smaller than {least}")
    return int(digits)


def _tuple(keys: tuple[str, ...], word: str, number: int) -> tuple[object, ...]:
    inner = inside(word)
    if inner is None:
        example = ",".join(["VALUE"] * len(keys))
        raise ValueError(
            f"value {number} sets {len(keys)} keys, so write it in round brackets: ({example})"
        )
    words = values_in(inner)
    if len(words) != len(keys):
        count = f"{len(words)} value{'s' if len(words) > 1 else ''}"
        raise ValueError(f"value {number} has {count} for {len(keys)} keys")
    return tuple(_value(word, f"a part of value {number}") for word in words)


def _value(word: str, place: str) -> str | UntypedText:
    check_is_value(word, place)
    return UntypedText(word) if (text := quoted(word)) is None else text
