"""The record of a run: what was read, which function ran, with which words, and how it ended."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, NamedTuple

from .._records.ending import ending_of, finish
from .._records.masks import Masks
from .._records.record import Record, process_record, record
from .._scopes import ambient
from .._termination import Terminated
from .._values.origin import this_process
from ..exceptions import UsageError
from .commands import Function, class_of, signature_of
from .invocation import Invocation

if TYPE_CHECKING:
    from .._records.run import Run

_MOST_PROBLEM = 500


class Place(NamedTuple):
    """Where a function is: in a module, or in the script that was run, which then `is_main`."""

    function: str
    module: str
    script: str
    is_main: bool


@contextmanager
def recorded(
    function: Function, invocation: Invocation, argv: Sequence[str], whole_process: bool
) -> Iterator[tuple[Record, Masks]]:
    """Record a run; the record is written where `--record` says, however the run ends.

    What the masks are told of the run's secrets is in no text of the record.
    `whole_process` uses the record of the process: reads of other threads do not reach a record
    of this context.
    """
    path = invocation.record
    check_writable(path)
    started = _now() if path else ""
    masks = Masks()
    if path:
        masks.learn(_given_values(invocation))
    with nullcontext(process_record()) if whole_process else record() as rec:

        def save(error: BaseException | None) -> None:
            if path:
                finish(rec, error)
                told = _Told(argv, masks, started, error)
                rec.run = told.run(function)
                _completely(lambda: rec.save(path))

        try:
            yield rec, masks
        except BaseException as error:
            with suppress(OSError):  # the user must see what ended the run
                save(error)
            raise
        try:
            save(None)
        except OSError as error:
            raise UsageError(f"--record {path!r}: {error.strerror}.") from error


def _completely(save: Callable[[], None]) -> None:
    """Save even if SIGTERM or Ctrl-C arrives meanwhile; a second one of those ends the process."""
    try:
        save()
    except (Terminated, KeyboardInterrupt):
        save()
        raise


def run_of(function: Function, argv: Sequence[str], invocation: Invocation) -> "Run":
    """Return what is known of a run before it begins, for a worker that fills in the rest."""
    masks = Masks()
    masks.learn(_given_values(invocation))
    masks.learn_all([ambient.current().snapshot])
    return _Told(argv, masks, "", None).run(function)


class _Told(NamedTuple):
    """What is known of a run when it has ended."""

    argv: Sequence[str]
    masks: Masks
    started: str
    error: BaseException | None

    def run(self, function: Function) -> "Run":
        from platform import python_version

        from .._distribution import version
        from .._records.run import Run, working_folder

        ending, problem = ending_of(self.error)
        problem = self.masks.without_known(problem)
        place = place_of(function)
        return Run(
            function=place.function,
            module=place.module,
            script=place.script,
            is_main=place.is_main,
            namespace=signature_of(function).namespace,
            argv=list(map(self.masks.word, self.argv)),
            folder=working_folder(),
            started=self.started,
            ended=_now(),
            process=this_process(),
            python=python_version(),
            package=version() or "",
            ending=ending,
            problem=problem[:_MOST_PROBLEM],
        )


def place_of(function: Function) -> Place:
    """Return where a launched function is, so that it can be found again."""
    signature = signature_of(function)
    cls = class_of(function)
    module = cls.__module__ if cls is not None else signature.module
    name = cls.__qualname__ if cls is not None else signature.qualname
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    is_main = module == "__main__"
    if spec is not None:  # `python -m` has run it
        return Place(name, spec.name if is_main else module, "", is_main)
    file = getattr(main, "__file__", None)
    from .._records.run import relative_to_folder

    script = relative_to_folder(file) if file else ""
    return Place(name, "" if is_main else module, script, is_main)


def _now() -> str:
    from .._records.run import time_text

    return time_text(time.time())


def _given_values(invocation: Invocation) -> dict[str, object]:
    """Return what the command line sets, and what it passes, by the name that it has there."""
    layers = (*invocation.options, *invocation.defines)
    values = {key: value for layer in layers for key, value in layer.values.items()}
    return {**values, "": list(invocation.args)}


def check_writable(path: str | None) -> None:
    """Raise `UsageError` before the run, not after hours of it, if its record has no place."""
    if path is None:
        return
    if not _is_file_name(path):
        raise UsageError(f"--record {path!r}: this cannot be the name of a file.")
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        raise UsageError(f"--record {path!r}: this is a directory. Give the name of a file.")
    if not os.path.isdir(folder):
        raise UsageError(f"--record {path!r}: the directory {folder!r} does not exist. Create it.")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise UsageError(f"--record {path!r}: permission denied.")


def _is_file_name(path: str) -> bool:
    try:
        return bool(path) and b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:  # half of a pair of surrogates
        return False
