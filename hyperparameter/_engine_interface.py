"""What `hp_dist` uses besides `hyperparameter.context`, named once.

It is not public: both packages are released together, and change together.

What reads import on use is imported here: a worker may change its root before it reads.
"""

from __future__ import annotations

import copy as _copy  # noqa: F401
import decimal as _decimal  # noqa: F401
import difflib as _difflib  # noqa: F401
import json as _json  # noqa: F401
import sys
import unicodedata as _unicodedata  # noqa: F401
from collections.abc import Iterator
from contextlib import contextmanager

from ._console import print_message
from ._functions.wrapping import Args, Kwargs, Prepare, is_ordinary, mark_kind, wrap, wrap_result
from ._records import fingerprint as _fingerprint  # noqa: F401
from ._records import restoring as _restoring  # noqa: F401
from ._records import unused as _unused  # noqa: F401
from ._records.kept_reads import Identity, SentReads
from ._records.overridden import Overridden
from ._records.packed import (
    Packing,
    pack,
    pack_origin,
    unpack,
    unpack_overrides,
    without_garbage_collection,
)
from ._records.read import RawRead, Read
from ._records.record import Record, process_record
from ._records.sources import closing_seconds, is_in_event_loop, sources
from ._scopes import ambient
from ._scopes import refusal as _refusal  # noqa: F401
from ._scopes import texts as _texts  # noqa: F401
from ._scopes.ambient import State, records
from ._scopes.captured import captured
from ._scopes.carried import (
    attach_error,
    attach_here,
    attach_initial,
    attach_records,
    attach_start,
    attach_under,
    attach_work,
    bring_baseline,
    is_attached,
    keep_start,
    note_sent,
)
from ._scopes.frames import detach, swap
from ._scopes.inherited import inherit
from ._scopes.markers import DELETED, SHADOWED
from ._scopes.recorder import Recorder
from ._scopes.scope import scope_of
from ._scopes.shadowed import is_needless, is_shadowed
from ._scopes.snapshot import EMPTY, Layer
from ._termination import Terminated
from ._values import choices as _choices  # noqa: F401
from ._values import json_text as _json_text  # noqa: F401
from ._values import spelling as _spelling  # noqa: F401
from ._values import structure_kinds as _structure_kinds  # noqa: F401
from ._values import unions as _unions  # noqa: F401
from ._values.describe import describe, has_secrets, with_masked_texts
from ._values.masking import masked_text
from ._values.named_twice import check_names
from ._values.origin import Origin, Process, RawOrigin, resolve, this_process
from ._values.secrets import is_secret
from ._values.untyped import (
    REMOVED,
    Blank,
    EmptyVariable,
    ScalarText,
    UntypedText,
    UntypedTree,
    plain,
)
from .context import Captured, Snapshot, set_baseline

active = ambient.active.get
"""Return the state of this context, for `detach`; None where nothing is open."""


visible = ambient.current
"""Return the state that shows what is visible in this context, and stays as it is."""


def baseline_state() -> State:
    """Return what lies below all scopes now: another object for each baseline and record."""
    return ambient.baseline_state


def capture() -> Captured:
    """Return what is active in this context now; whether it travels, `note_sent` is told."""
    return Captured(*captured())


def has_secret(key: str, value: object) -> bool:
    """Tell whether a value, a part of it or a text in it must not be shown."""
    described = describe(key, value, most_items=sys.maxsize)
    return has_secrets(described) or with_masked_texts(described) != described


def record_frames(state: State | None) -> list[State]:
    """Return the frames of the records that are open in a state, innermost first."""
    return [frame for frame in ambient.chain(state) if frame.is_record]


def forget_answers() -> None:
    """Make whoever reads here ask again, so that the records hear of it."""
    for state in [*ambient.chain(ambient.active.get()), ambient.baseline_state]:
        state.forget_answers()


@contextmanager
def isolated(baseline: Snapshot = EMPTY) -> Iterator[None]:
    """Run the body as in a process of its own: no scope open, this baseline, an empty record.

    Afterwards all three are what they were, whatever the body has left open.  Baseline and
    record are the whole process's: threads that run meanwhile see them too.
    """
    scopes = swap(None)
    below = ambient.swap_baseline_state(ambient.view(EMPTY, Record()))
    set_baseline(baseline)
    try:
        yield
    finally:
        detach(scopes)
        ambient.swap_baseline_state(below)


__all__ = [
    "DELETED",
    "EMPTY",
    "REMOVED",
    "SHADOWED",
    "Args",
    "Blank",
    "Captured",
    "EmptyVariable",
    "Identity",
    "Kwargs",
    "Layer",
    "Origin",
    "Overridden",
    "Packing",
    "Prepare",
    "Process",
    "RawOrigin",
    "RawRead",
    "Read",
    "Record",
    "Recorder",
    "ScalarText",
    "SentReads",
    "State",
    "Terminated",
    "UntypedText",
    "UntypedTree",
    "active",
    "attach_error",
    "attach_here",
    "attach_initial",
    "attach_records",
    "attach_start",
    "attach_under",
    "attach_work",
    "baseline_state",
    "bring_baseline",
    "capture",
    "check_names",
    "closing_seconds",
    "forget_answers",
    "has_secret",
    "inherit",
    "is_attached",
    "is_in_event_loop",
    "is_needless",
    "is_ordinary",
    "is_secret",
    "is_shadowed",
    "isolated",
    "keep_start",
    "mark_kind",
    "masked_text",
    "note_sent",
    "pack",
    "pack_origin",
    "plain",
    "print_message",
    "process_record",
    "record_frames",
    "records",
    "resolve",
    "scope_of",
    "sources",
    "swap",
    "this_process",
    "unpack",
    "unpack_overrides",
    "visible",
    "without_garbage_collection",
    "wrap",
    "wrap_result",
]
