"""What `scope.storage()` returns."""

from __future__ import annotations

from typing import Any

from .._values.describe import show


class Storage:
    """The flat values of a scope."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def storage(self) -> dict[str, Any]:
        return self._values

    def __repr__(self) -> str:
        shown = ", ".join(f"{key!r}: {show(key, value)}" for key, value in self._values.items())
        return f"Storage({{{shown}}})"
