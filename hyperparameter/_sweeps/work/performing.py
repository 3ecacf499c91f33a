"""What happens in a worker: the function runs in a record of its own, and ends in an `Outcome`."""

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import NamedTuple, NoReturn, cast

from ..._console import print_message
from ..._functions.awaiting import settled
from ..._functions.namespaced import signature_of
from ..._functions.signature import Signature
from ..._records.ending import ending_of, finish
from ..._records.masks import Masks
from ..._records.record import Record, process_record
from ..._records.run import time_text, working_folder
from ..._records.sources import hears_children
from ..._scopes import ambient
from ..._scopes.frames import detach, freeze, swap
from ..._scopes.snapshot import EMPTY, Snapshot
from ..._values.origin import this_process
from ...exceptions import CONTROLS
from ..run import Ending, Outcome, Result, Work
from .capture import captured, flush
from .outcomes import begin, keep
from .packing import pack
from .tracebacks import traceback_text

_MOST_PROBLEM = 500
_WITH_TRACEBACK = ("raised", "interrupted")  # the latter may not have been Ctrl-C
Opened = Callable[[], AbstractContextManager[object]]


class _End(NamedTuple):
    """How the call of the function ended."""

    value: object = None
    error: BaseException | None = None
    scopes: tuple[Snapshot, ...] = ()  # with what is a secret in the words of the error


def perform(
    work: Work, opened: Opened, during: AbstractContextManager[object] | None = None
) -> Outcome:
    """Run the work inside the scopes that `opened` opens, and tell how it ended.

    `during` is entered for the call of the function alone.  Nothing is raised, whatever the run
    does; afterwards the process is as before.
    """
    started, here = time.time(), os.getpid()
    if not begin(work):
        return failed(RuntimeError("the launcher has given up this attempt"), started)
    with captured(work.log) as log, _as_a_process() as record, _noting_forks(record):
        end = _called(work, opened, during or nullcontext())
        if os.getpid() != here:
            _end_child(work.number, end.error)
        outcome = _outcome(work, record, end, started)
        keep(work, outcome)  # at once: the process may be killed with its launcher
    if log.problem:
        outcome = outcome._replace(log_problem=log.problem)
        keep(work, outcome)
    return outcome


def _end_child(number: int, error: BaseException | None) -> NoReturn:
    """End a process that the run has forked, and that has returned from the function as well.

    It has copies of all that the launcher or the worker has open, and must not go on as one.
    """
    how = "returned from" if error is None else f"raised {type(error).__name__} out of"
    print_message(
        f"A process that run {number} had forked has {how} the function, and ends here: the "
        "sweep continues in the process that forked it. End such a process with os._exit."
    )
    flush()
    os._exit(0 if error is None else 1)


def failed(error: BaseException, started: float) -> Outcome:
    """Return the outcome of work that could not begin."""
    problem = f"the worker could not begin: {ending_of(error)[1] or type(error).__name__}"
    return Outcome(
        "raised",
        problem.translate(CONTROLS)[:_MOST_PROBLEM],
        traceback_text(error),
        None,
        started,
        time.time(),
        this_process().host,
        os.getpid(),
    )


@contextmanager
def _as_a_process() -> Iterator[Record]:
    """Run the body with no scope open and a new record of the process, which threads read into."""
    folder, scopes = working_folder(), swap(None)
    below = ambient.swap_baseline_state(ambient.view(EMPTY, Record(), ambient.CARRIED))
    try:
        yield process_record()
    finally:
        detach(scopes)
        ambient.swap_baseline_state(below)
        if folder and folder != working_folder():
            with suppress(OSError):  # the run has removed it
                os.chdir(folder)


@contextmanager
def _noting_forks(record: Record) -> Iterator[None]:
    _running.append(record)
    try:
        yield
    finally:
        _running.remove(record)


def _note_fork() -> None:
    """Note before a fork that the child may read what the record of a run never hears of."""
    for record in _running:
        if not hears_children(record):
            record.note_loss("a process was forked that tells nobody what it reads")


_running: list[Record] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_note_fork)


def _called(work: Work, opened: Opened, during: AbstractContextManager[object]) -> _End:
    scopes: tuple[Snapshot, ...] = ()
    try:
        with opened():
            freeze()  # threads of the run open no scope of their own
            scopes = ambient.current().snapshot, ambient.baseline_state.snapshot
            # Each run is warned anew, and changes the filters of no other.
            with warnings.catch_warnings(), during:
                return _End(settled(_call(work)), scopes=scopes)
    except SystemExit as error:
        is_success = error.code is None or error.code == 0
        is_end = is_success and type(error) is SystemExit
        return _End() if is_end else _End(error=error, scopes=scopes)
    except BaseException as error:  # noqa: BLE001  # a run may end in any way
        return _End(error=error, scopes=scopes)


def _call(work: Work) -> object:
    function = work.function
    args: tuple[object, ...] = work.args
    kwargs: Mapping[str, object] = {}
    if args or work.keywords:
        found: object = getattr(function, "__hp_signature__", None)
        if isinstance(function, type):
            found = signature_of(function)
        if isinstance(found, Signature) and (found.varargs_name or work.keywords):
            args, kwargs = found.bind(args, work.keywords)
    return function(*args, **kwargs)


def _outcome(work: Work, record: Record, end: _End, started: float) -> Outcome:
    result: Result | None = None
    if end.error is None:
        try:
            result = pack(end.value)
        except Exception as error:  # noqa: BLE001  # `Unpicklable`, or what the value itself raises
            end = end._replace(error=error)
    ending, problem = ending_of(end.error)
    traceback = ""
    if end.error is not None:
        masks = Masks()
        masks.learn_all(end.scopes)
        problem = masks.masked(problem)
        traceback = masks.masked(traceback_text(end.error)) if ending in _WITH_TRACEBACK else ""
    ended, process = time.time(), this_process()
    finish(record, end.error)
    if work.run is not None:
        record.run = work.run._replace(
            started=time_text(started),
            ended=time_text(ended),
            process=process,
            ending=ending,
            problem=problem[:_MOST_PROBLEM],
        )
    return Outcome(
        cast("Ending", ending),
        problem.translate(CONTROLS)[:_MOST_PROBLEM],
        traceback,
        result,
        started,
        ended,
        process.host,
        os.getpid(),
        record._text_to_save(),
        record.unseen(),
        error=end.error,
    )
