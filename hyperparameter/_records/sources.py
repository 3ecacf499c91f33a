"""What tells records of reads in other processes; `hp_dist` adds one for the workers of engines."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

_PAUSE = 0.005
_CLOSING_SECONDS = 2.0
_SETTLING_SECONDS = 0.25


if TYPE_CHECKING:
    from typing import Protocol
else:  # as in `_scopes.recorder`
    Protocol = object


class Source(Protocol):
    """Where reads of other processes come from."""

    def collect(self) -> None:
        """Take what has arrived since the last time."""

    def unpack(self, record: object) -> None:
        """Add to `record` what has been taken for it."""

    def is_pending(self, record: object) -> bool:
        """Tell whether something may still tell `record` something."""

    def pending(self, record: object) -> list[str]:
        """Say what that is; nothing when all has arrived."""

    def unheard(self, record: object) -> list[str]:
        """Say of which work that has ended nothing was heard at all."""

    def has_lost(self, record: object) -> bool:
        """Tell whether work has ended that will never tell `record` what it has read."""

    def is_late(self, record: object) -> bool:
        """Tell whether that may be on its way, although the work has ended."""

    def hears_children(self, record: object) -> bool:
        """Tell whether a child that is forked now tells `record` what it reads."""


sources: list[Source] = []


def hears_children(record: object) -> bool:
    """Tell whether a child that is forked now tells `record` what it reads."""
    return any(source.hears_children(record) for source in sources)


def closing_seconds(error: object) -> float:
    """Return how long what closes waits for what is pending, where this error ends it, or None.

    It does not wait after Ctrl-C, nor in an event loop, where all would wait with it.
    """
    is_hurried = is_in_event_loop() or isinstance(error, KeyboardInterrupt)
    return 0 if is_hurried else _CLOSING_SECONDS


def settle(record: object) -> list[str]:
    """Say what is pending, after a moment in which it may have come."""
    end = time.monotonic() + (0 if is_in_event_loop() else _SETTLING_SECONDS)
    for source in sources:
        source.collect()
    while any(source.is_late(record) for source in sources) and time.monotonic() < end:
        time.sleep(_PAUSE)
        for source in sources:
            source.collect()
    return [reason for source in sources for reason in source.pending(record)]


def is_in_event_loop() -> bool:
    """Tell whether other calls run in this thread beside the one that asks."""
    # To import asyncio takes a third of the time that `import hp_dist` takes, in each worker too.
    # Where nobody has imported it, no loop runs.
    events = sys.modules.get("asyncio.events")
    return events is not None and events._get_running_loop() is not None


def wait_for(record: object, timeout: float | None) -> bool:
    """Wait until nothing is pending for `record`; return whether all has told what it read."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        for source in sources:
            source.collect()
        if not any(source.is_pending(record) for source in sources):
            return not any(source.has_lost(record) for source in sources)
        left = _PAUSE if end is None else end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, _PAUSE))
