"""The record of a run: what was read, which function ran, with which words, and how it ended."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, NamedTuple

from .._records.ending import ending_of, finish
from .._records.record import Record, process_record, record
from .._termination import Terminated
from .._values.describe import describe, has_secrets
from .._values.masking import MASK, masked_text
from .._values.origin import this_process
from .._values.untyped import UntypedText, UntypedTree
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
) -> Iterator[Record]:
    """Record a run; the record is written where `--record` says, however the run ends.

    `whole_process` uses the record of the process: reads of other threads do not reach a record
    of this context.
    """
    path = invocation.record
    check_writable(path)
    started = _now() if path else ""
    with nullcontext(process_record()) if whole_process else record() as rec:

        def save(error: BaseException | None) -> None:
            if path:
                finish(rec, error)
                told = _Told(argv, set(_secrets_of(invocation)), started, error)
                rec.run = told.run(function)
                _completely(lambda: rec.save(path))

        try:
            yield rec
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
    return _Told(argv, set(_secrets_of(invocation)), "", None).run(function)


class _Told(NamedTuple):
    """What is known of a run when it has ended."""

    argv: Sequence[str]
    secrets: set[str]
    started: str
    error: BaseException | None

    def run(self, function: Function) -> "Run":
        from platform import python_version

        from .._distribution import version
        from .._records.run import Run, working_folder

        ending, problem = ending_of(self.error)
        for secret in self.secrets:
            problem = problem.replace(secret, MASK)
        place = place_of(function)
        return Run(
            function=place.function,
            module=place.module,
            script=place.script,
            is_main=place.is_main,
            namespace=signature_of(function).namespace,
            argv=[_masked(word, self.secrets) for word in self.argv],
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
    return Place(name, "" if is_main else module, _relative(file) if file else "", is_main)


def _relative(file: str) -> str:
    from .._records.run import working_folder

    path, folder = os.path.abspath(file), os.path.join(working_folder(), "")
    return path[len(folder) :] if path.startswith(folder) else path


def _now() -> str:
    from .._records.run import time_text

    return time_text(time.time())


def _secrets_of(invocation: Invocation) -> Iterator[str]:
    """Yield the texts of secrets that the command line sets."""
    for layer in (*invocation.options, *invocation.defines):
        for key, value in layer.values.items():
            yield from _secrets_in(key, value)
    for name, value in (*invocation.extra.items(), *(("", one) for one in invocation.args)):
        yield from _secrets_in(name, value)


def _secrets_in(key: str, value: object) -> Iterator[str]:
    if not has_secrets(describe(key, value)):
        return
    if isinstance(value, UntypedTree):
        value = value.value
    if isinstance(value, UntypedText):
        value = value.text
    if isinstance(value, str):
        yield value
    inner: Iterable[object] = value.values() if isinstance(value, dict) else ()
    for one in value if isinstance(value, (list, tuple)) else inner:
        yield from _secrets_in(key, one)


def _masked(word: str, secrets: set[str]) -> str:
    for secret in secrets:
        if word.endswith(secret):
            name = word[: len(word) - len(secret)]
            return f"{name}{MASK}" if not name or name.endswith("=") else MASK
        if secret in word:
            return MASK
    shown = masked_text(word)  # which cuts what is long
    return word if word.startswith(shown) else shown


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
