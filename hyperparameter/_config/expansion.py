"""How much references expand to: a dozen lines of them can ask for more than fits into memory."""

from __future__ import annotations

from .place import Place

_MOST_VALUES = 1_000_000
_MOST_TEXT = 1_000_000  # of one value
_MOST_TEXTS = 10_000_000  # of all of them


class Expansion:
    """Counts values and characters; `ConfigurationError` where there are too many."""

    def __init__(self) -> None:
        self._count = 0
        self._length = 0

    def add_value(self, place: Place) -> None:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise place.error(f"the references expand to more than {_MOST_VALUES:,} values")

    def add_text(self, length: int, place: Place) -> None:
        self._length += length
        if length > _MOST_TEXT:
            raise place.error(
                f"with its references, the text is longer than {_MOST_TEXT:,} characters"
            )
        if self._length > _MOST_TEXTS:
            raise place.error(
                f"the references expand to texts of more than {_MOST_TEXTS:,} characters"
            )
