"""How a run ends, and what is still to come for its record then."""

from __future__ import annotations

from .._termination import Terminated
from .._values.masking import masked_text
from .record import Record

_MOST_SECONDS = 2  # for what workers still have to tell


def finish(rec: Record, error: BaseException | None = None) -> None:
    """Wait for what workers still have to tell; not after Ctrl-C, whose user is waiting."""
    told = rec.wait(0 if isinstance(error, KeyboardInterrupt) else _MOST_SECONDS)
    if not told and not rec.incomplete:
        rec.note_loss("not every worker had told what it read when the run ended")


def ending_of(error: BaseException | None) -> tuple[str, str]:
    """Return how a run ends that raises this error, or none, and the problem in words."""
    if error is None:
        return "returned", ""
    if isinstance(error, Terminated):
        return "terminated", ""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", ""
    if isinstance(error, SystemExit):
        code = 0 if error.code is None else error.code
        # Python prints what is not a number, and exits with 1.
        return "exited", f"status {code}" if isinstance(code, int) else f"status 1: {code}"
    name = type(error).__qualname__
    try:
        return "raised", masked_text(f"{name}: {error}".removesuffix(": "))
    except Exception:  # noqa: BLE001  # its own `__str__` fails
        return "raised", name
