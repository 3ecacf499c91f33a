"""The desk of a sweep on Ray: an actor where runs say that they have begun, and how they go."""

from __future__ import annotations

import asyncio
from typing import Any

Note = tuple[Any, ...]


class Desk:
    """Keeps notes until the launcher takes them, and answers of the launcher for the runs."""

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._has_notes = asyncio.Event()
        self._answers: dict[int, asyncio.Future[bool]] = {}

    async def started(self, *note: object) -> None:
        self._add("started", *note)

    async def report(self, number: int, value: float, step: int) -> bool:
        """Tell the launcher, and return its answer."""
        self._answers[number] = asyncio.get_running_loop().create_future()
        self._add("reported", number, value, step)
        return await self._answers[number]

    async def answer(self, number: int, goes_on: bool) -> None:  # over the wire
        waiting = self._answers.pop(number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(goes_on)

    async def take(self) -> list[Note]:
        """Return all notes since the last time, as soon as there are any."""
        await self._has_notes.wait()
        self._has_notes.clear()
        notes, self._notes = self._notes, []
        return notes

    def _add(self, *note: object) -> None:
        self._notes.append(note)
        self._has_notes.set()
