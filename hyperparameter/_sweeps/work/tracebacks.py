"""The traceback of a run as text: the user's frames, without those of this library."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from ..._values.whose import OUR_FOLDERS


def traceback_text(error: BaseException) -> str:
    """Return the whole text of an error, with what caused it."""
    shown = traceback.TracebackException.from_exception(error)
    for each in _with_causes(shown):
        frames = [frame for frame in each.stack if not frame.filename.startswith(OUR_FOLDERS)]
        each.stack = traceback.StackSummary.from_list(frames)
    return "".join(shown.format())


def _with_causes(
    shown: traceback.TracebackException,
) -> Iterator[traceback.TracebackException]:
    waiting = [shown]
    while waiting:
        one = waiting.pop()
        yield one
        others = [one.__cause__, one.__context__, *(one.exceptions or [])]
        waiting += [each for each in others if each is not None]
