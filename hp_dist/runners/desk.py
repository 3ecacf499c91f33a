"""The desk of a sweep on Ray: an actor where runs say that they have begun, and how they go."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

Note = tuple[Any, ...]
Mark = tuple[int, int]
"""The numbers of a run and of its attempt: on a node that was cut off, an old one may be alive."""


class Desk:
    """Keeps notes until the launcher has them, and answers of the launcher for the runs.

    Ray repeats a call whose connection broke, so each may come twice.
    """

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._taken = self._woken = 0
        self._has_notes = asyncio.Event()
        self._questions: dict[Mark, tuple[int, asyncio.Future[bool]]] = {}
        self._printed: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def started(self, mark: Mark, *note: object) -> None:
        self._add("started", mark, *note)

    async def printed(self, mark: Mark, stream: int, start: int, data: bytes) -> None:
        """Return when the launcher has shown it, so that little is under way."""
        self._add("printed", mark, stream, start, data)
        has_it = asyncio.get_running_loop().create_future()
        self._printed.append((self._taken + len(self._notes), has_it))
        await has_it

    async def report(self, mark: Mark, value: float, step: int) -> bool:
        """Tell the launcher, and return its answer."""
        asked, answer = self._questions.get(mark, (None, None))
        if answer is None or asked != step:
            answer = asyncio.get_running_loop().create_future()
            self._questions[mark] = step, answer
            self._add("reported", mark, value, step)
        return await asyncio.shield(answer)

    async def answer(self, mark: Mark, goes_on: bool) -> None:  # over the wire
        _, answer = self._questions.get(mark, (0, None))
        if answer is not None and not answer.done():
            answer.set_result(goes_on)

    async def take(self, taken: int, number: int) -> list[Note]:
        """Return the notes behind the first `taken`, which the launcher has, once there are any.

        `number` counts these calls.
        """
        del self._notes[: max(0, taken - self._taken)]
        self._taken = max(self._taken, taken)
        while self._printed and self._printed[0][0] <= self._taken:
            _, has_it = self._printed.popleft()
            if not has_it.done():
                has_it.set_result(None)
        while not self._notes and self._woken < number:
            self._has_notes.clear()
            await self._has_notes.wait()
        return [*self._notes]

    async def wake(self, number: int) -> None:
        """Have that call of `take` return, without notes too."""
        # It may begin later: calls that are submitted one after the other can change places.
        self._woken = max(self._woken, number)
        self._has_notes.set()

    def _add(self, *note: object) -> None:
        self._notes.append(note)
        self._has_notes.set()
