"""What the runners of `hp_dist` use, named once.

It is not public: both packages are released together, and change together.
"""

from __future__ import annotations

from ._sweeps.run import Ending, Outcome, Work
from ._sweeps.work.capture import Log, c_library, captured, head_and_tail
from ._sweeps.work.main_module import (
    UNGUARDED_STATUS,
    WORKER,
    Main,
    main_module,
    unguarded,
    unguarded_call,
)
from ._sweeps.work.performing import failed, perform
from ._sweeps.work.report import VARIABLE as RUN_VARIABLE
from ._sweeps.work.report import reporting
from ._sweeps.work.runner import Ended, Event, Options, Reported, Runner, Started
from ._termination import raise_on_sigterm, restore_sigterm

__all__ = [
    "RUN_VARIABLE",
    "UNGUARDED_STATUS",
    "WORKER",
    "Ended",
    "Ending",
    "Event",
    "Log",
    "Main",
    "Options",
    "Outcome",
    "Reported",
    "Runner",
    "Started",
    "Work",
    "c_library",
    "captured",
    "failed",
    "head_and_tail",
    "main_module",
    "perform",
    "raise_on_sigterm",
    "reporting",
    "restore_sigterm",
    "unguarded",
    "unguarded_call",
]
