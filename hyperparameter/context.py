"""What code that runs things elsewhere needs: take the scopes along, open them there.

    captured = context.capture()  # here, in the submitting thread
    with context.attached(*captured): ...  # there

`docs/engines-api.md` has an engine that is written with these names alone.  `hp_dist`, which is
released together with this package, uses `_engine_interface` besides.
"""

from typing import NamedTuple

from ._scopes import ambient
from ._scopes.ambient import set_baseline
from ._scopes.captured import captured
from ._scopes.carried import attach, attached, note_sent
from ._scopes.frames import detach
from ._scopes.snapshot import Snapshot


class Captured(NamedTuple):
    """What is active at one moment: the scopes, and apart from them the baseline.

    It can be pickled, and then names this process in the origins of its values.
    """

    scopes: Snapshot
    baseline: Snapshot


def capture() -> Captured:
    """Return what is active in this context now, and note that it may be read elsewhere."""
    found = Captured(*captured())
    note_sent(found.scopes, ambient.records(), is_told=False)
    return found


__all__ = [
    "Captured",
    "Snapshot",
    "attach",
    "attached",
    "capture",
    "detach",
    "set_baseline",
]
